// SPDX-License-Identifier: Apache-2.0
#include "cell/model_file.hpp"

#include <array>
#include <cstdio>
#include <span>
#include <stdexcept>

namespace twin::cell {

namespace {

using Numbers = std::vector<double>;

std::string number(double x) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", x);
    return text;
}
std::string element(const char* name, std::size_t k, double x) {
    return std::string(name) + "[" + std::to_string(k) + "] = " + number(x);
}

class Checker {
public:
    explicit Checker(std::vector<ModelError>& out) : out_(out) {}
    void section(const char* key) { key_ = key; }
    void need(bool ok, const std::string& message) {
        if (!ok) out_.push_back({key_, message});
    }
    /// Strictly increasing finite knots within the capacity of the table.
    void knots(const char* name, const Numbers& x, std::size_t capacity) {
        if (x.size() < 2 || x.size() > capacity)
            return need(false, std::string(name) + " has " + std::to_string(x.size()) + " knots; allowed 2.." +
                                   std::to_string(capacity));
        for (std::size_t k = 0; k < x.size(); ++k) {
            if (!base::is_finite(x[k])) return need(false, element(name, k, x[k]) + " is not a finite number");
            if (k > 0 && !(x[k] > x[k - 1]))
                return need(false, element(name, k, x[k]) + " must be above the one before it, " + number(x[k - 1]));
        }
    }
    void same_size(const char* name, std::size_t n, const char* knots_name, std::size_t wanted) {
        need(n == wanted, std::string(name) + " has " + std::to_string(n) + " values; " + knots_name + " asks for " +
                              std::to_string(wanted));
    }
    void each(const char* name, const Numbers& x, bool positive, double max) {
        for (std::size_t k = 0; k < x.size(); ++k) {
            const bool low = positive ? x[k] > 0.0 : x[k] >= 0.0;
            if (!(base::is_finite(x[k]) && low && x[k] <= max))
                return need(false, element(name, k, x[k]) + "; allowed " + (positive ? "> 0" : ">= 0") +
                                       " and <= " + number(max));
        }
    }
    void positive(const char* name, double x) {
        need(base::is_finite(x) && x > 0.0, std::string(name) + " = " + number(x) + "; allowed > 0");
    }
    void ordered(const char* low_name, double low, const char* high_name, double high) {
        need(low < high,
             std::string(low_name) + " = " + number(low) + " must be below " + high_name + " = " + number(high));
    }

private:
    std::vector<ModelError>& out_;
    std::string key_;
};

void check_resistance(Checker& c, const ResistanceFile& r) {
    c.section("resistance");
    c.knots("soc", r.soc, k_r_soc_knots);
    c.knots("t_degC", r.t_degC, k_r_t_knots);
    const std::size_t n = r.soc.size() * r.t_degC.size();
    const auto table = [&](const char* name, const Numbers& x, bool wanted) {
        if (!wanted && x.empty()) return;
        c.same_size(name, x.size(), "soc x t_degC", n);
        c.each(name, x, true, 1e6);
    };
    const auto pair = [&](const std::string& k, const Numbers& ohm, const Numbers& charge, double tau_s) {
        const std::string name = "r" + k + "_mohm", on_charge = "r" + k + "_charge_mohm", tau = "tau" + k + "_s";
        table(name.c_str(), ohm, false);
        table(on_charge.c_str(), charge, false);
        if (ohm.empty()) {
            c.need(tau_s == 0.0, tau + " = " + number(tau_s) + " without " + name);
            c.need(charge.empty(), on_charge + " without " + name);
        } else {
            c.need(base::is_finite(tau_s) && tau_s >= 1e-3,
                   tau + " = " + number(tau_s) + "; allowed >= 0.001 with " + name);
        }
    };
    table("r0_mohm", r.r0_mohm, true);
    table("r1_mohm", r.r1_mohm, true);
    table("r0_charge_mohm", r.r0_charge_mohm, false);
    table("r1_charge_mohm", r.r1_charge_mohm, false);
    c.positive("tau1_s", r.tau1_s);
    pair("2", r.r2_mohm, r.r2_charge_mohm, r.tau2_s);
    pair("3", r.r3_mohm, r.r3_charge_mohm, r.tau3_s);
    c.need(r.r3_mohm.empty() || !r.r2_mohm.empty(), "r3_mohm without r2_mohm");
    c.need(base::is_finite(r.ohmic_mohm) && r.ohmic_mohm >= 0.0,
           "ohmic_mohm = " + number(r.ohmic_mohm) + "; allowed >= 0");
}

void check_hysteresis(Checker& c, const HysteresisFile& h) {
    c.section("hysteresis");
    c.knots("soc", h.soc, k_ocv_knots);
    c.same_size("m_mV", h.m_mV.size(), "soc", h.soc.size());
    c.each("m_mV", h.m_mV, false, 500.0);
    if (!h.m0_mV.empty()) c.same_size("m0_mV", h.m0_mV.size(), "soc", h.soc.size());
    c.each("m0_mV", h.m0_mV, false, 500.0);
    c.need(h.turn_gamma >= 100.0 && h.turn_gamma <= 1e6, "turn_gamma = " + number(h.turn_gamma) + "; allowed 100..1e6");
    bool any = false;
    for (const double m : h.m_mV) any = any || m > 0.0;
    c.need(base::is_finite(h.gamma) && h.gamma >= 0.0, "gamma = " + number(h.gamma) + "; allowed >= 0");
    c.need(!any || h.gamma > 0.0, "gamma = 0 with an amplitude would never turn; give gamma > 0 or m_mV all 0");
}

double linear(const Numbers& x, const Numbers& y, double at) {
    if (at <= x.front()) return y.front();
    for (std::size_t k = 1; k < x.size(); ++k)
        if (at <= x[k]) return y[k - 1] + (at - x[k - 1]) / (x[k] - x[k - 1]) * (y[k] - y[k - 1]);
    return y.back();
}

Numbers scaled(const Numbers& x, double per) {
    Numbers r;
    r.reserve(x.size());
    for (const double v : x) r.push_back(v / per);
    return r;
}

/// OCV, entropy and amplitude on the knots of the OCV: the two latter are straight lines inside a segment, constant
/// outside.
void build_segments(const EcmModelFile& f, EcmModel& m) {
    const base::CubicTable<k_ocv_knots> ocv(f.ocv.soc, f.ocv.v_V, "ocv.soc");
    m.soc_axis = ocv.axis();
    const auto n = static_cast<std::size_t>(m.soc_axis.size());
    m.segment.resize(n + 1);
    m.hyst.resize(n + 1);
    for (std::size_t s = 0; s <= n; ++s) {
        OcvSegment& g = m.segment[s];
        const auto id = static_cast<std::int32_t>(s);
        const double lo = m.soc_axis.base(id);
        g.ocv_V = ocv.segment(id);
        g.dudt0_VperK = linear(f.entropy.soc, f.entropy.dudt_mV_per_K, lo) / 1e3;
        const HysteresisFile& y = f.hysteresis;
        const auto m0_mV = [&y](double soc) { return y.m0_mV.empty() ? 0.0 : linear(y.soc, y.m0_mV, soc); };
        m.hyst[s].m0_V = linear(y.soc, y.m_mV, lo) / 1e3;
        m.hyst[s].i0_V = m0_mV(lo) / 1e3;
        if (s == 0 || s == n) continue;
        const double hi = m.soc_axis.knot(id);
        g.dudt1 = (linear(f.entropy.soc, f.entropy.dudt_mV_per_K, hi) / 1e3 - g.dudt0_VperK) / (hi - lo);
        m.hyst[s].m1 = (linear(y.soc, y.m_mV, hi) / 1e3 - m.hyst[s].m0_V) / (hi - lo);
        m.hyst[s].i1 = (m0_mV(hi) / 1e3 - m.hyst[s].i0_V) / (hi - lo);
        g.lo = lo;
        g.hi = hi;
    }
}

/// Tables of R0..R3; an RC pair that is not there is 0.
ResistanceTable resistance_table(const ResistanceFile& r, bool charge) {
    const std::size_t n = r.soc.size() * r.t_degC.size();
    const auto pick = [&](const Numbers& dis, const Numbers& chg) {
        const Numbers& x = charge && !chg.empty() ? chg : dis;
        return x.empty() ? Numbers(n, 0.0) : scaled(x, 1e3);
    };
    const Numbers r0 = pick(r.r0_mohm, r.r0_charge_mohm), r1 = pick(r.r1_mohm, r.r1_charge_mohm),
                  r2 = pick(r.r2_mohm, r.r2_charge_mohm), r3 = pick(r.r3_mohm, r.r3_charge_mohm);
    return {r.soc, r.t_degC, std::array<std::span<const double>, 4>{r0, r1, r2, r3}, "resistance"};
}

void build_extras(const EcmModelFile& f, EcmModel& m) {
    const ResistanceFile& r = f.resistance;
    EcmExtras& x = m.extras;
    if (!(r.r0_charge_mohm.empty() && r.r1_charge_mohm.empty() && r.r2_charge_mohm.empty() && r.r3_charge_mohm.empty()))
        m.charge_Ohm = resistance_table(r, true);
    bool jump = false;
    for (const double m0 : f.hysteresis.m0_mV) jump = jump || m0 > 0.0;
    x.directional = m.charge_Ohm.has_value() || jump;
    x.turn_gamma = f.hysteresis.turn_gamma;
    x.half_per_turn = 0.5 / x.turn_gamma;
    x.charge_loss = 1.0 - f.coulombic_efficiency;
    x.self_perS = f.self_discharge.pct_per_month / 100.0 / (30.0 * 86400.0);
    x.self_t_ref_K = f.self_discharge.t_ref_degC + k_zero_degC_K;
    x.self_activation_K = f.self_discharge.activation_K;
    x.kinetic = r.ohmic_mohm > 0.0;
    x.ohmic_Ohm = r.ohmic_mohm / 1e3;
    x.used = x.directional || !r.r3_mohm.empty() || x.charge_loss > 0.0 || x.self_perS > 0.0 || r.ohmic_mohm > 0.0;
}

}  // namespace

