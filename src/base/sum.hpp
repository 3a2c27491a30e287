// SPDX-License-Identifier: Apache-2.0
// Compensated sum: ledger lines and charge counters must not drift over 1e9 additions.
#pragma once
#include "base/lanes.hpp"

namespace twin::base {

template <class T>
struct Sum {
    T hi{0.0};
    T lo{0.0};
    void add(const T& x) {
        const T t = hi + x;
        const T back = t - hi;
        lo = lo + ((hi - (t - back)) + (x - back));  // the rounding error of t, exact (Knuth)
        hi = t;
    }
    T value() const { return hi + lo; }
};

}  // namespace twin::base
