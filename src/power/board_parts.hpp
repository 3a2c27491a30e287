// SPDX-License-Identifier: Apache-2.0
// The parts of a board that the plant sees: plain SI values with their tolerance elsewhere (models/boards/*.json).
// Sign convention: currents are positive when they discharge the battery.
#pragma once
#include <cstdint>
#include <string>

namespace twin::power {

/// Series RC across each MOSFET group; without it the loop rings for thousands of steps (on real boards too).
struct SnubberParts {
    double c_F = 47e-9;
    double r_Ohm = 1.0;
};

/// Energy clamp from P- to the FET source side: conducts above v_on with slope r.
struct ClampParts {
    bool fitted = true;
    double v_on_V = 76.0;
    double r_Ohm = 6e-3;
    double energy_limit_J = 30.0;
};

/// One AFE input: lead -> filter resistor -> pin with capacitor and clamps to the next lower pin.
struct InputStageParts {
    double r_filter_Ohm = 1000.0;
    double r_filter_limit_W = 0.125;
    double c_filter_F = 0.1e-6;
    double c_limit_V = 50.0;
    double clamp_forward_V = 0.6;   // conducts when the channel is below -0.6 V
    double clamp_reverse_V = 30.0;  // conducts when the channel is above 30 V
    double clamp_r_Ohm = 5.0;       // slope of both clamps
    double pin_limit_A = 25e-3;
    bool balancer_fet_back_to_back = true;  // false: a reversed channel conducts through two body diodes
    double balancer_fet_r_Ohm = 0.05;
};

struct HarnessParts {
    double lead_r_Ohm = 0.040;         // sampling lead and plug contact
    double b_plus_lead_r_Ohm = 0.020;  // the board's own supply wire
    double b_minus_r_Ohm = 0.15e-3;    // power lead B- with its two screws
    double p_plus_r_Ohm = 0.15e-3;     // power lead from the stack to P+
    double joint_r_Ohm = 0.05e-3;      // one busbar joint per cell
    double cell_l_H = 0.05e-6;         // loop inductance share of each cell
    double cable_l_H = 0.4e-6;         // cable and board; half in B-, half in P+
};

/// Board supply: diode from B+, hold-up capacitor, undervoltage lock-out, draws by mode.
struct SupplyParts {
    double diode_is_A = 1e-9;
    double diode_n = 1.8;
    double diode_r_Ohm = 0.5;
    double c_holdup_F = 47e-6;
    double uvlo_fall_V = 8.5;
    double uvlo_rise_V = 9.5;
    double reset_s = 10e-3;
    double awake_W = 1.25;
    double asleep_W = 0.025;
};

struct GateDriveParts {
    double v_on_V = 12.0;
    double r_gate_Ohm = 51.0;
    double delay_s = 0.5e-6;
};

struct PrechargeParts {
    double r_Ohm = 47.0;
    double energy_limit_J = 14.0;
};

struct PSenseParts {
    double r_top_Ohm = 1e6;
    double r_bottom_Ohm = 100e3;
    double filter_s = 1e-3;
};

/// Active balancer, averaged store-and-forward (reference values: reference unit of the product, 1.1 +- 0.2 A).
struct BalancerParts {
    double i_set_A = 1.1;
    double transfer_fraction = 0.45;  // share of the wall time in which charge is moved at i_set, per direction
    double efficiency = 0.80;
    double fixed_loss_W = 0.05;
};

struct BoardThermalParts {
    double r_th_K_W = 2.5;    // board to ambient
    double c_th_J_K = 189.0;  // 900 J/(kg K) x weight
    double case_to_board_K_W = 0.0;
    double ntc_lag_s = 10.0;     // bead on a cell
    double fet_ntc_lag_s = 8.0;  // bead beside the MOSFETs
};

struct BoardParts {
    std::string product;  // R24TK1A-17S-100A
    double i_rated_A = 100.0;
    std::int32_t strings_min = 8;
    std::int32_t strings_max = 17;
    std::int32_t n_fet_per_group = 5;
    std::string mosfet = "iaut150n10s5n035";  // models/mosfets
    std::string afe = "dvc1124";              // models/afes
    double shunt_Ohm = 0.2e-3;
    double shunt_l_H = 1e-9;
    double leak_S = 1e-7;  // insulation between the stack and the shell
    SnubberParts snubber;
    ClampParts clamp;
    InputStageParts input;
    HarnessParts harness;
    SupplyParts supply;
    GateDriveParts gate;
    PrechargeParts precharge;
    PSenseParts p_sense;
    BalancerParts balancer;
    BoardThermalParts thermal;
};

}  // namespace twin::power
