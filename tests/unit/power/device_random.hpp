// SPDX-License-Identifier: Apache-2.0
// Reproducible random points for the device tests.
#pragma once
#include <cstdint>

#include "base/rng.hpp"

namespace twin::test {

class Points {
public:
    explicit Points(std::uint64_t seed) : seed_(seed) {}
    double in(double lo, double hi) { return lo + (hi - lo) * base::uniform({seed_, 1}, base::Stream::profile, n_++); }

private:
    std::uint64_t seed_;
    std::uint64_t n_ = 0;
};

}  // namespace twin::test