std::vector<ModelError> check(const EcmModelFile& f) {
    std::vector<ModelError> errors;
    Checker c(errors);
    c.section("ocv");
    c.knots("soc", f.ocv.soc, k_ocv_knots);
    c.knots("v_V", f.ocv.v_V,
            k_ocv_knots);  // strictly increasing: a falling OCV would make the cell a negative resistance
    c.same_size("v_V", f.ocv.v_V.size(), "soc", f.ocv.soc.size());
    c.need(base::is_finite(f.ocv.t_ref_degC), "t_ref_degC = " + number(f.ocv.t_ref_degC) + " is not a finite number");
    c.section("entropy");
    c.knots("soc", f.entropy.soc, k_ocv_knots);
    c.same_size("dudt_mV_per_K", f.entropy.dudt_mV_per_K.size(), "soc", f.entropy.soc.size());
    for (std::size_t k = 0; k < f.entropy.dudt_mV_per_K.size(); ++k)
        c.need(base::abs2(f.entropy.dudt_mV_per_K[k]) <= 10.0,
               element("dudt_mV_per_K", k, f.entropy.dudt_mV_per_K[k]) + "; allowed -10..10");
    check_hysteresis(c, f.hysteresis);
    check_resistance(c, f.resistance);
    c.section("coulombic_efficiency");
    c.need(f.coulombic_efficiency >= 0.5 && f.coulombic_efficiency <= 1.0,
           "coulombic_efficiency = " + number(f.coulombic_efficiency) + "; allowed 0.5..1");
    c.section("self_discharge");
    c.need(f.self_discharge.pct_per_month >= 0.0 && f.self_discharge.pct_per_month <= 50.0,
           "pct_per_month = " + number(f.self_discharge.pct_per_month) + "; allowed 0..50");
    c.need(f.self_discharge.t_ref_degC > -k_zero_degC_K && base::is_finite(f.self_discharge.t_ref_degC),
           "t_ref_degC = " + number(f.self_discharge.t_ref_degC) + "; allowed > -273.15");
    c.need(f.self_discharge.activation_K >= 0.0 && f.self_discharge.activation_K <= 20000.0,
           "activation_K = " + number(f.self_discharge.activation_K) + "; allowed 0..20000");
    c.section("thermal");
    c.positive("core_J_per_K", f.thermal.core_J_per_K);
    c.positive("surface_J_per_K", f.thermal.surface_J_per_K);
    c.positive("core_surface_K_per_W", f.thermal.core_surface_K_per_W);
    c.positive("surface_ambient_K_per_W", f.thermal.surface_ambient_K_per_W);
    c.section("capacity_Ah");
    c.positive("capacity_Ah", f.capacity_Ah);
    c.section("nameplate_Ah");
    c.positive("nameplate_Ah", f.nameplate_Ah);
    c.section("v_min_V");
    c.ordered("v_min_V", f.v_min_V, "v_max_V", f.v_max_V);
    c.section("valid");
    c.ordered("soc_min", f.valid.soc_min, "soc_max", f.valid.soc_max);
    c.ordered("t_min_degC", f.valid.t_min_degC, "t_max_degC", f.valid.t_max_degC);
    c.positive("i_max_A", f.valid.i_max_A);
    c.section("chemistry");
    c.need(f.chemistry == "LFP" || f.chemistry == "NMC" || f.chemistry == "LTO",
           "chemistry = \"" + f.chemistry + "\"; allowed LFP, NMC, LTO");
    return errors;
}

