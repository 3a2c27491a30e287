// SPDX-License-Identifier: Apache-2.0
// One instance's mutable numbers as one contiguous block of T with named, contiguous arrays: copying the block is the
// snapshot of a step, its table gives save, load, hash and views. T is double or a pack of 8 instances.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "base/hash.hpp"
#include "base/lanes.hpp"

namespace twin::power {

struct BlockField {
    std::string name;
    std::string unit;
    std::size_t first = 0;  // index of the first T
    std::size_t count = 0;
    bool hashed = true;
};

template <class T>
class Block {
public:
    /// Adds an array and returns the index of its first element. Only while building.
    std::size_t add(const std::string& name, const std::string& unit, std::size_t count, bool hashed,
                    double init = 0.0) {
        fields_.push_back({name, unit, mem_.size(), count, hashed});
        mem_.resize(mem_.size() + count, T(init));
        return fields_.back().first;
    }
    T* at(std::size_t first) { return mem_.data() + first; }
    const T* at(std::size_t first) const { return mem_.data() + first; }
    std::vector<T>& mem() { return mem_; }
    const std::vector<T>& mem() const { return mem_; }
    const std::vector<BlockField>& fields() const { return fields_; }

    /// Feeds every hashed element of one lane.
    void hash(base::Hasher& h, std::size_t lane) const {
        for (std::size_t k = 0; k < fields_.size();) {  // neighbours in one go
            const std::size_t first = fields_[k].first;
            std::size_t count = 0;
            const bool hashed = fields_[k].hashed;
            for (; k < fields_.size() && fields_[k].hashed == hashed; ++k) count += fields_[k].count;
            if (!hashed) continue;
            if constexpr (std::is_same_v<T, double>) {
                h.f64s(mem_.data() + first, count);
            } else {
                lane_.resize(count);
                for (std::size_t i = 0; i < count; ++i) lane_[i] = base::lane(mem_[first + i], lane);
                h.f64s(lane_.data(), count);
            }
        }
    }

private:
    std::vector<T> mem_;
    std::vector<BlockField> fields_;
    mutable std::vector<double> lane_;  // one lane of a field while it is hashed
};

}  // namespace twin::power
