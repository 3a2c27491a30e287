// SPDX-License-Identifier: Apache-2.0
#include "io/channel_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/text.hpp"

namespace twin::io {
namespace {

std::string access_of(const ChannelInfo& c) {
    if (!c.settable) return "";
    if (c.min > c.max) return "set";
    return fmt::format("set {}..{}", number_short(c.min), number_short(c.max));
}

}  // namespace

std::string channels_table(const std::vector<ChannelInfo>& channels) {
    std::size_t name = 4, unit = 4, shape = 5, access = 6;
    for (const ChannelInfo& c : channels) {
        name = std::max(name, c.name.size());
        unit = std::max(unit, c.unit.size());
        shape = std::max(shape, c.shape.size());
        access = std::max(access, access_of(c).size());
    }
    const auto line = [&](const std::string& a, const std::string& b, const std::string& c, const std::string& d,
                          const std::string& e) {
        std::string s = fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<{}}  {}", a, name, b, unit, c, shape, d, access, e);
        s.erase(s.find_last_not_of(' ') + 1);
        return s + '\n';
    };
    std::string out = line("NAME", "UNIT", "SHAPE", "ACCESS", "MEANING");
    for (const ChannelInfo& c : channels) out += line(c.name, c.unit, c.shape, access_of(c), c.meaning);
    return out;
}

std::string channels_json(const std::vector<ChannelInfo>& channels) {
    using Json = nlohmann::ordered_json;
    Json all = Json::array();
    for (const ChannelInfo& c : channels) {
        Json range = nullptr;
        if (c.settable && c.min <= c.max) range = Json::array({c.min, c.max});
        all.push_back({{"name", c.name},
                       {"unit", c.unit},
                       {"shape", c.shape},
                       {"meaning", c.meaning},
                       {"discrete", c.discrete},
                       {"readable", c.readable},
                       {"settable", c.settable},
                       {"range", range}});
    }
    return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace twin::io