EcmModel build(const EcmModelFile& f) {
    const std::vector<ModelError> errors = check(f);
    if (!errors.empty()) {
        std::string all = "cell model \"" + f.id + "\":";
        for (const ModelError& e : errors) all += "\n  /" + e.key + ": " + e.message;
        throw std::invalid_argument(all);
    }
    EcmModel m;
    m.id = f.id;
    m.chemistry = f.chemistry;
    m.t_ref_degC = f.ocv.t_ref_degC;
    build_segments(f, m);
    const ResistanceFile& r = f.resistance;
    m.resistance_Ohm = resistance_table(r, false);
    m.tau_s[0] = r.tau1_s;
    if (!r.r2_mohm.empty()) m.tau_s[1] = r.tau2_s;
    if (!r.r3_mohm.empty()) m.tau_s[2] = r.tau3_s;
    build_extras(f, m);
    m.gamma = f.hysteresis.gamma;
    m.half_per_gamma = m.gamma > 0.0 ? 0.5 / m.gamma : 0.0;
    m.capacity_C = f.capacity_Ah * 3600.0;
    m.nameplate_Ah = f.nameplate_Ah;
    m.mass_kg = f.mass_kg;
    m.v_min_V = f.v_min_V;
    m.v_max_V = f.v_max_V;
    m.c_core_JperK = f.thermal.core_J_per_K;
    m.c_surf_JperK = f.thermal.surface_J_per_K;
    m.r_core_surf_KperW = f.thermal.core_surface_K_per_W;
    m.r_surf_env_KperW = f.thermal.surface_ambient_K_per_W;
    m.valid = {f.valid.soc_min, f.valid.soc_max, f.valid.t_min_degC, f.valid.t_max_degC, f.valid.i_max_A};
    m.capacity_tol = f.tolerance.capacity_pct / 100.0;
    m.r_tol = f.tolerance.r_pct / 100.0;
    return m;
}

bool has_hysteresis(const EcmModel& model) {
    if (model.extras.directional) return true;
    for (const HystSegment& s : model.hyst) {
        if (s.m0_V != 0.0 || s.m1 != 0.0) return true;
    }
    return false;
}

}  // namespace twin::cell
