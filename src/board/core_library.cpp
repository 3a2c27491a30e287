// SPDX-License-Identifier: Apache-2.0
#include "board/core_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace twin::board {

const bms_core* builtin_core() { return bms_core_get(BMS_ABI); }

void check_core(const bms_core* core, const std::string& name, int n_instances) {
    const auto refuse = [&](const std::string& why) { throw BoardError(fmt::format("{} {}", name, why), "core"); };
    if (core == nullptr) refuse(fmt::format("does not speak ABI {} of bms/core_api.h", BMS_ABI));
    if (core->abi != BMS_ABI) refuse(fmt::format("speaks ABI {}, this simulator ABI {}", core->abi, BMS_ABI));
    if (core->struct_size < sizeof(bms_core))
        refuse(fmt::format("has a function table of {} bytes, {} are needed", core->struct_size, sizeof(bms_core)));
    if (core->init == nullptr || core->step == nullptr || core->describe == nullptr || core->get_param == nullptr ||
        core->set_param == nullptr || core->get_signal == nullptr || core->load_params == nullptr ||
        core->save_params == nullptr || core->status_text == nullptr)
        refuse("lacks a function of the table");
    if ((core->flags & BMS_CAP_BLOCKING) != 0)
        refuse(
            "blocks inside its step (BMS_CAP_BLOCKING); cores of that kind need a host with fibres, which this version "
            "has not");
    if ((core->flags & BMS_CAP_REENTRANT) == 0 && n_instances > 1)
        refuse(fmt::format("is not REENTRANT: {} instances in one process would share its statics", n_instances));
    if (core->state_size == 0 || core->state_size > (1U << 24))
        refuse(fmt::format("wants {} bytes of state, 1 .. 16777216 are allowed", core->state_size));
    const bms_description* d = core->describe();
    if (d == nullptr || d->abi != BMS_ABI || d->struct_size < sizeof(bms_description))
        refuse(fmt::format("does not describe itself in ABI {}", BMS_ABI));
    if ((d->n_params > 0 && d->params == nullptr) || (d->n_signals > 0 && d->signals == nullptr))
        refuse("describes tables that it does not give");
    for (std::uint32_t k = 0; k < d->n_params; ++k)
        if (d->params[k].name == nullptr || d->params[k].unit == nullptr || d->params[k].den <= 0)
            refuse(fmt::format("describes parameter {} without name, unit or a positive den", k));
    for (std::uint32_t k = 0; k < d->n_signals; ++k)
        if (d->signals[k].name == nullptr || d->signals[k].unit == nullptr || d->signals[k].den <= 0)
            refuse(fmt::format("describes signal {} without name, unit or a positive den", k));
}

CoreLibrary load_core(const std::string& path, int n_instances) {
    CoreLibrary lib;
    lib.path_ = path;
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* why = dlerror();
        throw BoardError(fmt::format("core \"{}\" cannot be loaded: {}", path, why != nullptr ? why : "unknown reason"),
                         "core");
    }
    lib.handle_ = std::shared_ptr<void>(handle, [](void* h) { dlclose(h); });
    void* symbol = dlsym(handle, "bms_core_get");
    if (symbol == nullptr) throw BoardError(fmt::format("core \"{}\" does not export bms_core_get", path), "core");
    lib.core_ = reinterpret_cast<bms_core_get_fn>(symbol)(BMS_ABI);
    check_core(lib.core_, fmt::format("core \"{}\"", path), n_instances);
    return lib;
}

}  // namespace twin::board
