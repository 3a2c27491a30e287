// SPDX-License-Identifier: Apache-2.0
#include "study/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <system_error>

#include "study/charge_count.hpp"

namespace twin::study {

namespace {

constexpr std::size_t k_most_rows = 5'000'000;
constexpr double k_year_s = 365.25 * 86400.0, k_most_years = 5.0;  // a recording that is longer is in other units

void fail(std::vector<Diagnostic>& errors, const std::string& file, std::size_t line, const std::string& message) {
    errors.push_back({Diagnostic::Severity::error, file, "", message, static_cast<int>(line), 0});
}

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ',' || c == ';' || c == '\t'))
            out.emplace_back();
        else if (c != '\r')
            out.back() += c;
    }
    for (std::string& s : out) {
        const std::size_t a = s.find_first_not_of(' ');
        s = a == std::string::npos ? std::string() : s.substr(a, s.find_last_not_of(' ') - a + 1);
    }
    return out;
}

bool number(const std::string& text, double* x) {
    const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
    const char* last = text.data() + text.size();
    const std::from_chars_result r = std::from_chars(first, last, *x);
    return r.ec == std::errc() && r.ptr == last && std::isfinite(*x);
}

// Our names first (of the command's CSV, of a run's columns in Python) and those that PyBaMM writes (positive on
// discharge); then the labels and the machine-readable names of the Battery Data Format, and those of cyclers that
// export CSV (positive on charge; of the format: Battery Data Alliance,
// https://w3id.org/battery-data-alliance/ontology/battery-data-format#current_ampere).
const std::vector<std::string> k_time{"time_s",           "t_s",          "Time [s]",      "Test Time / s",
                                      "test_time_second", "Test_Time(s)", "Test_Time (s)", "Test Time (s)"};
const std::vector<std::string> k_current{"current_A",      "i_A",        "Current [A]", "Current / A",
                                         "current_ampere", "Current(A)", "Current (A)"};
constexpr std::size_t k_discharge_positive = 3;  // of the names of the current
const std::vector<std::string> k_voltage{"voltage_V",   "v_V",          "Voltage [V]", "Terminal voltage [V]",
                                         "Voltage / V", "voltage_volt", "Voltage(V)",  "Voltage (V)"};
const std::vector<std::string> k_temperature{"temp_C",
                                             "temp_degC",
                                             "Temperature [degC]",
                                             "Temperature [C]",
                                             "Surface Temperature T1 / degC",
                                             "Surface Temperature / degC",
                                             "surface_temperature_celsius",
                                             "Temperature T1 / degC",
                                             "surface_temperature_t1_degree_celsius",
                                             "temperature_t1_celsius"};

const std::vector<std::string> k_ambient{"ambient_C", "ambient_degC", "amb_C", "Ambient Temperature / degC",
                                         "ambient_temperature_celsius"};

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
    return all;
}

const std::vector<double>* pick(const Table& t, const std::string& given, const std::vector<std::string>& known,
                                std::size_t* which) {
    if (!given.empty()) {
        const auto at = std::find(known.begin(), known.end(), given);
        *which = at == known.end() ? 0 : static_cast<std::size_t>(at - known.begin());
        return t.find(given);
    }
    for (std::size_t k = 0; k < known.size(); ++k)
        if (const std::vector<double>* c = t.find(known[k])) {
            *which = k;
            return c;
        }
    return nullptr;
}

// What a file that is no text is, and what to do; empty for all others.
std::string not_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    char magic[4] = {};
    in.read(magic, 4);
    if (in.gcount() == 4 && std::string(magic, 4) == "PAR1")
        return "is a Parquet file, which the command does not read; in Python: bmstwin.fit([\"file.parquet\"]), or "
               "pandas.read_parquet(\"file.parquet\").to_csv(\"file.csv\", index=False)";
    if (in.gcount() == 4 && magic[0] == '\x1f' && magic[1] == '\x8b')
        return "is compressed (gzip), which the command does not read: gunzip it first";
    return "";
}

double largest(const std::vector<double>& i) {
    double m = 0.0;
    for (const double x : i) m = std::max(m, std::abs(x));
    return m;
}

double median(std::vector<double> x) {
    if (x.empty()) return 0.0;
    std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
    return x[x.size() / 2];
}

}  // namespace

