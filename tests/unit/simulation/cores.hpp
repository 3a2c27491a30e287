// SPDX-License-Identifier: Apache-2.0
// Control cores that fail in a chosen way. Stateless beyond what the host keeps for them.
#pragma once
#include <bms/core_api.h>

#include <cstring>

#include "board/core_library.hpp"

namespace rig {

/// Does nothing at all: every pin low, no byte on the bus.
inline const bms_core* inert_core() {
    static const bms_core core = [] {
        bms_core c = *twin::board::builtin_core();
        c.step = [](void*, const bms_port*, const bms_in*, bms_out* out) -> std::int32_t {
            std::memset(out, 0, sizeof *out);
            out->abi = BMS_ABI;
            out->struct_size = sizeof *out;
            out->next_wake_us = BMS_NEVER;
            return BMS_OK;
        };
        return c;
    }();
    return &core;
}

/// The built-in core until 2.9 s after power-on, from then on frozen: what it has set up in the front end stays.
inline const bms_core* freezing_core() {
    static const bms_core core = [] {
        bms_core c = *twin::board::builtin_core();
        c.step = [](void* s, const bms_port* port, const bms_in* in, bms_out* out) -> std::int32_t {
            if (in->now_us < 2'900'000) return twin::board::builtin_core()->step(s, port, in, out);
            return inert_core()->step(s, port, in, out);
        };
        return c;
    }();
    return &core;
}

/// The built-in core, deaf to everything that a user switches.
inline const bms_core* deaf_core() {
    static const bms_core core = [] {
        bms_core c = *twin::board::builtin_core();
        c.set_param = [](void* s, std::uint32_t id, std::int32_t value, std::uint32_t role) -> std::int32_t {
            return role == BMS_ROLE_FACTORY ? twin::board::builtin_core()->set_param(s, id, value, role) : BMS_OK;
        };
        return c;
    }();
    return &core;
}

}  // namespace rig
