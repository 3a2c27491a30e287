// SPDX-License-Identifier: Apache-2.0
// Numerical failures are values, never exceptions: the step returns a Status with time and place.
#pragma once
#include <cstdint>

#include "base/time.hpp"

namespace twin::base {

enum class StatusCode : std::uint32_t {
    ok = 0,
    no_convergence = 1,  // Newton or state iteration did not settle; place = branch or port index
    not_finite = 2,      // NaN or infinity in a state; place = state index
    step_floor = 3,      // error control asked for less than the smallest step
    livelock = 4,        // more than 16 rounds at one instant; place = board index
    not_positive = 5,    // a pivot of the nodal matrix was not positive; place = node
    queue_full = 6,      // more pending events than the fixed queue holds
};

struct Status {
    StatusCode code = StatusCode::ok;
    std::int32_t place = -1;
    Time_ns t_ns = 0;
    bool ok() const { return code == StatusCode::ok; }
};

}  // namespace twin::base
