// SPDX-License-Identifier: Apache-2.0
// The file form of a MOSFET (models/mosfets/*.json) and its conversion to parameters, limits and thermal network.
// Every figure carries value, tolerance in percent, label (sheet, fitted, typical, assumed) and source; its unit is in
// the key. Sheet capacitances become the branch's charges: Cgs = Ciss - Crss, and the two voltage-dependent ones are
// fitted so that Crss and Coss hold at v_meas_V with the assumed widths and floors.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "power/fet_damage.hpp"
#include "power/foster.hpp"
#include "power/mosfet.hpp"

namespace twin::power {

/// One sourced figure; lo and hi are the allowed range and not part of the file.
struct Figure {
    double value = 0.0;
    double tol_pct = 0.0;
    std::string label;
    std::string source;
    double lo = 0.0;
    double hi = 1e12;
    Figure(double low, double high) : lo(low), hi(high) {}
};

struct MosfetChannelFile {
    Figure k_A_per_V2{0.1, 1e5}, r0_mohm{1e-3, 1e4}, alpha_pct_per_K{0.0, 2.0};
    Figure vth_V{0.5, 10.0}, vth_mV_per_K{-20.0, 0.0}, leak_nS{1e-3, 1e6};
};
struct MosfetBreakdownFile {
    Figure v_br_V{10.0, 2000.0}, pct_per_K{0.0, 0.5}, r_av_mohm{0.01, 1e4};
    Figure spread_V{0.0, 100.0};
};
struct MosfetChargeFile {
    Figure v_meas_V{1.0, 1000.0}, c_iss_pF{1.0, 1e6}, c_oss_pF{1.0, 1e6}, c_rss_pF{0.1, 1e6};
    Figure cgd_floor_pF{0.1, 1e6}, cgd_width_V{0.1, 100.0};
    Figure cds_floor_pF{0.1, 1e6}, cds_width_V{0.1, 100.0};
};
struct MosfetDiodeFile {
    Figure v_ref_V{0.2, 2.0}, i_ref_A{1e-3, 1e3}, mV_per_K{-5.0, 0.0}, n{1.0, 3.0};
    Figure r_mohm{1e-3, 1e4};
};
struct MosfetLimitsFile {
    Figure tj_max_degC{50.0, 300.0}, e_as_mJ{0.1, 1e5}, i_as_ref_A{0.1, 1e4}, i_as_max_A{0.1, 1e4};
    Figure v_gs_max_V{5.0, 50.0}, i_d_A{0.1, 1e4}, i_pulse_A{0.1, 1e5};
    Figure soa_1ms_J{1e-4, 1e3}, soa_10us_J{1e-5, 1e3}, soa_share{0.1, 1.0};
};
struct MosfetFosterFile {
    Figure r_K_per_W{1e-5, 1e3}, tau_us{0.1, 1e9};
};
struct MosfetValidFile {
    double tj_min_degC = -55.0, tj_max_degC = 175.0;
};

struct MosfetModelFile {
    std::int64_t bmstwin_mosfet = 1;
    std::string id, title, label;
    std::vector<std::string> sources, notes;
    MosfetValidFile valid;
    MosfetChannelFile channel;
    MosfetBreakdownFile breakdown;
    MosfetChargeFile charge;
    MosfetDiodeFile diode;
    MosfetLimitsFile limits;
    std::vector<MosfetFosterFile> foster;  // three, junction to case
};

/// A MOSFET type, ready to use; immutable and shared.
struct MosfetModel {
    std::string id;
    MosfetParams<double> fet;  // count 1
    FetLimits<double> limits;
    FosterParams<double, 3> foster;  // of one FET
    double v_gs_max_V = 20.0;
    double tj_valid_min_degC = -55.0, tj_valid_max_degC = 175.0;
    double k_tol = 0.0, r0_tol = 0.0, vth_tol = 0.0;  // relative spread of a real part about the model
};

/// What is wrong with the relations between figures, one sentence each; empty if `build` will succeed.
std::vector<std::string> check(const MosfetModelFile& f);

/// Parameters of a checked file. Throws std::invalid_argument with the messages of `check` otherwise.
MosfetModel build(const MosfetModelFile& f);

/// A group of n FETs behind one gate resistor. Throws std::invalid_argument unless n >= 1 and r_gate_Ohm > 0.
MosfetParams<double> mosfet_group(const MosfetModel& m, int n, double r_gate_Ohm);

template <class V>
void describe(V& v, Figure& s) {
    v.about("figure", "A number with tolerance, label and source; the unit is in the key that holds it.");
    v.field("value", s.value, {.doc = "the number", .need = base::Need::required, .min = s.lo, .max = s.hi});
    v.field("tol_pct", s.tol_pct,
            {.doc = "tolerance of a real part", .need = base::Need::required, .min = 0, .max = 1000});
    v.field("label", s.label, {.doc = "sheet, fitted, typical or assumed", .need = base::Need::required});
    v.field("source", s.source, {.doc = "where it comes from", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetChannelFile& s) {
    v.about("mosfet_channel", "Square law behind a series resistance, per FET at 25 degC.");
    v.field("k_A_per_V2", s.k_A_per_V2,
            {.doc = "gain: i = k/2 (v_gs - vth)^2 in saturation", .need = base::Need::required});
    v.field("r0_mohm", s.r0_mohm, {.doc = "series resistance in the drain", .need = base::Need::required});
    v.field("alpha_pct_per_K", s.alpha_pct_per_K, {.doc = "growth of r0 and 1/k", .need = base::Need::required});
    v.field("vth_V", s.vth_V, {.doc = "threshold", .need = base::Need::required});
    v.field("vth_mV_per_K", s.vth_mV_per_K, {.doc = "its temperature coefficient", .need = base::Need::required});
    v.field("leak_nS", s.leak_nS, {.doc = "leakage as a conductance", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetBreakdownFile& s) {
    v.about("mosfet_breakdown", "Avalanche.");
    v.field("v_br_V", s.v_br_V, {.doc = "breakdown voltage at 25 degC", .need = base::Need::required});
    v.field("pct_per_K", s.pct_per_K, {.doc = "its growth with temperature", .need = base::Need::required});
    v.field("r_av_mohm", s.r_av_mohm, {.doc = "slope of one FET", .need = base::Need::required});
    v.field("spread_V", s.spread_V, {.doc = "lowest part of a group below its mean", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetChargeFile& s) {
    v.about("mosfet_charge", "Capacitances of the sheet, and shapes.");
    v.field("v_meas_V", s.v_meas_V, {.doc = "drain voltage at which the sheet measures", .need = base::Need::required});
    v.field("c_iss_pF", s.c_iss_pF, {.doc = "input capacitance", .need = base::Need::required});
    v.field("c_oss_pF", s.c_oss_pF, {.doc = "output capacitance", .need = base::Need::required});
    v.field("c_rss_pF", s.c_rss_pF, {.doc = "reverse transfer capacitance", .need = base::Need::required});
    v.field("cgd_floor_pF", s.cgd_floor_pF,
            {.doc = "gate-drain capacitance at high voltage", .need = base::Need::required});
    v.field("cgd_width_V", s.cgd_width_V, {.doc = "voltage scale of its fall", .need = base::Need::required});
    v.field("cds_floor_pF", s.cds_floor_pF,
            {.doc = "drain-source capacitance at high voltage", .need = base::Need::required});
    v.field("cds_width_V", s.cds_width_V, {.doc = "voltage scale of its fall", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetDiodeFile& s) {
    v.about("mosfet_diode", "Body diode of one FET.");
    v.field("v_ref_V", s.v_ref_V,
            {.doc = "junction voltage at i_ref and 25 degC, without series resistance", .need = base::Need::required});
    v.field("i_ref_A", s.i_ref_A, {.doc = "current of v_ref", .need = base::Need::required});
    v.field("mV_per_K", s.mV_per_K, {.doc = "temperature coefficient of v_ref", .need = base::Need::required});
    v.field("n", s.n, {.doc = "emission coefficient", .need = base::Need::required});
    v.field("r_mohm", s.r_mohm, {.doc = "series resistance", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetLimitsFile& s) {
    v.about("mosfet_limits", "What one FET survives.");
    v.field("tj_max_degC", s.tj_max_degC, {.doc = "junction temperature", .need = base::Need::required});
    v.field("e_as_mJ", s.e_as_mJ,
            {.doc = "single-pulse avalanche energy at i_as_ref and 25 degC", .need = base::Need::required});
    v.field("i_as_ref_A", s.i_as_ref_A, {.doc = "current of e_as", .need = base::Need::required});
    v.field("i_as_max_A", s.i_as_max_A, {.doc = "avalanche current, single pulse", .need = base::Need::required});
    v.field("v_gs_max_V", s.v_gs_max_V, {.doc = "gate-source voltage", .need = base::Need::required});
    v.field("i_d_A", s.i_d_A, {.doc = "continuous drain current at 25 degC case", .need = base::Need::required});
    v.field("i_pulse_A", s.i_pulse_A, {.doc = "pulsed drain current", .need = base::Need::required});
    v.field("soa_1ms_J", s.soa_1ms_J, {.doc = "linear-mode energy within 1 ms", .need = base::Need::required});
    v.field("soa_10us_J", s.soa_10us_J, {.doc = "linear-mode energy within 10 us", .need = base::Need::required});
    v.field("soa_share", s.soa_share,
            {.doc = "usable part in a group, for the spread of thresholds", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetFosterFile& s) {
    v.about("mosfet_foster", "One link of the thermal network junction to case.");
    v.field("r_K_per_W", s.r_K_per_W, {.doc = "resistance", .need = base::Need::required});
    v.field("tau_us", s.tau_us, {.doc = "time constant", .need = base::Need::required});
}
template <class V>
void describe(V& v, MosfetValidFile& s) {
    v.about("mosfet_valid_range", "Where the data hold; a run that leaves it is marked EXTRAPOLATED.");
    v.field("tj_min_degC", s.tj_min_degC,
            {.doc = "lowest junction temperature", .need = base::Need::required, .min = -100, .max = 300});
    v.field("tj_max_degC", s.tj_max_degC,
            {.doc = "highest junction temperature", .need = base::Need::required, .min = -100, .max = 300});
    v.check(s.tj_min_degC < s.tj_max_degC, "tj_max_degC", "must be above tj_min_degC");
}
template <class V>
void describe(V& v, MosfetModelFile& s) {
    v.about("mosfet_model", "A power MOSFET: channel, body diode, avalanche, charges, limits, thermal impedance.");
    v.field("bmstwin_mosfet", s.bmstwin_mosfet,
            {.doc = "format version", .need = base::Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name, equal to the file's", .need = base::Need::required});
    v.field("title", s.title, {.doc = "one line", .need = base::Need::required});
    v.field("label", s.label, {.doc = "how sure the whole is", .need = base::Need::required});
    v.field("sources", s.sources, {.doc = "where the figures come from", .need = base::Need::required, .min_items = 1});
    v.field("notes", s.notes, {.doc = "what a user should know"});
    v.field("valid", s.valid, {.doc = "valid range", .need = base::Need::required});
    v.field("channel", s.channel, {.doc = "conduction", .need = base::Need::required});
    v.field("breakdown", s.breakdown, {.doc = "avalanche", .need = base::Need::required});
    v.field("charge", s.charge, {.doc = "capacitances", .need = base::Need::required});
    v.field("diode", s.diode, {.doc = "body diode", .need = base::Need::required});
    v.field("limits", s.limits, {.doc = "ratings", .need = base::Need::required});
    v.field("foster", s.foster,
            {.doc = "thermal network junction to case", .need = base::Need::required, .min_items = 3, .max_items = 3});
}

}  // namespace twin::power