double Recording::charge_Ah() const {
    double q = 0.0;
    for (std::size_t k = 1; k < t_s.size(); ++k) q += i_A[k] * (t_s[k] - t_s[k - 1]);
    return q / 3600.0;
}

std::vector<double> Recording::soc_rel(double capacity_Ah) const {
    std::vector<double> soc(t_s.size(), soc_start_rel);
    double q = 0.0;
    for (std::size_t k = 1; k < t_s.size(); ++k) {
        q += (i_A[k] + offset_A) * (t_s[k] - t_s[k - 1]);
        soc[k] = soc_start_rel - q / (capacity_Ah * 3600.0);
    }
    return soc;
}

bool Recording::mixed(std::size_t k) const {
    if (kind == "dynamic" || k == 0 || k + 1 >= i_A.size()) return false;
    const double before = i_A[k] - i_A[k - 1], after = i_A[k + 1] - i_A[k];
    const double whole = std::abs(i_A[k + 1] - i_A[k - 1]);
    return before * after > 0.0 && std::min(std::abs(before), std::abs(after)) > 0.03 * whole && whole > 0.1 * i_max_A;
}

const std::vector<double>* Table::find(const std::string& wanted) const {
    for (std::size_t k = 0; k < name.size(); ++k)
        if (name[k] == wanted) return &column[k];
    return nullptr;
}

Table read_table(const std::string& path, std::vector<Diagnostic>& errors) {
    Table t;
    if (const std::string why = not_text(path); !why.empty()) {
        fail(errors, path, 0, why);
        return {};
    }
    std::ifstream in(path);
    if (!in) {
        fail(errors, path, 0, "cannot be opened: " + std::generic_category().message(errno));
        return {};
    }
    std::string line;
    for (std::size_t n = 1; std::getline(in, line); ++n) {
        if (line.empty() || line[0] == '#' || line == "\r") continue;
        const std::vector<std::string> cells = split(line);
        double x = 0.0;
        if (t.name.empty()) {
            if (number(cells[0], &x)) {
                fail(errors, path, n, "the first line must name the columns; found a number");
                return {};
            }
            t.name = cells;
            t.name.emplace_back("#line");
            t.column.resize(t.name.size());
            continue;
        }
        if (cells.size() + 1 != t.name.size()) {
            const bool comma = line.find(';') != std::string::npos && line.find(',') != std::string::npos;
            fail(errors, path, n,
                 fmt::format("has {} values; the header names {}{}", cells.size(), t.name.size() - 1,
                             comma ? "; decimals need a point, not a comma" : ""));
            return {};
        }
        if (std::equal(cells.begin(), cells.end(), t.name.begin())) {
            fail(errors, path, n, "names the columns a second time: give two recordings as two files");
            return {};
        }
        if (t.column[0].size() >= k_most_rows) {
            fail(errors, path, n, fmt::format("more than {} rows", k_most_rows));
            return {};
        }
        for (std::size_t k = 0; k < cells.size(); ++k) {
            // a word in a column nobody asked for is no error: it becomes not-a-number and is refused where it is used
            t.column[k].push_back(number(cells[k], &x) ? x : std::nan(""));
        }
        t.column.back().push_back(static_cast<double>(n));
    }
    if (t.name.empty() || t.column[0].empty()) fail(errors, path, 0, "has no rows of data");
    return t;
}

