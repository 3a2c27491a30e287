// SPDX-License-Identifier: Apache-2.0
#include "scenario/event_text.hpp"

#include <fmt/format.h>

#include <variant>

namespace twin::scenario {
namespace {

std::string pair_of(const std::vector<std::string>& between) {
    return between.size() == 2 ? between[0] + " and " + between[1] : std::string("two places");
}

std::string scalar(const Scalar& s) {
    if (s.kind == Scalar::Kind::text) return s.text;
    if (s.kind == Scalar::Kind::boolean) return s.number != 0.0 ? "on" : "off";
    return s.kind == Scalar::Kind::number ? fmt::format("{:.6g}", s.number) : std::string();
}

std::string seconds(Time_ns t) { return fmt::format("{:.6g} s", base::to_s(t)); }

struct Words {
    const Event& event;

    std::string operator()(const DoShort& a) const {
        return fmt::format("{} are shorted by {:.6g} mOhm and {:.6g} uH", pair_of(a.between), a.r_Ohm * 1e3,
                           a.l_H * 1e6);
    }
    std::string operator()(const DoSwap& a) const { return fmt::format("{} are exchanged", pair_of(a.between)); }
    std::string operator()(const DoOpen& a) const { return a.target + " breaks"; }
    std::string operator()(const DoInject& a) const { return fmt::format("{} becomes faulty: {}", a.target, a.fault); }
    std::string operator()(const DoUnplug& a) const { return a.target + " is unplugged"; }
    std::string operator()(const DoPlug& a) const { return a.target + " is plugged in"; }
    std::string operator()(const DoConnect& a) const { return a.target + " is connected"; }
    std::string operator()(const DoDisconnect& a) const { return a.target + " is disconnected"; }
    std::string operator()(const DoClear& a) const { return fmt::format("event {} is undone", a.target); }
    std::string operator()(const DoStep& a) const { return fmt::format("{} steps to {:.6g}", a.target, a.to); }
    std::string operator()(const DoRamp& a) const {
        return fmt::format("{} goes to {:.6g} over {}", a.target, a.to, seconds(a.over));
    }
    std::string operator()(const DoPulse& a) const {
        return fmt::format("{} is {:.6g}{}", a.target, a.to, event.for_ ? " for " + seconds(*event.for_) : "");
    }
    std::string operator()(const DoSet& a) const { return fmt::format("{} is set to {}", a.target, scalar(a.to)); }
    std::string operator()(const DoCommand& a) const {
        const std::string& what = a.switch_.empty() ? a.parameter : a.switch_;
        return fmt::format("command of role {}: {} {}", a.role, what, scalar(a.to));
    }
    std::string operator()(const DoSend& a) const {
        return fmt::format("{} bytes are sent to {}", a.hex.size() / 2, a.target);
    }
};

}  // namespace

std::string describe(const Event& event) { return std::visit(Words{event}, event.action); }

}  // namespace twin::scenario
