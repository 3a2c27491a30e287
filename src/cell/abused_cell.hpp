// SPDX-License-Identifier: Apache-2.0
// An equivalent-circuit cell that may be abused: reversal, overcharge, plating, internal shorts (given, of copper, of
// the molten separator) and runaway. The internal short is a branch across the terminals inside the cell:
//   i_cell = i + G v,   v = EMF(i_cell) + beyond(soc) - R0 i_cell
// All heat, that of the reactions included, enters the core of the equivalent circuit. A step in which the reactions
// would warm the core by more than k_step_K is made in halves. Current is positive when it discharges the cell.
#pragma once
#include "cell/abuse.hpp"
#include "cell/ecm.hpp"

namespace twin::cell {

/// Everything that changes; plain data.
struct AbusedState {
    EcmState<double> ecm;
    RunawayVector reaction{};   // its temperature follows the core's
    double reaction_h_s = 0.0;  // next step of the kinetics
    double soc_min = 1.0;       // lowest ever: copper
    double plated_C = 0.0;      // lithium that plated, gross
    double side_C = 0.0;        // charge that side reactions of overcharge took
    double eta_min_V = 1.0;     // lowest potential of the anode against lithium while charging
    double short_J = 0.0;       // heat of internal shorts
    double reaction_J = 0.0;    // heat of the reactions
    double charge_out_C = 0.0;  // through the terminals
    double heat_J = 0.0;        // all heat in the cell
};

class AbusedCell {
public:
    static constexpr double k_step_K = 3.0;

    /// Both must outlive the cell.
    AbusedCell(const EcmModel& m, const AbuseModel& a, double capacity_scale = 1.0, double r_scale = 1.0);

    AbusedState make_state(double soc, double t_degC, double h0 = 0.0) const;
    /// Advances by h > 0 at constant terminal current; false: no solution (values not finite).
    bool advance(AbusedState& s, double h_s, double i_A, double t_env_degC) const;
    /// Terminal voltage just after the current became i.
    double voltage_V(const AbusedState& s, double i_A) const;
    /// Conductance of all internal shorts.
    double short_S(const AbusedState& s) const;
    /// Share of the decomposition heat that has been released, 0 .. 1.
    double reacted(const AbusedState& s) const;
    const EcmParams<double>& params() const { return p_; }

    double given_short_S = 0.0;  // of whoever abuses it

private:
    bool step(AbusedState& s, const EcmCoeffs& c, double i_A, double t_env_degC, bool may_be_hot) const;
    bool halves(AbusedState& s, double h_s, double i_A, double t_env_degC, int level) const;

    const EcmModel* m_;
    const AbuseModel* a_;
    EcmParams<double> p_;
    RunawayCell heat_;
};

}  // namespace twin::cell
