// SPDX-License-Identifier: Apache-2.0
#include "study/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/constants.hpp"
#include "io/json_printer.hpp"
#include "study/charge_count.hpp"
#include "study/charge_transfer.hpp"
#include "study/direction.hpp"
#include "study/first_samples.hpp"
#include "study/from_bpx.hpp"
#include "study/model_out.hpp"
#include "study/replay.hpp"
#include "study/slow_pair.hpp"
#include "study/thermal.hpp"

namespace twin::study {

namespace {

constexpr double k_fit_floor = 0.05;  // samples down to here are fitted, even if only those above more are judged

void fail(std::vector<Diagnostic>& errors, const std::string& file, const std::string& message) {
    errors.push_back({Diagnostic::Severity::error, file, "", message, 0, 0});
}

void say(const FitOptions& o, const std::string& line) {
    if (o.progress) o.progress(line);
}

std::vector<Recording> read_all(const FitOptions& o, std::vector<Diagnostic>& errors) {
    std::vector<Recording> all;
    const auto add = [&](const std::vector<FitFile>& files, bool held_back) {
        for (const FitFile& f : files) {
            Recording r = read_recording(f, o, errors);
            if (r.t_s.size() < 2) continue;
            r.held_back = held_back;
            check_sign(r, errors);
            detect_steps(r, o.capacity_Ah);
            say(o, fmt::format("{}: {} samples, {:.2f} h, {:+.3f} Ah, {} steps, {}{}", r.path, r.t_s.size(),
                               (r.t_s.back() - r.t_s.front()) / 3600.0, r.charge_Ah(), r.steps.size(), r.kind,
                               held_back ? " (held back)" : ""));
            all.push_back(std::move(r));
        }
    };
    add(o.files, false);
    add(o.validate, true);
    return all;
}

std::vector<Spectrum> read_all_spectra(const FitOptions& o, std::vector<Diagnostic>& errors) {
    std::vector<Spectrum> all;
    for (const FitFile& f : o.eis) {
        const SpectrumFile file = read_spectra(f, o.eis_columns, errors);
        if (file.all.empty()) continue;
        double lo_Hz = 1e9, hi_Hz = 0.0, from_Hz = 1e9;
        std::size_t flipped = 0, inductive = 0, points = 0, left_out = 0;
        for (const Spectrum& s : file.all) {
            lo_Hz = std::min(lo_Hz, s.f_Hz.front()), hi_Hz = std::max(hi_Hz, s.f_Hz.back());
            flipped += s.flipped ? 1U : 0U;
            points += s.f_Hz.size(), left_out += s.left_out;
            if (s.left_out > 0) ++inductive, from_Hz = std::min(from_Hz, s.inductive_Hz);
        }
        std::string line = fmt::format("{}: {} impedance spectra, {} points {:.3g} .. {:.3g} Hz", f.path,
                                       file.all.size(), points, lo_Hz, hi_Hz);
        if (flipped > 0) line += fmt::format("; Im is capacitive positive in {}, turned", flipped);
        if (inductive > 0)
            line += fmt::format("; {} inductive from {:.3g} Hz on or above, {} points not used", inductive, from_Hz,
                                left_out);
        if (file.without_temp > 0) line += fmt::format("; {} rows without a temperature not used", file.without_temp);
        say(o, line);
        all.insert(all.end(), file.all.begin(), file.all.end());
    }
    return all;
}

// The column that was named for soc must be in one file at least, and the offset of a current needs it.
void check_soc_columns(const std::vector<Recording>& all, const FitOptions& o, std::vector<Diagnostic>& errors) {
    if (o.current_offset && o.columns.soc.empty())
        fail(errors, "--current-offset", "needs a state of charge to compare the count with: --columns soc=NAME");
    bool found = o.columns.soc.empty();
    for (const Recording& r : all) found = found || !r.soc_true_rel.empty();
    if (!found) fail(errors, "--columns", "no file has a column " + o.columns.soc);
}

// soc at the start: given, full or empty by the kind or the charge moved, or from a rest voltage where the OCV is steep
// enough.
void place(Recording& r, const OcvData& ocv, double capacity_Ah, std::vector<Diagnostic>& errors) {
    if (r.soc_known) return;
    if (r.kind == "slow discharge" || r.kind == "slow charge") {
        r.soc_start_rel = r.kind == "slow discharge" ? 1.0 : 0.0;
        return;
    }
    double gap = 0.0;
    for (const double g : ocv.half_gap_V) gap = std::max(gap, g);
    const double v0 = r.v_V.front(), top = ocv.v_V.back();
    if (v0 > linear(ocv.soc, ocv.v_V, 0.985) - 0.005 || v0 > top - 0.03) {
        r.soc_start_rel = 1.0;
        return;
    }
    // a test under load from its first sample, or from where the OCV is flat: by the charge it moved
    if (const std::optional<double> by_charge = start_by_charge(r, capacity_Ah)) {
        r.soc_start_rel = *by_charge;
        return;
    }
    const std::vector<double>& v = ocv.v_V;
    const double lo = linear(v, ocv.soc, v0 - 0.005 - gap), hi = linear(v, ocv.soc, v0 + 0.005 + gap);
    double big = 0.0;
    for (const double i : r.i_A) big = std::max(big, std::abs(i));
    if (std::abs(r.i_A.front()) > 0.02 * big || hi - lo > 0.04) {
        fail(errors, r.path,
             fmt::format(
                 "soc at the start is not identified: {:.4f} V could be {:.0f}..{:.0f} % (or is no rest); give it "
                 "as FILE@TEMP@SOC",
                 v0, 100 * lo, 100 * hi));
        return;
    }
    r.soc_start_rel = linear(v, ocv.soc, v0);
}

// Temperatures of the knots: medians of the files and those of the spectra; those within 4 K are one.
std::vector<double> temperature_knots(const std::vector<const Recording*>& files,
                                      const std::vector<Spectrum>& spectra) {
    std::vector<double> t;
    for (const Spectrum& s : spectra) t.push_back(s.t_degC);
    for (const Recording* r : files) {
        std::vector<double> x = r->t_degC;
        std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
        t.push_back(x[x.size() / 2]);
    }
    std::sort(t.begin(), t.end());
    std::vector<double> knots;
    for (std::size_t a = 0; a < t.size();) {
        std::size_t b = a;
        double sum = 0.0;
        while (b < t.size() && t[b] - t[a] <= 4.0) sum += t[b++];
        knots.push_back(std::round(10.0 * sum / static_cast<double>(b - a)) / 10.0 + base::k_zero_degC_K);
        a = b;
    }
    return knots;
}

// Where the search for the time constants begins: spectra say it themselves; with recordings beside them the slowest is
// left to these.
std::vector<double> taus_of(const Problem& b) {
    if (b.spectra.empty()) return {};
    if (b.files.empty() || b.n_rc == 1) return best_taus(b.spectra, b.n_rc);
    std::vector<double> taus = best_taus(b.spectra, b.n_rc - 1);
    taus.push_back(std::max(b.n_rc == 3 ? 300.0 : 100.0, 5.0 * taus.back()));
    return taus;
}

Problem make_problem(const std::vector<Recording>& all, const std::vector<Spectrum>& spectra, const OcvData& ocv,
                     const FitOptions& o) {
    Problem b;
    b.spectra = spectra;
    b.ocv = ocv;
    b.capacity_Ah = o.capacity_Ah > 0.0 ? o.capacity_Ah : ocv.capacity_Ah;
    b.soc_floor_rel = std::min(o.soc_floor_rel, k_fit_floor);
    for (const Recording& r : all)
        if (!r.held_back && !r.is_slow()) b.files.push_back(&r);
    b.n_rc = o.n_rc > 0 ? std::min(o.n_rc, 3) : usual_pairs(b.files);
    b.chemistry = o.chemistry;
    b.r_soc = {0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0};
    if (b.files.empty() && spectra.empty()) return b;
    b.t_K = temperature_knots(b.files, spectra);
    b.tau_start_s = taus_of(b);
    for (int k = 0; k < 49; ++k) b.ocv_soc.push_back(0.02 * k);
    for (const double x : {0.98, 0.985, 0.99, 0.995, 1.0}) b.ocv_soc.push_back(x);  // where a discharge begins
    b.entropy_soc = {0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0};
    prepare_pulse_fit(b, all);
    for (const double g : ocv.half_gap_V) b.hysteresis = b.hysteresis || (ocv.gap_known && g > 0.0);
    b.entropy = b.t_K.size() > 1 && b.t_K.back() - b.t_K.front() > 15.0;
    if (ocv.exact) b.priors.ocv = b.priors.shift = 10.0, b.priors.known_entropy = 30.0;
    b.lay_out();
    return b;
}

FitFileResult judge(const cell::EcmModel& m, const Recording& r, double capacity_Ah, double soc_floor_rel) {
    FitFileResult f;
    f.path = r.path;
    f.kind = r.kind;
    f.steps = r.steps;
    f.temp_degC = r.t_degC[r.t_degC.size() / 2];
    f.soc_start_rel = r.soc_start_rel;
    f.sample_s = r.sample_s;
    f.held_back = r.held_back;
    f.t_s = r.t_s;
    f.v_meas_V = r.v_V;
    f.v_sim_V = replay(m, r, Temperature::as_measured).v_V;
    Replay own;
    f.thermal = temperature_moved(r);
    if (f.thermal) own = replay(m, r, Temperature::simulated);
    const std::vector<double> soc = r.soc_rel(capacity_Ah);
    double sum = 0.0, own_sum = 0.0, n = 0.0, sum_K2 = 0.0;
    for (std::size_t k = 0; k < r.t_s.size(); ++k) {
        if (f.thermal) sum_K2 += (own.t_surf_degC[k] - r.t_degC[k]) * (own.t_surf_degC[k] - r.t_degC[k]);
        if (soc[k] < soc_floor_rel) continue;
        const double e = 1e3 * (f.v_sim_V[k] - f.v_meas_V[k]);
        const double e_own = f.thermal ? 1e3 * (own.v_V[k] - f.v_meas_V[k]) : 0.0;
        sum += e * e;
        own_sum += e_own * e_own;
        n += 1.0;
        f.max_mV = std::max(f.max_mV, std::abs(e));
    }
    f.rms_mV = n > 0.0 ? std::sqrt(sum / n) : 0.0;
    if (!f.thermal) return f;
    f.rms_own_mV = n > 0.0 ? std::sqrt(own_sum / n) : 0.0;
    f.rms_K = std::sqrt(sum_K2 / static_cast<double>(r.t_s.size()));
    f.end_K = own.t_surf_degC.back() - r.t_degC.back();
    f.temp_meas_degC = r.t_degC;
    f.temp_sim_degC = std::move(own.t_surf_degC);
    return f;
}

void warn(const Problem& b, const Solution& s, FitResult& out) {
    if (!s.converged) out.warnings.emplace_back("the iteration stopped before it converged");
    std::size_t lost = 0;
    for (const FitParameter& p : out.parameters) lost += p.identified ? 0U : 1U;
    if (lost > 0)
        out.warnings.push_back(
            fmt::format("{} of {} parameters are not identified by these data (marked); they follow their neighbours",
                        lost, out.parameters.size()));
    std::size_t inductive = 0;
    double from_Hz = 1e9;
    for (const Spectrum& x : b.spectra)
        if (x.left_out > 0) ++inductive, from_Hz = std::min(from_Hz, x.inductive_Hz);
    if (inductive > 0)
        out.warnings.push_back(
            fmt::format("{} of {} spectra are inductive from {:.3g} Hz on or above: Re is not used "
                        "there, Im not above a third of it",
                        inductive, b.spectra.size(), from_Hz));
    double late = 0.0;
    for (const Recording* r : b.files) late = r->is_slow() ? late : std::max(late, r->sample_s);
    if (late >= 0.05 && b.spectra.empty())
        out.warnings.push_back(fmt::format(
            "the first sample after a step comes {:.2g} s late: R0 of the model is R over {:.2g} s, not the ohmic one",
            late, late));
}

// Replays every file by the finished model; states the figures in the model file.
void judge_all(const cell::EcmModel& model, const std::vector<Recording>& all, double capacity_Ah, const FitOptions& o,
               cell::EcmModelFile& file, FitResult& out) {
    bool any_held = false;
    for (const Recording& r : all) any_held = any_held || r.held_back;
    std::string held, fitted;
    if (all.empty()) return;
    for (const Recording& r : all) {
        if (!r.held_back && r.kind.rfind("slow", 0) == 0) continue;
        FitFileResult f = judge(model, r, capacity_Ah, o.soc_floor_rel);
        if (r.held_back || !any_held) out.worst_validation_rms_mV = std::max(out.worst_validation_rms_mV, f.rms_mV);
        std::string& text = r.held_back ? held : fitted;
        const std::size_t slash = r.path.find_last_of('/');
        text += fmt::format("{}{} {:.1f} mV", text.empty() ? "" : ", ", r.path.substr(slash + 1), f.rms_mV);
        out.files.push_back(std::move(f));
    }
    file.fit_error = "rms of SOC > " + fmt::format("{:.0f} %: fitted {}", 100 * o.soc_floor_rel, fitted) +
                     (held.empty() ? "; nothing held back" : "; held back " + held);
}

void judge_spectra(const cell::EcmModel& model, const Problem& b, cell::EcmModelFile& file, FitResult& out) {
    if (b.spectra.empty()) return;
    double sum = 0.0, most = 0.0;
    for (const Spectrum& s : b.spectra) {
        FitSpectrum f = judge(model, s, b.capacity_Ah);
        sum += f.rms_pct * f.rms_pct, most = std::max(most, f.rms_pct);
        if (out.files.empty()) out.worst_validation_rms_mV = std::max(out.worst_validation_rms_mV, f.rms_1C_mV);
        out.spectra.push_back(std::move(f));
    }
    const auto n = static_cast<double>(b.spectra.size());
    const std::string text = fmt::format("{} impedance spectra: rms {:.1f} %, worst {:.1f} % of abs(Z)",
                                         b.spectra.size(), std::sqrt(sum / n), most);
    file.fit_error = out.files.empty() ? text : file.fit_error + "; " + text;
}

FitResult identify(std::vector<Recording>& all, const std::vector<Spectrum>& spectra, const OcvData& ocv,
                   const FitOptions& o, const std::vector<std::string>& notes,
                   const std::vector<FitParameter>& offsets) {
    Problem b = make_problem(all, spectra, ocv, o);
    if (b.t_K.empty())
        throw InputError({Diagnostic{Diagnostic::Severity::error, "", "",
                                     "only slow tests: resistances and time constants are not identified; add pulses, "
                                     "a drive cycle or impedance (--eis)",
                                     0, 0}});
    say(o, fmt::format("{} parameters, {} files, capacity {:.4g} Ah", b.n, b.files.size(), b.capacity_Ah));
    try_directions(b);
    Solution s = solve(b, o.progress);
    const std::string left_out = leave_out_unsynchronised(b, s);
    if (!left_out.empty()) {
        say(o, left_out);
        s = solve(b, o.progress, s.p);
    }
    const std::vector<FitParameter> tried = direction_parameters(b, s, {});
    if (keep_what_shows(b, s)) s = solve(b, o.progress);
    const auto with_typical = [&] {
        const std::vector<double> from = expect_typical(b, s);
        if (!from.empty()) s = solve(b, o.progress, from);
    };
    with_typical();
    const FitParameter kinetic = try_kinetic(b, s, o.progress);
    if (kinetic.identified) with_typical();  // less noise then
    FitResult out;
    out.parameters = parameters_of(b, s);
    out.parameters.push_back(kinetic);
    for (const std::vector<FitParameter>& more : {direction_parameters(b, s, tried), offsets})
        out.parameters.insert(out.parameters.end(), more.begin(), more.end());
    cell::EcmModelFile file = model_of(b, s, o);
    file.notes.insert(file.notes.end(), notes.begin(), notes.end());
    if (!left_out.empty()) file.notes.push_back(left_out);
    file.thermal = {1.0, 1.0, 1.0, 1.0};
    ThermalFit heat = fit_thermal(cell::build(file), all, o);
    file.thermal = heat.thermal;
    file.notes.insert(file.notes.end(), heat.notes.begin(), heat.notes.end());
    out.parameters.insert(out.parameters.end(), heat.parameters.begin(), heat.parameters.end());
    judge_all(cell::build(file), all, b.capacity_Ah, o, file, out);
    judge_spectra(cell::build(file), b, file, out);
    out.model_json = io::print_json(io::JsonPrinter::print(file, nullptr, false));
    warn(b, s, out);
    if (!left_out.empty()) out.warnings.push_back(left_out);
    return out;
}

}  // namespace

FitResult fit_model(const FitOptions& given) {
    std::vector<Diagnostic> errors;
    FitOptions o = given;
    if (!o.from_bpx.empty()) {
        if (!o.files.empty())
            fail(errors, o.from_bpx, "--from-bpx simulates its tests; recordings are fitted by themselves");
        if (!errors.empty()) throw InputError(errors);
        SimulatedTests s = simulate_tests(o);
        return identify(s.all, {}, s.ocv, s.options, s.notes, {});
    }
    if (o.chemistry.empty()) o.chemistry = "NMC";
    if (o.specific_heat_J_per_kgK > 0.0) {
        if (o.mass_kg <= 0.0) fail(errors, "--specific-heat", "needs the mass: --mass-kg");
        if (o.heat_capacity_J_per_K > 0.0)
            fail(errors, "--specific-heat", "and --heat-capacity say the same; give one");
        o.heat_capacity_J_per_K = o.specific_heat_J_per_kgK * o.mass_kg;
    }
    if (o.files.empty() && o.eis.empty()) fail(errors, "FILE", "no file to fit");
    if (o.files.empty() && !o.eis.empty() && o.ocv_table.empty())
        fail(errors, "--eis", "impedance alone has no OCV: give --ocv-table (and --capacity-Ah), or recordings");
    std::vector<Recording> all = read_all(o, errors);
    const std::vector<Spectrum> spectra = read_all_spectra(o, errors);
    if (errors.empty()) check_soc_columns(all, o, errors);
    if (!errors.empty()) throw InputError(errors);
    const std::size_t whole = split_slow_legs(all, o.capacity_Ah);
    for (std::size_t k = whole; k < all.size(); ++k)
        say(o, fmt::format("{}: {} of {:.4g} Ah cut out", all[k].path, all[k].kind, std::abs(all[k].charge_Ah())));
    OcvData ocv = o.ocv_table.empty() ? ocv_of_slow_tests(all, errors) : ocv_of_table(o.ocv_table, errors);
    const double capacity = o.capacity_Ah > 0.0 ? o.capacity_Ah : ocv.capacity_Ah;
    if (errors.empty() && capacity <= 0.0)
        fail(errors, "", "the capacity is not identified: no slow full discharge among the files; give --capacity-Ah");
    if (errors.empty() && o.ocv_capacity_Ah > 0.0) {
        if (o.ocv_capacity_Ah < capacity)
            fail(errors, "",
                 fmt::format("--ocv-capacity-Ah {} is less than the capacity {}", o.ocv_capacity_Ah, capacity));
        else
            rescale(ocv, o.ocv_capacity_Ah, capacity);
    }
    std::vector<FitParameter> offsets;
    if (errors.empty())
        for (Recording& r : all) {
            if (o.current_offset && !r.soc_true_rel.empty()) offsets.push_back(correct_count(r, capacity));
            if (r.kind.rfind("slow", 0) != 0) detect_steps(r, capacity);
            place(r, ocv, capacity, errors);
            r.h_start = start_h(r, ocv);
        }
    if (!errors.empty()) throw InputError(errors);
    return identify(all, spectra, ocv, o, {}, offsets);
}

}  // namespace twin::study
