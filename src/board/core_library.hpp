// SPDX-License-Identifier: Apache-2.0
// Control cores: the built-in one, or a shared object that exports bms_core_get.
#pragma once
#include <memory>
#include <string>

#include "board/board_types.hpp"

namespace twin::board {

/// A loaded shared object; unloaded when the last copy goes.
class CoreLibrary {
public:
    const bms_core* core() const { return core_; }
    const std::string& path() const { return path_; }

private:
    friend CoreLibrary load_core(const std::string& path, int n_instances);
    std::shared_ptr<void> handle_;
    const bms_core* core_ = nullptr;
    std::string path_;
};

/// The core compiled into this library.
const bms_core* builtin_core();

/// Throws BoardError if `core` speaks another ABI, lacks a function, blocks (BMS_CAP_BLOCKING), or is not REENTRANT and
/// more than one instance is wanted. `name` stands in the message.
void check_core(const bms_core* core, const std::string& name, int n_instances);

/// dlopen(path), bms_core_get, check_core. Throws BoardError.
CoreLibrary load_core(const std::string& path, int n_instances);

}  // namespace twin::board
