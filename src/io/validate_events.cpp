// SPDX-License-Identifier: Apache-2.0
#include "io/validate_events.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "scenario/targets.hpp"
#include "scenario/verdict.hpp"

namespace twin::io {

using namespace scenario;  // NOLINT(google-build-using-namespace): everything below is about these structs
using scenario::Scenario;  // not the public handle of the same name

namespace {

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& list) {
    std::vector<std::string> ids;
    for (const T& e : list) ids.push_back(e.id);
    return ids;
}

std::string unknown(std::string_view what, const std::string& id, const std::vector<std::string>& known) {
    const std::string near = base::nearest(id, known);
    return fmt::format("no {} \"{}\"{}", what, id.substr(0, 80),
                       near.empty() ? fmt::format("; there are: {}",
                                                  known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")))
                                    : fmt::format(", did you mean \"{}\"?", near));
}

class EventCheck {
public:
    EventCheck(Scenario& s, Findings& f)
        : s_(s),
          f_(f),
          events_(ids_of(s.events)),
          packs_(ids_of(s.packs)),
          loads_(ids_of(s.loads)),
          chargers_(ids_of(s.chargers)) {}

    void timing(Event& e, const std::string& at) {
        if (!e.at && !e.every && !e.when) f_.error(at, nullptr, "needs one of at_s, every_s, when");
        if (e.when && (e.at || e.every)) f_.error(at, nullptr, "may have only one of when and at_s / every_s");
        if (e.hold > 0 && !e.when) f_.error(at + "/hold_s", nullptr, "belongs to `when`");
        if (e.at && *e.at > s_.duration)
            f_.error(at + "/at_s", nullptr,
                     fmt::format("{} s lies after the end at {} s", base::to_s(*e.at), base::to_s(s_.duration)));
        if (std::holds_alternative<DoPulse>(e.action) && !e.for_) f_.error(at, nullptr, "a pulse needs for_s");
        if (e.id == "trip")
            f_.error(at + "/id", nullptr, "\"trip\" is the first uncommanded opening of a gate; choose another id");
        if (e.when) condition(*e.when, at + "/when");
    }

    void condition(Condition& c, const std::string& at) {
        const std::string error = compile_text(c);
        if (!error.empty()) f_.error(at, nullptr, error);
        walk_events(c, at);
    }

    void event_id(const std::string& id, const std::string& at) {
        if (id != "trip" && std::find(events_.begin(), events_.end(), id) == events_.end())
            f_.error(at, nullptr, unknown("event", id, events_));
    }

    void action(const Event& e, const std::string& at) {
        const std::string target = action_target(e.action);
        if (const auto* a = std::get_if<DoShort>(&e.action)) return places(a->between, at);
        if (const auto* a = std::get_if<DoSwap>(&e.action)) return leads(a->between, at);
        if (std::holds_alternative<DoClear>(e.action)) return event_id(target, at + "/target");
        const std::optional<Path> p = parse_path(target);
        if (!p && !state_advice(target).empty()) return f_.error(at + "/target", nullptr, state_advice(target));
        if (!p)
            return f_.error(
                at + "/target", nullptr,
                fmt::format("\"{}\" is no target path, e.g. load[m]/cc_A, W5, pack[a].W5", target.substr(0, 80)));
        if (!pack_of(*p, at)) return;
        if (const auto* a = std::get_if<DoStep>(&e.action)) return input(*p, target, a->to, at);
        if (const auto* a = std::get_if<DoRamp>(&e.action)) return input(*p, target, a->to, at);
        if (const auto* a = std::get_if<DoPulse>(&e.action)) return input(*p, target, a->to, at);
        if (const auto* a = std::get_if<DoSet>(&e.action)) return input(*p, target, a->to.number, at);
        if (const auto* a = std::get_if<DoInject>(&e.action)) return fault(*p, *a, at);
        if (const auto* a = std::get_if<DoCommand>(&e.action)) return command(*p, *a, at);
        if (std::holds_alternative<DoConnect>(e.action) || std::holds_alternative<DoDisconnect>(e.action))
            return connection(*p, target, at);
        if (std::holds_alternative<DoSend>(e.action))
            return f_.error(at + "/do", nullptr,
                            "\"send\" is not part of this version yet: boards have no serial port so far");
        lead_or_plug(*p, target, std::holds_alternative<DoOpen>(e.action), at);
    }

private:
    void walk_events(const Condition& c, const std::string& at) {
        if (!c.event.empty()) event_id(c.event, at + "/event");
        for (const Condition& k : c.all) walk_events(k, at);
        for (const Condition& k : c.any) walk_events(k, at);
        for (const Condition& k : c.not_) walk_events(k, at);
    }
    bool pack_of(const Path& p, const std::string& at) {
        if (p.pack.empty()) {
            const bool needs = p.is_pack || base::match_key("W<n>|N<n>|B+|B-|P-|harness|joint|fet|cell|key|di",
                                                            p.head.substr(0, p.head.find('.')));
            if (needs && s_.packs.size() > 1) {
                f_.error(at + "/target", nullptr,
                         fmt::format("with several packs say which: pack[{}].{}", packs_[0], p.head));
                return false;
            }
            return true;
        }
        if (std::find(packs_.begin(), packs_.end(), p.pack) != packs_.end()) return true;
        f_.error(at + "/target", nullptr, unknown("pack", p.pack, packs_));
        return false;
    }
    const Pack& pack(const Path& p) const {
        for (const Pack& k : s_.packs)
            if (k.id == p.pack) return k;
        return s_.packs[0];
    }
    void places(const std::vector<std::string>& between, const std::string& at) {
        for (const std::string& b : between) {
            if (!is_place(b))
                f_.error(
                    at + "/between", nullptr,
                    fmt::format(
                        "\"{}\" is no place; allowed: P+, P-, B+, B-, T<n> (tap n), with pack[a]. in front if several",
                        b.substr(0, 80)));
            else if (s_.packs.size() > 1 && !b.starts_with("pack[") && b != "P+" && b != "P-")
                f_.error(at + "/between", nullptr,
                         fmt::format("with several packs say which: pack[{}].{}", packs_[0], b));
        }
        if (between[0] == between[1]) f_.error(at + "/between", nullptr, "both places are the same");
    }
    void leads(const std::vector<std::string>& between, const std::string& at) {
        for (const std::string& b : between) {
            const std::optional<Path> p = parse_path(b);
            if (!p)
                f_.error(at + "/between", nullptr, fmt::format("\"{}\" is no sampling lead W<n>", b.substr(0, 80)));
            else if (pack_of(*p, at))
                sampling_lead(*p, b, at + "/between");
        }
        if (between[0] == between[1]) f_.error(at + "/between", nullptr, "both leads are the same");
    }
    bool sampling_lead(const Path& p, const std::string& text, const std::string& at) {
        const std::optional<int> n = base::match_key("W<n>", p.head);
        if (n && *n >= 0 && *n <= pack(p).series) return true;
        f_.error(at, nullptr,
                 fmt::format("\"{}\" is no sampling lead; allowed are W0 .. W{}", text.substr(0, 80), pack(p).series));
        return false;
    }
    void input(const Path& p, const std::string& target, double to, const std::string& at) {
        std::string id;
        const SettableInput* row = find_input(p, &id);
        if (row == nullptr) {
            const std::string advice = state_advice(target);
            if (!advice.empty()) return f_.error(at + "/target", nullptr, advice);
            std::vector<std::string> known;
            for (const SettableInput& r : settable_inputs()) known.emplace_back(r.pattern);
            return f_.error(at + "/target", nullptr, unknown("settable input", target, known));
        }
        if (std::string_view(row->pattern).starts_with("load") && !has(loads_, id))
            return f_.error(at + "/target", nullptr, unknown("load", id, loads_));
        if (std::string_view(row->pattern).starts_with("charger") && !has(chargers_, id))
            return f_.error(at + "/target", nullptr, unknown("charger", id, chargers_));
        if (std::string_view(row->pattern).starts_with("load") && !load_has(id, p.leaf))
            return f_.error(at + "/target", nullptr, fmt::format("load \"{}\" has no {}", id, p.leaf));
        const std::string_view used = base::unit_suffix(p.leaf);
        const double value = used.empty() || used == row->unit ? to : base::convert(used, row->unit, to).value_or(to);
        if (!(value >= row->min && value <= row->max))
            f_.error(at + "/to", nullptr,
                     fmt::format("{} is out of range; allowed is {} .. {} {}", to, row->min, row->max, row->unit));
    }
    static bool has(const std::vector<std::string>& list, const std::string& id) {
        return std::find(list.begin(), list.end(), id) != list.end();
    }
    bool load_has(const std::string& id, std::string_view leaf) const {
        for (const Load& l : s_.loads) {
            if (l.id != id) continue;
            if (std::holds_alternative<CapacitorLoad>(l.kind)) return leaf == "idle_A";
            if (std::holds_alternative<MotorLoad>(l.kind)) return leaf == "run_A";
            return std::visit(
                [&](const auto& k) { return base::same_quantity(leaf, std::decay_t<decltype(k)>::k_key); }, l.kind);
        }
        return false;
    }
    void fault(const Path& p, const DoInject& a, const std::string& at) {
        std::vector<std::string> heads;
        std::vector<std::string> kinds;
        const std::string head = p.head[0] == 'N' && p.head.size() == 2 ? "N" : p.head;
        for (const InjectableFault& row : injectable_faults()) {
            if (heads.empty() || heads.back() != row.head) heads.emplace_back(row.head);
            if (head != row.head) continue;
            if (a.fault == row.fault) return;
            kinds.emplace_back(row.fault);
        }
        if (kinds.empty())
            f_.error(at + "/target", nullptr, unknown("part that can be made faulty", a.target, heads));
        else
            f_.error(at + "/fault", nullptr, unknown("fault", a.fault, kinds));
    }
    void command(const Path& p, const DoCommand& a, const std::string& at) {
        static const std::vector<std::string> k_switches = {"chg", "dsg", "sleep", "reset"};
        static const std::vector<std::string> k_roles = {"app", "pc", "service"};
        if (!p.is_pack || !p.head.empty())
            f_.error(at + "/target", nullptr, fmt::format("a command goes to a pack (pack, or pack[{}])", packs_[0]));
        if (!a.switch_.empty() && !has(k_switches, a.switch_))
            f_.error(at + "/switch", nullptr, unknown("switch", a.switch_, k_switches));
        if (!has(k_roles, a.role)) f_.error(at + "/role", nullptr, unknown("role", a.role, k_roles));
        if (pack(p).board.none())
            f_.error(at + "/target", nullptr, "cells alone (board \"none\") have no core to command");
        if (a.to.kind == Scalar::Kind::text) f_.error(at + "/to", nullptr, "must be a number, true or false");
    }
    void connection(const Path& p, const std::string& target, const std::string& at) {
        if (p.is_pack && p.head.empty()) return;
        if (p.head == "load" && p.leaf.empty())
            return has(loads_, p.index) ? void() : f_.error(at + "/target", nullptr, unknown("load", p.index, loads_));
        if (p.head == "charger" && p.leaf.empty())
            return has(chargers_, p.index) ? void()
                                           : f_.error(at + "/target", nullptr, unknown("charger", p.index, chargers_));
        f_.error(
            at + "/target", nullptr,
            fmt::format("\"{}\" cannot be connected; allowed: pack[a], load[id], charger[id]", target.substr(0, 80)));
    }
    void lead_or_plug(const Path& p, const std::string& target, bool open, const std::string& at) {
        if (base::match_key("W<n>", p.head) && p.leaf.empty()) {
            sampling_lead(p, target, at + "/target");
            return;
        }
        if (p.leaf.empty() && base::match_key(open ? "B+|B-|P-|N1|N2|N3|N4" : "harness|N1|N2|N3|N4|B+", p.head)) return;
        f_.error(at + "/target", nullptr,
                 open
                     ? fmt::format("\"{}\" cannot be opened; allowed: W<n>, B+, B-, P-, N1 .. N4", target.substr(0, 80))
                     : fmt::format("\"{}\" is no connector; allowed: harness, N1 .. N4, B+", target.substr(0, 80)));
    }

    Scenario& s_;
    Findings& f_;
    std::vector<std::string> events_, packs_, loads_, chargers_;
};

/// Conditions, windows and references of one check.
struct FormCheck {
    EventCheck& ev;
    const Scenario& s;
    Findings& f;
    const std::string& at;

    void window(const Window& w) const {
        for (const auto& [mark, key] : {std::pair(&w.from, "/from"), std::pair(&w.to, "/to")})
            if (*mark && !(*mark)->event.empty()) ev.event_id((*mark)->event, at + key);
        if (w.from && w.to && w.from->event.empty() && w.to->event.empty() && !(w.from->at_s < w.to->at_s))
            f.error(at + "/to", nullptr, "the window is empty: to must be after from");
    }
    void operator()(Always& c) const { ev.condition(c.always, at + "/always"), window(c.window); }
    void operator()(Never& c) const { ev.condition(c.never, at + "/never"), window(c.window); }
    void operator()(Eventually& c) const { ev.condition(c.eventually, at + "/eventually"), window(c.window); }
    void operator()(Whenever& c) const {
        ev.condition(c.whenever, at + "/whenever");
        ev.condition(c.then, at + "/then");
        window(c.window);
    }
    void operator()(Until& c) const {
        for (std::size_t k = 0; k < c.until.size(); ++k) ev.condition(c.until[k], fmt::format("{}/until/{}", at, k));
        window(c.window);
    }
    void operator()(Settles& c) const { window(c.window); }
    void operator()(Order& c) const {
        for (std::size_t k = 0; k < c.order.size(); ++k) ev.event_id(c.order[k], fmt::format("{}/order/{}", at, k));
    }
    void operator()(Count& c) const {
        ev.condition(c.count.of, at + "/count/of");
        window(c.window);
        if (!c.count.min && !c.count.max) f.error(at + "/count", nullptr, "needs min, max or both");
        if (c.count.min && c.count.max && *c.count.min > *c.count.max)
            f.error(at + "/count/min", nullptr, "must not exceed max");
    }
    void operator()(MetricCheck& c) const {
        if (!c.min && !c.max) f.error(at, nullptr, "needs min, max or both");
        if (c.min && c.max && *c.min > *c.max) f.error(at + "/min", nullptr, "must not exceed max");
    }
    void operator()(VerdictCheck& c) const {
        Verdict v{};
        std::string argument;
        if (!parse_verdict(c.verdict, &v, &argument)) {
            std::vector<std::string> names;
            for (int k = 0; k <= static_cast<int>(Verdict::normal); ++k)
                names.emplace_back(verdict_name(static_cast<Verdict>(k)));
            f.error(at + "/verdict", nullptr,
                    unknown("verdict", c.verdict, names) + fmt::format("; allowed: {}", fmt::join(names, ", ")));
        }
        const std::vector<std::string> packs = ids_of(s.packs);
        if (!c.pack.empty() && std::find(packs.begin(), packs.end(), c.pack) == packs.end())
            f.error(at + "/pack", nullptr, unknown("pack", c.pack, packs));
    }
};

}  // namespace

void check_events(Scenario& s, Findings& f) {
    EventCheck check(s, f);
    for (Event& e : s.events) {
        const std::string at = "/events/" + e.id;
        check.timing(e, at);
        check.action(e, at);
    }
}

void check_expect(Scenario& s, Findings& f) {
    EventCheck check(s, f);
    for (Check& c : s.expect) {
        const std::string at = "/expect/" + c.id;
        std::visit(FormCheck{check, s, f, at}, c.form);
    }
}

}  // namespace twin::io
