// SPDX-License-Identifier: Apache-2.0
#include <twin/version.hpp>

#include <fmt/format.h>

#include <bms/core_api.h>

namespace twin {

std::string version() { return BMSTWIN_VERSION_STRING; }

std::vector<NamedText> versions() {
    return {{"bmstwin", version()}, {"scenario language", "1"}, {"core ABI", fmt::format("{}", BMS_ABI)}};
}

}  // namespace twin
