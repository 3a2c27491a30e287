// SPDX-License-Identifier: Apache-2.0
// What a pack must be protected from: the requirement profile (models/profiles/<name>.json) for one product and
// chemistry. Limits are judged on truth: `set` is the nominal level; a conforming unit has acted at the latest at set +
// tol (away from the safe side) after delay + delay_tol, and must not act before set - tol held for delay - delay_tol.
// Sign convention: currents are positive when they discharge the battery.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"

namespace twin::scenario {

/// A level with delay as the file states it. Currents are multiples of the rated current (`level` in 1), voltages in V,
/// temperatures in degC; `tol` in the same unit.
struct LimitData {
    double level = 0.0;
    double tol = 0.0;
    double delay_s = 0.0;
    double delay_tol_s = 0.0;
};
struct ChemistryLimits {
    double v_ul_V = 0.0;             // upper limit of the cell's maker
    double full_V = 0.0;             // cell voltage from which a charge may be called complete
    LimitData cov, cuv;              // cell voltage
    std::int64_t small_strings = 0;  // up to so many cells in series cuv's level is small_cuv_V (supply above 10 V)
    double small_cuv_V = 0.0;
    LimitData charge_cold, charge_hot, discharge_cold, discharge_hot;  // cell temperature
};
struct WiringLimits {
    double swap_s = 0.2;  // after the board could first measure
    double open_lead_s = 2.0;
    double ntc_s = 3.0;
    double string_count_s = 1.0;
    double startup_s = 1.0;  // from power-on to the first complete measurement
    std::int64_t miswire_strings = 6;
};
struct RequirementFile {
    std::string id, title, source;
    LimitData occ, ocd, scd;  // multiples of the rated current
    LimitData fet_hot;        // MOSFET temperature at its NTC
    ChemistryLimits LFP, NMC, LTO;
    WiringLimits wiring;
    double idle_A = 0.5;         // currents below it count as none
    double alarm_grace_s = 1.0;  // an opening counts as an alarm's if the alarm is set within this time
    double service_s = 1.0;      // back in service: closed and without alarm for so long at the end
};

enum class LimitKind : std::uint8_t {
    cov,
    cuv,
    occ,
    ocd,
    scd,
    charge_cold,
    charge_hot,
    discharge_cold,
    discharge_hot,
    fet_hot
};
const char* limit_name(LimitKind k);

/// Which current must flow for truth beyond a limit to be over it.
enum class Flow : std::uint8_t { any, charging, discharging, flowing, chg_on, dsg_on, chg_gate, dsg_gate };

/// One limit in channel units. Truth beyond `over` for longer than over_s, with the flow of `flow`, is MISSED; truth
/// beyond `due` for at least due_s makes an act due. chg_on: charge current flows, or the charge gate is on and no
/// discharge current flows; dsg_on likewise. chg_gate, dsg_gate: that gate is on; the current of a loop goes on for a
/// while after the gate has acted in time, so over-currents are judged by the gate, and by a second limit with k_tail_s
/// added for a current that the opened gate does not stop.
struct Limit {
    LimitKind kind = LimitKind::cov;
    const char* channel = "";  // for one pack: "truth.cell.v_max_V"
    bool above = true;         // beyond means greater
    double over = 0.0, due = 0.0;
    double over_s = 0.0, due_s = 0.0;
    Flow flow = Flow::any;
};
inline constexpr double k_tail_s = 5e-3;

struct Requirements {
    std::string profile, chemistry, product;
    double rated_A = 0.0;
    std::vector<Limit> limits;
    WiringLimits wiring;
    double full_V = 0.0, idle_A = 0.5, alarm_grace_s = 1.0, service_s = 1.0;
};
/// The limits of one product with this chemistry ("LFP", "NMC", "LTO") and so many cells in series; an unknown
/// chemistry leaves the current and MOSFET limits only.
Requirements requirements_for(const RequirementFile& file, std::string_view product, double rated_A,
                              std::string_view chemistry, int series);

}  // namespace twin::scenario
