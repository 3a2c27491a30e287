// SPDX-License-Identifier: Apache-2.0
// Compensated (Neumaier) sum: ledger lines and charge counters must not drift over 1e9 additions.
#pragma once
#include "base/lanes.hpp"

namespace twin::base {

template <class T>
struct Sum {
    T hi{0.0};
    T lo{0.0};
    void add(const T& x) {
        const T t = hi + x;
        lo = lo + select(abs2(hi) >= abs2(x), (hi - t) + x, (x - t) + hi);
        hi = t;
    }
    T value() const { return hi + lo; }
};

}  // namespace twin::base
