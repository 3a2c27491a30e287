// SPDX-License-Identifier: Apache-2.0
#include "study/ocv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twin::study {

namespace {

constexpr double k_rise_V = 1e-5;  // smallest rise between knots: the OCV of a model must rise

// Knots denser at both ends, where the curve bends.
std::vector<double> knots() {
    std::vector<double> x;
    for (int k = 0; k < 10; ++k) x.push_back(0.005 * k);
    for (int k = 5; k < 95; ++k) x.push_back(0.01 * k);
    for (int k = 0; k <= 10; ++k) x.push_back(0.95 + 0.005 * k);
    return x;
}

// Voltage of a slow test at the knots; soc counted from its own start and end.
std::vector<double> branch(const Recording& r, const std::vector<double>& soc) {
    std::vector<double> q(r.t_s.size(), 0.0), s, v;
    for (std::size_t k = 1; k < q.size(); ++k) q[k] = q[k - 1] + r.i_A[k] * (r.t_s[k] - r.t_s[k - 1]);
    double big = 0.0;
    for (const double i : r.i_A) big = std::max(big, std::abs(i));
    const double lo = std::min(q.back(), 0.0);
    const double range = std::abs(q.back());
    for (std::size_t k = 0; k < q.size(); ++k) {
        if (std::abs(r.i_A[k]) < 0.2 * big) continue;  // rests at both ends are no part of the branch
        const double at = 1.0 - (q[k] - lo) / range;
        if (!s.empty() && (q.back() > 0 ? at >= s.back() : at <= s.back())) continue;
        s.push_back(at);
        v.push_back(r.v_V[k]);
    }
    if (q.back() > 0) std::reverse(s.begin(), s.end()), std::reverse(v.begin(), v.end());
    std::vector<double> out;
    for (const double x : soc) out.push_back(linear(s, v, x));
    return out;
}

void make_rising(std::vector<double>& v) {
    for (std::size_t k = 1; k < v.size(); ++k) v[k] = std::max(v[k], v[k - 1] + k_rise_V);
}

double middle(std::vector<double> x) {
    std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
    return x[x.size() / 2];
}

const Recording* nearest(const std::vector<Recording>& all, const std::string& kind) {
    const Recording* best = nullptr;
    for (const Recording& r : all)
        if (!r.held_back && r.kind == kind &&
            (best == nullptr ||
             std::abs(r.t_degC[r.t_degC.size() / 2] - 25.0) < std::abs(best->t_degC[best->t_degC.size() / 2] - 25.0)))
            best = &r;
    return best;
}

// One curve of several temperatures: (n) voltages at the knots of `OcvData::soc`.
struct Isotherm {
    double t_degC = 0.0;
    std::vector<double> v_V;
};

constexpr double k_cold_degC = -10.0;  // below, slow tests hold more polarisation than entropy
constexpr double k_span_K = 15.0;      // less tells nothing about dU/dT

// Straight line over temperature at each soc. The last 3 % on both sides take the slope beside them: there a difference
// of the tests' charge shows, not dU/dT.
void add_dudt(OcvData& o, const std::vector<Isotherm>& all) {
    double lo = 1e9, hi = -1e9, n = 0.0, mean = 0.0;
    for (const Isotherm& x : all)
        if (x.t_degC >= k_cold_degC)
            lo = std::min(lo, x.t_degC), hi = std::max(hi, x.t_degC), n += 1.0, mean += x.t_degC;
    if (hi - lo < k_span_K) return;
    mean /= n;
    std::vector<double> slope;
    for (std::size_t k = 0; k < o.soc.size(); ++k) {
        double a = 0.0, b = 0.0;
        for (const Isotherm& x : all)
            if (x.t_degC >= k_cold_degC) a += (x.t_degC - mean) * x.v_V[k], b += (x.t_degC - mean) * (x.t_degC - mean);
        slope.push_back(std::clamp(a / b, -1e-3, 1e-3));
    }
    for (const double soc : o.soc) o.dudt_VperK.push_back(linear(o.soc, slope, std::clamp(soc, 0.03, 0.97)));
}

void fail(std::vector<Diagnostic>& errors, const std::string& file, const std::string& message) {
    errors.push_back({Diagnostic::Severity::error, file, "", message, 0, 0});
}

}  // namespace