Recording read_recording(const FitFile& file, const FitOptions& o, std::vector<Diagnostic>& errors) {
    const std::size_t before = errors.size();
    const Table t = read_table(file.path, errors);
    if (errors.size() != before) return {};
    std::size_t kt = 0, ki = 0, kv = 0, kk = 0, ka = 0;
    const std::vector<double>* ct = pick(t, o.columns.t, k_time, &kt);
    const std::vector<double>* ci = pick(t, o.columns.i, k_current, &ki);
    const std::vector<double>* cv = pick(t, o.columns.v, k_voltage, &kv);
    const std::vector<double>* ck = pick(t, o.columns.temperature, k_temperature, &kk);
    const std::vector<double>* ca = pick(t, o.columns.ambient, k_ambient, &ka);
    const std::vector<std::string> names(t.name.begin(), t.name.end() - 1);
    const auto missing = [&](const char* what, const std::string& given, const std::vector<std::string>& known) {
        fail(errors, file.path, 1,
             fmt::format("no column for {} ({}); the file has {}; name it by --columns {}=NAME",
                         std::string(what).substr(2), given.empty() ? joined(known) : given, joined(names), what[0]));
    };
    if (ct == nullptr) missing("t time", o.columns.t, k_time);
    if (ci == nullptr) missing("i current", o.columns.i, k_current);
    if (cv == nullptr) missing("v voltage", o.columns.v, k_voltage);
    if (ck == nullptr && !o.columns.temperature.empty()) missing("T temperature", o.columns.temperature, k_temperature);
    if (ca == nullptr && !o.columns.ambient.empty()) missing("A ambient temperature", o.columns.ambient, k_ambient);
    if (ck == nullptr && !file.temp_degC)
        fail(errors, file.path, 1, "no temperature column; give the temperature as " + file.path + "@25");
    if (errors.size() != before) return {};
    Recording r;
    r.path = file.path;
    r.temp_measured = ck != nullptr;
    r.ambient_known = ca != nullptr || file.temp_degC;
    r.h_given = file.hysteresis_start_rel;
    if (file.soc_start_rel) r.soc_start_rel = *file.soc_start_rel, r.soc_known = true;
    const double sign = o.charge_positive.value_or(ki >= k_discharge_positive) ? -1.0 : 1.0;
    const std::vector<double>& line = t.column.back();
    for (std::size_t k = 0; k < ct->size(); ++k) {
        const auto n = static_cast<std::size_t>(std::lround(line[k]));
        const double temp = ck == nullptr ? *file.temp_degC : (*ck)[k];
        const double first = file.temp_degC ? *file.temp_degC : (*ck)[0];
        const double ambient = ca != nullptr && std::isfinite((*ca)[k]) ? (*ca)[k] : first;
        if (!std::isfinite((*ct)[k]) || !std::isfinite((*ci)[k]) || !std::isfinite((*cv)[k]) || !std::isfinite(temp)) {
            const char* const what = !std::isfinite((*ct)[k])   ? "time"
                                     : !std::isfinite((*ci)[k]) ? "current"
                                     : !std::isfinite((*cv)[k]) ? "voltage"
                                                                : "temperature";
            fail(errors, file.path, n,
                 fmt::format("the {} is not a finite number; time, current, voltage and temperature must be", what));
            return {};
        }
        if (k > 0 && (*ct)[k] < (*ct)[k - 1]) {
            fail(errors, file.path, n, fmt::format("time goes back from {} to {} s", (*ct)[k - 1], (*ct)[k]));
            return {};
        }
        if ((*cv)[k] <= 0.0 || (*cv)[k] > 10.0 || temp < -60.0 || temp > 120.0) {
            fail(errors, file.path, n,
                 fmt::format("{} V at {} degC; allowed 0..10 V and -60..120 degC", (*cv)[k], temp));
            return {};
        }
        r.t_s.push_back((*ct)[k]);
        r.i_A.push_back(sign * (*ci)[k]);
        r.v_V.push_back((*cv)[k]);
        r.t_degC.push_back(temp);
        r.ambient_degC.push_back(ambient);
        r.line.push_back(n);
    }
    if (const double years = (r.t_s.back() - r.t_s.front()) / k_year_s; years > k_most_years) {
        fail(errors, file.path, r.line.back(),
             fmt::format("the time runs over {:.3g} years, allowed {}: is it in s?", years, k_most_years));
        return {};
    }
    if (const std::vector<double>* soc = t.find(o.columns.soc); soc != nullptr && !o.columns.soc.empty())
        take_soc_column(r, o.columns.soc, *soc, r.soc_known, errors);
    return r;
}

std::optional<double> start_by_charge(const Recording& r, double capacity_Ah) {
    double q_Ah = 0.0, most = 0.0, least = 0.0;
    for (std::size_t k = 1; k < r.t_s.size(); ++k) {
        q_Ah += r.i_A[k] * (r.t_s[k] - r.t_s[k - 1]) / 3600.0;
        most = std::max(most, q_Ah);
        least = std::min(least, q_Ah);
    }
    if (most >= 0.9 * capacity_Ah && least > -0.05 * capacity_Ah) return 1.0;
    if (least <= -0.9 * capacity_Ah && most < 0.05 * capacity_Ah) return 0.0;
    return std::nullopt;
}

