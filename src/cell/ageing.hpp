// SPDX-License-Identifier: Apache-2.0
// Ageing laws in rate form. A law is a sum of mechanisms; each loses y as a function of its own damage z, which only
// grows linearly with time or throughput at constant stress:
//
//   power    y = k x^p          dz = k^(1/p) dx,  y = z^p
//   power_b  y = (k x)^p        dz = k dx,        y = z^p
//   sigmoid  y = y_inf tanh(z^p / 2), dz = k dx   (the law 2 y_inf (1/2 - 1/(1 + exp((k x)^p))))
//
// where x is days or equivalent full cycles (EFC: charge moved either way / twice the new capacity) and k a function of
// the stress. Because z adds up, changing conditions are followed exactly by the method of virtual time, in any order
// and at any step; capacity and resistance are functions of the y. Nothing here allocates once a law is compiled.
// Current is positive when it discharges the cell.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/expression.hpp"

namespace twin::cell {

inline constexpr std::size_t k_ageing_terms = 8;
inline constexpr double k_s_per_d = 86400.0;

/// What the laws' functions of stress may use, in this order; `ua` is graphite's potential against lithium.
inline constexpr std::string_view k_stress_names[] = {"T", "T_C", "soc", "ua", "v", "dod", "c", "c_chg", "c_dis"};

/// Conditions of an instant (time) or of a half cycle (throughput); rates relative to the new capacity.
struct Stress {
    double t_K = 298.15, soc = 0.5, v_V = 3.7;
    double dod = 0.0;                          // 0 .. 1, of the half cycle
    double c = 0.0, c_chg = 0.0, c_dis = 0.0;  // 1/h, mean while current flows
};

enum class AgeingDriver : std::uint8_t { time, throughput };
enum class AgeingKind : std::uint8_t { power, power_b, sigmoid };

struct AgeingTerm {
    std::string name;
    AgeingDriver driver = AgeingDriver::time;
    AgeingKind kind = AgeingKind::power;
    base::Expression k;  // of k_stress_names
    double p = 1.0;      // exponent
    double per = 1.0;    // x = days / per or EFC / per
    double y_inf = 1.0;  // of a sigmoid
    bool depends_on_ua = false;
};

/// Where a law was measured.
struct AgeingRange {
    double t_min_degC = 0.0, t_max_degC = 0.0, c_chg_max = 0.0, c_dis_max = 0.0;
};

struct AgeingModel {
    std::string id, title, chemistry, label;
    std::vector<AgeingTerm> term;           // 1 .. k_ageing_terms
    base::Expression capacity, resistance;  // of the terms' y, relative to new
    AgeingRange valid;
    double loss_tol_rel = 0.0;  // of the lost capacity
};

/// Damage of one cell: z of every term, and what it went through.
struct AgeingState {
    std::array<double, k_ageing_terms> z{};
    double days_d = 0.0, efc = 0.0;
};

/// Capacity and resistance relative to new.
struct Health {
    double capacity_rel = 1.0, r_rel = 1.0;
};

/// Graphite's potential against lithium at a cell's state of charge, V (Safari, Delacourt 2011, 10.1149/1.3567007; the
/// stoichiometry window of Schimpe et al. 2018, 10.1149/2.1181714jes).
double graphite_V(double soc);

/// Damage per day (time) or per EFC (throughput) of term j under this stress; >= 0. A law that turns negative outside
/// its range does no damage there.
double damage_rate(const AgeingModel& m, std::size_t j, const Stress& s);

/// y of term j at damage z.
double loss_of(const AgeingTerm& t, double z);
Health health(const AgeingModel& m, const AgeingState& s);

/// dt at constant conditions; only the terms driven by time grow.
void age_time(const AgeingModel& m, AgeingState& s, const Stress& stress, double dt_d);
/// d_efc under constant stress; only the terms driven by throughput grow.
void age_cycle(const AgeingModel& m, AgeingState& s, const Stress& stress, double d_efc);
/// n times the damage `d` of a period (the periods' own stress unchanged).
void age_periods(AgeingState& s, const AgeingState& d, double n);

}  // namespace twin::cell
