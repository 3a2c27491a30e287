// SPDX-License-Identifier: Apache-2.0
// Pi, and constants of physics (CODATA 2018, exact by the definition of the SI units but for the rounding of products).
#pragma once

namespace twin::base {

inline constexpr double k_pi = 3.14159265358979323846;
inline constexpr double k_faraday_CperMol = 96485.33212;
inline constexpr double k_gas_JperMolK = 8.31446261815324;
inline constexpr double k_zero_degC_K = 273.15;

}  // namespace twin::base