double linear(const std::vector<double>& x, const std::vector<double>& y, double at) {
    if (x.empty()) return 0.0;
    if (at <= x.front()) return y.front();
    if (at >= x.back()) return y.back();
    const auto k = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), at) - x.begin());
    return y[k - 1] + (at - x[k - 1]) / (x[k] - x[k - 1]) * (y[k] - y[k - 1]);
}

std::size_t split_slow_legs(std::vector<Recording>& all, double capacity_Ah) {
    std::vector<Recording> legs;
    double most_Ah = capacity_Ah;
    for (const Recording& r : all) {
        if (r.held_back || r.kind.rfind("slow", 0) == 0) {
            if (!r.held_back) most_Ah = std::max(most_Ah, std::abs(r.charge_Ah()));
            continue;
        }
        for (const FitStep& s : r.steps) {
            const double q_Ah = s.i_mean_A * (s.t_end_s - s.t_start_s) / 3600.0;
            const double hours = (s.t_end_s - s.t_start_s) / 3600.0;
            if (s.kind != "constant" || hours < 8.0 || std::abs(s.i_mean_A) > std::abs(q_Ah) / 8.0) continue;
            Recording leg;
            leg.path = r.path;
            leg.kind = q_Ah > 0 ? "slow discharge" : "slow charge";
            for (std::size_t k = 0; k < r.t_s.size(); ++k) {
                if (r.t_s[k] < s.t_start_s || r.t_s[k] > s.t_end_s) continue;
                leg.t_s.push_back(r.t_s[k]), leg.i_A.push_back(r.i_A[k]), leg.v_V.push_back(r.v_V[k]);
                leg.t_degC.push_back(r.t_degC[k]), leg.ambient_degC.push_back(r.ambient_degC[k]);
                leg.line.push_back(r.line[k]);
            }
            most_Ah = std::max(most_Ah, std::abs(leg.charge_Ah()));
            legs.push_back(std::move(leg));
        }
    }
    // a leg that was cut short has no soc of its own
    std::erase_if(legs, [most_Ah](const Recording& r) { return std::abs(r.charge_Ah()) < 0.95 * most_Ah; });
    for (const Recording& leg : legs)
        std::erase_if(all, [&leg](const Recording& r) {
            double big = 0.0;
            for (const double i : r.i_A) big = std::max(big, std::abs(i));
            return r.path == leg.path && !r.held_back && big < std::abs(leg.charge_Ah()) / 8.0;
        });
    const std::size_t whole = all.size();
    for (Recording& leg : legs) all.push_back(std::move(leg));
    return whole;
}