void check_sign(const Recording& r, std::vector<Diagnostic>& errors) {
    const double big = largest(r.i_A);
    for (std::size_t k = 1; k < r.t_s.size(); ++k) {
        const double step = r.i_A[k] - r.i_A[k - 1];
        if (std::abs(r.i_A[k - 1]) > 0.01 * big || std::abs(step) < 0.2 * big) continue;
        std::size_t end = k;  // the response one to a few seconds later says more than the very first sample
        while (end + 1 < r.t_s.size() && r.t_s[end] - r.t_s[k] < 3.0 && std::abs(r.i_A[end + 1] - r.i_A[k]) < 0.1 * big)
            ++end;
        const double dv = r.v_V[end] - r.v_V[k - 1];
        if (std::abs(dv) < 2e-3) continue;
        if (dv * step > 0.0)
            fail(errors, r.path, r.line[k],
                 fmt::format("the sign of the current contradicts the voltage: first pulse at {} s, {:+.4g} A "
                             "({}) moves the voltage by {:+.1f} mV; see --current-sign",
                             r.t_s[k], r.i_A[k], step > 0 ? "discharge" : "charge", dv * 1e3));
        return;
    }
}

namespace {

// rest 0, constant 1, dynamic 2
std::vector<int> classes_of(const Recording& r, double big) {
    const std::size_t n = r.t_s.size();
    std::vector<int> c(n, 2);
    std::size_t a = 0;
    while (a < n) {
        std::size_t b = a;
        while (b + 1 < n && std::abs(r.i_A[b + 1] - r.i_A[a]) < 0.02 * big) ++b;
        const double length_s = r.t_s[b] - r.t_s[a > 0 ? a - 1 : 0];
        const bool rest = std::abs(r.i_A[a]) < 0.005 * big;
        const bool long_enough = length_s >= (rest ? 60.0 : 8.0);
        for (std::size_t k = a; k <= b; ++k) c[k] = long_enough ? (rest ? 0 : 1) : 2;
        a = b + 1;
    }
    return c;
}

}  // namespace

void detect_steps(Recording& r, double capacity_Ah) {
    r.steps.clear();
    const std::size_t n = r.t_s.size();
    const double big = largest(r.i_A);
    r.i_max_A = big;
    if (n < 2 || big <= 0.0) return;
    const std::vector<int> c = classes_of(r, big);
    std::size_t pulses = 0;
    double dynamic_s = 0.0;
    std::vector<double> late;
    for (std::size_t k = 1; k < n; ++k)
        if (std::abs(r.i_A[k] - r.i_A[k - 1]) > 0.2 * big) late.push_back(r.t_s[k] - r.t_s[k - 1]);
    r.sample_s = median(late);
    for (std::size_t a = 0; a < n;) {
        std::size_t b = a;
        const auto same = [&](std::size_t k) {
            return c[k] == c[a] && (c[a] != 1 || std::abs(r.i_A[k] - r.i_A[a]) < 0.02 * big);
        };
        while (b + 1 < n && same(b + 1)) ++b;
        FitStep s;
        s.t_start_s = r.t_s[a > 0 ? a - 1 : 0];
        s.t_end_s = r.t_s[b];
        double q = 0.0;
        for (std::size_t k = std::max<std::size_t>(a, 1); k <= b; ++k) q += r.i_A[k] * (r.t_s[k] - r.t_s[k - 1]);
        const double length_s = s.t_end_s - s.t_start_s;
        s.i_mean_A = length_s > 0.0 ? q / length_s : r.i_A[a];
        const bool pulse = c[a] == 1 && length_s <= 120.0;
        s.kind = c[a] == 0 ? "rest" : c[a] == 2 ? "dynamic" : pulse ? "pulse" : "constant";
        pulses += pulse ? 1U : 0U;
        dynamic_s += c[a] == 2 ? length_s : 0.0;
        r.steps.push_back(s);
        a = b + 1;
    }
    const double q_Ah = r.charge_Ah();
    const double hours = (r.t_s.back() - r.t_s.front()) / 3600.0;
    const double cap = capacity_Ah > 0.0 ? capacity_Ah : std::abs(q_Ah);
    const bool slow = hours > 8.0 && big < cap / 8.0 && std::abs(q_Ah) > 0.85 * cap;
    if (slow)
        r.kind = q_Ah > 0 ? "slow discharge" : "slow charge";
    else if (dynamic_s > 0.2 * hours * 3600.0)
        r.kind = "dynamic";
    else
        r.kind = pulses >= 3 ? "pulse" : "constant current";
}

}  // namespace twin::study