OcvData ocv_of_slow_tests(const std::vector<Recording>& all, std::vector<Diagnostic>& errors) {
    const Recording* dis = nearest(all, "slow discharge");
    const Recording* chg = nearest(all, "slow charge");
    if (dis == nullptr && chg == nullptr) {
        fail(errors, "",
             "no slow test (a full discharge or charge at C/8 or less) and no --ocv-table: without an OCV the "
             "data cannot identify a model");
        return {};
    }
    OcvData o;
    o.soc = knots();
    const Recording& main = dis != nullptr ? *dis : *chg;
    o.capacity_Ah = std::abs(main.charge_Ah());
    o.t_ref_degC = main.t_degC[main.t_degC.size() / 2];
    o.v_V = branch(main, o.soc);
    o.half_gap_V.assign(o.soc.size(), 0.0);
    o.how = fmt::format("OCV: {} {} at {:.0f} degC", main.kind, main.path, o.t_ref_degC);
    if (dis != nullptr && chg != nullptr) {
        const std::vector<double> up = branch(*chg, o.soc);
        for (std::size_t k = 0; k < o.soc.size(); ++k) {
            o.half_gap_V[k] = std::max(0.0, 0.5 * (up[k] - o.v_V[k]));
            o.v_V[k] = 0.5 * (up[k] + o.v_V[k]);
        }
        o.gap_known = true;
        o.how =
            fmt::format("OCV: mean of slow discharge and charge; hysteresis: their half gap, polarisation included");
    }
    make_rising(o.v_V);
    std::vector<Isotherm> others;
    for (const Recording& d : all)
        for (const Recording& c : all) {
            const double t = middle(d.t_degC);
            if (d.held_back || c.held_back || d.kind != "slow discharge" || c.kind != "slow charge") continue;
            if (std::abs(middle(c.t_degC) - t) > 3.0) continue;
            Isotherm x{t, branch(d, o.soc)};
            const std::vector<double> up = branch(c, o.soc);
            for (std::size_t k = 0; k < up.size(); ++k) x.v_V[k] = 0.5 * (x.v_V[k] + up[k]);
            others.push_back(std::move(x));
        }
    add_dudt(o, others);
    return o;
}

void rescale(OcvData& o, double from_Ah, double to_Ah) {
    OcvData was = o;
    for (double& x : was.soc) x *= from_Ah / to_Ah;
    const double most = std::min(1.0, was.soc.back());
    o.soc.clear(), o.v_V.clear(), o.half_gap_V.clear();
    const auto put = [&](double at) {
        o.soc.push_back(at);
        o.v_V.push_back(linear(was.soc, was.v_V, at));
        o.half_gap_V.push_back(linear(was.soc, was.half_gap_V, at));
    };
    for (const double x : was.soc)
        if (x < most - 1e-3) put(x);
    put(most);
    if (was.dudt_VperK.empty()) return;
    o.dudt_VperK.clear();
    for (const double x : o.soc) o.dudt_VperK.push_back(linear(was.soc, was.dudt_VperK, x));
}

namespace {

// Mean of both branches (or the given mean) of a table's rows; rows of one temperature stand together.
std::vector<Isotherm> isotherms(const std::vector<double>& soc, const std::vector<double>& v,
                                const std::vector<double>& t, const std::vector<double>& at) {
    std::vector<Isotherm> all;
    for (std::size_t a = 0; a < t.size();) {
        std::size_t b = a;
        std::vector<double> x, y;
        while (b < t.size() && t[b] == t[a]) x.push_back(soc[b]), y.push_back(v[b++]);
        Isotherm i{t[a], {}};
        for (const double s : at) i.v_V.push_back(linear(x, y, s));
        all.push_back(std::move(i));
        a = b;
    }
    return all;
}

}  // namespace

namespace {

// Whether all of a column of an OCV table (null: none) lies in a range; else an error with the line.
bool within(const std::string& path, const Table& t, const std::vector<double>* column, double lo, double hi,
            std::vector<Diagnostic>& errors) {
    for (std::size_t k = 0; column != nullptr && k < column->size(); ++k) {
        const double x = (*column)[k];
        if (x >= lo && x <= hi) continue;
        const auto at = static_cast<std::size_t>(column - t.column.data());
        const std::string value = std::isfinite(x) ? fmt::format("= {}", x) : "is no number";
        fail(errors, path, fmt::format("{} {}; allowed {}..{}", t.name[at], value, lo, hi));
        errors.back().line = static_cast<int>(std::lround(t.column.back()[k]));
        return false;
    }
    return true;
}

}  // namespace

OcvData ocv_of_table(const std::string& path, std::vector<Diagnostic>& errors) {
    const std::size_t before = errors.size();
    const Table t = read_table(path, errors);
    if (errors.size() != before) return {};
    const auto any = [&t](std::initializer_list<const char*> names) -> const std::vector<double>* {
        for (const char* n : names)
            if (const std::vector<double>* c = t.find(n)) return c;
        return nullptr;
    };
    const std::vector<double>* soc = any({"soc", "soc_pct", "soc_percent"});
    const std::vector<double>* mean = any({"v_mean", "ocv_V", "mean_ocv_V", "ocv_mean_V"});
    const std::vector<double>* dis = any({"v_dis_C30", "v_dis_V", "ocv_discharge_V"});
    const std::vector<double>* chg = any({"v_chg_C30", "v_chg_V", "ocv_charge_V"});
    const std::vector<double>* gap = any({"mean_hyst_V"});
    const std::vector<double>* temp = any({"temp_C"});
    if (soc == nullptr || (mean == nullptr && (dis == nullptr || chg == nullptr))) {
        fail(errors, path,
             "an OCV table needs the columns soc (0..1) or soc_pct (0..100), and ocv_V, or ocv_discharge_V and "
             "ocv_charge_V; it has only one of a pair, or none");
        return {};
    }
    for (const std::vector<double>* const v : {mean, dis, chg})
        if (!within(path, t, v, 0.0, 10.0, errors)) return {};
    if (!within(path, t, gap, -10.0, 10.0, errors) || !within(path, t, temp, -60.0, 120.0, errors)) return {};
    const double per = t.find("soc") != nullptr ? 1.0 : 0.01;
    for (std::size_t k = 0; k < soc->size(); ++k) {
        if ((*soc)[k] * per >= -1e-9 && (*soc)[k] * per <= 1.0 + 1e-9) continue;
        fail(errors, path,
             fmt::format("{} = {}; allowed {}", per == 1.0 ? "soc" : "soc_pct", (*soc)[k],
                         per == 1.0 ? "0..1 (name a column in percent soc_pct)" : "0..100"));
        return {};
    }
    for (std::size_t k = 0; mean == nullptr && k < soc->size(); ++k) {
        if ((*chg)[k] >= (*dis)[k] - 0.02) continue;
        fail(errors, path,
             fmt::format("at soc {} the charge branch ({} V) lies below the discharge branch ({} V): are the columns "
                         "exchanged?",
                         (*soc)[k] * per, (*chg)[k], (*dis)[k]));
        return {};
    }
    OcvData o;
    double best = 1e9;
    if (temp != nullptr)
        for (const double x : *temp)
            if (std::abs(x - 25.0) < best) best = std::abs(x - 25.0), o.t_ref_degC = x;
    std::vector<double> all_soc, all_v;
    for (std::size_t k = 0; k < soc->size(); ++k) {
        all_soc.push_back((*soc)[k] * per);
        all_v.push_back(mean != nullptr ? (*mean)[k] : 0.5 * ((*dis)[k] + (*chg)[k]));
    }
    for (std::size_t k = 0; k < soc->size(); ++k) {
        if (temp != nullptr && (*temp)[k] != o.t_ref_degC) continue;
        const double x = all_soc[k];
        if (!o.soc.empty() && !(x > o.soc.back())) {
            fail(errors, path, fmt::format("soc must rise; {} follows {}", x, o.soc.back()));
            return {};
        }
        o.soc.push_back(x);
        o.v_V.push_back(all_v[k]);
        double half = 0.0;
        if (dis != nullptr && chg != nullptr) half = 0.5 * ((*chg)[k] - (*dis)[k]), o.gap_known = true;
        if (gap != nullptr) half = 0.5 * (*gap)[k], o.gap_known = true;
        o.half_gap_V.push_back(std::max(0.0, half));
    }
    for (const double v : o.v_V)
        if (!std::isfinite(v)) {
            fail(errors, path, "has an OCV that is no number");
            return {};
        }
    if (o.soc.size() < 5 || o.soc.size() > 512) fail(errors, path, "an OCV table needs 5..512 rows");
    make_rising(o.v_V);
    if (temp != nullptr && errors.size() == before) add_dudt(o, isotherms(all_soc, all_v, *temp, o.soc));
    o.how = "OCV: table " + path;
    return o;
}

}  // namespace twin::study
