// SPDX-License-Identifier: Apache-2.0
#include "io/validate.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "io/validate_events.hpp"
#include "scenario/targets.hpp"
#include "scenario/verdict.hpp"

namespace twin::io {

using namespace scenario;  // NOLINT(google-build-using-namespace): everything below is about these structs
using scenario::Scenario;  // not the public handle of the same name

namespace {

bool good_id(std::string_view id) {
    if (id.empty() || id.size() > 120 || id[0] == '.' || id[0] == '-') return false;
    for (const char c : id) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && std::string_view("-_.@=+,").find(c) == std::string_view::npos) return false;
    }
    return true;
}

/// Ids of one list: form, uniqueness, and a generated one where the file has none.
template <class T, class NameOf>
void give_ids(std::vector<T>& list, const char* at, const NameOf& generated, Findings& f) {
    std::set<std::string> seen;
    for (const T& e : list)
        if (!e.id.empty() && !seen.insert(e.id).second)
            f.error(fmt::format("/{}/{}/id", at, e.id), nullptr,
                    fmt::format("id \"{}\" is used twice in {}", e.id, at));
    for (std::size_t k = 0; k < list.size(); ++k) {
        if (list[k].id.empty()) {
            list[k].id = generated(list[k], k);
            if (!seen.insert(list[k].id).second)
                f.error(fmt::format("/{}/{}", at, k), nullptr,
                        fmt::format("needs an id (\"{}\" is taken)", list[k].id));
        } else if (!good_id(list[k].id)) {
            f.error(fmt::format("/{}/{}/id", at, k), nullptr,
                    fmt::format("\"{}\" must be letters, digits, '-', '_', '.', '@', '=', '+', ','",
                                list[k].id.substr(0, 80)));
        }
    }
}

void load_series(Series& s, const std::string& at, double lo, double hi, const SearchPath& path, Findings& f) {
    if (!s.csv.empty()) {
        const std::string file = path.find("profiles", s.csv);
        const std::string error =
            file.empty() ? fmt::format("\"{}\" is not found; searched: {}", s.csv, fmt::join(path.dirs, ", "))
                         : read_series(file, s);
        if (!error.empty()) return f.error(at + "/profile", nullptr, error);
    }
    if (s.is_constant() && !(s.constant >= lo && s.constant <= hi))
        f.error(at, nullptr, fmt::format("{} is out of range; allowed is {} .. {}", s.constant, lo, hi));
    for (const std::vector<double>& p : s.points)
        if (!(p[1] >= lo && p[1] <= hi))
            return f.error(at, nullptr,
                           fmt::format("value {} at {} s is out of range; allowed is {} .. {}", p[1], p[0], lo, hi));
}

void find_model(Scenario& s, const char* kind, const std::string& name, const std::string& at, const SearchPath& path,
                Findings& f) {
    const std::string key = fmt::format("{}/{}", kind, name);
    for (const Named<std::string>& m : s.models)
        if (m.key == key) return;
    const std::string file = path.find(kind, name);
    if (file.empty())
        return f.error(
            at, nullptr,
            fmt::format("\"{}\" is not found among {}; searched: {}", name, kind, fmt::join(path.dirs, ", ")));
    s.models.push_back({key, file});
}

void check_wiring(const Pack& p, const std::string& at, Findings& f) {
    for (const Named<Lead>& w : p.wiring) {
        const std::string here = fmt::format("{}/wiring/{}", at, w.key);
        const bool sampling = w.key[0] == 'W';
        if (!sampling && w.value.tap != Lead::k_as_named)
            f.error(here + "/tap", nullptr, "only sampling leads W<n> have a tap");
        if (!sampling) {
            if (w.key[0] == 'N' && !base::match_key("N1|N2|N3|N4", w.key))
                f.error(here, nullptr, "NTC plugs are N1 .. N4");
            continue;
        }
        const int n = *base::match_key("W<n>", w.key);
        if (n > p.series)
            f.error(here, nullptr, fmt::format("lead {} does not exist; allowed are W0 .. W{}", w.key, p.series));
        if (w.value.tap > p.series)
            f.error(here + "/tap", nullptr,
                    fmt::format("tap {} does not exist; allowed is 0 .. {}", w.value.tap, p.series));
    }
}

void check_pack(Scenario& s, Pack& p, const std::string& at, const SearchPath& path, Findings& f) {
    if (!parse_cells(p.cells, &p.series, &p.parallel))
        return f.error(
            at + "/cells", nullptr,
            fmt::format("\"{}\" must be nS or nSmP with 1 .. 24 in series and 1 .. 1000 in parallel, e.g. 16S1P",
                        p.cells.substr(0, 80)));
    const bool electrochemical = path.find("cells", p.model).empty() && !path.find("echem", p.model).empty();
    find_model(s, electrochemical ? "echem" : "cells", p.model, at + "/model", path, f);
    for (const Named<CellOverride>& o : p.override_) {
        const int n = *base::match_key("cell[<n>]", o.key);
        if (n < 1 || n > p.series)
            f.error(fmt::format("{}/override/{}", at, o.key), nullptr,
                    fmt::format("allowed are cell[1] .. cell[{}]", p.series));
    }
    check_wiring(p, at, f);
    const Board& b = p.board;
    if (b.none()) {
        if (!p.wiring.empty()) f.error(at + "/wiring", nullptr, "cells alone (board \"none\") have no harness");
        return;
    }
    if (b.product.find("-24S-") != std::string::npos)
        return f.error(
            at + "/board/product", nullptr,
            fmt::format(
                "\"{}\": 24S boards need 150 V parts, whose models are not part of this version; their parameters are",
                b.product));
    find_model(s, "boards", b.product, at + "/board/product", path, f);
    find_model(s, "profiles", b.profile, at + "/board/profile", path, f);
    for (const Named<Scalar>& x : b.parameters)
        if (x.value.kind != Scalar::Kind::number && x.value.kind != Scalar::Kind::boolean)
            f.error(fmt::format("{}/board/parameters/{}", at, x.key), nullptr, "must be a number, true or false");
}

void check_packs(Scenario& s, const SearchPath& path, Findings& f) {
    const bool several = s.packs.size() > 1;
    for (std::size_t k = 0; k < s.packs.size(); ++k)
        if (several && s.packs[k].id.empty())
            f.error(fmt::format("/packs/{}", k), nullptr, "\"id\" is missing; several packs need names");
    give_ids(
        s.packs, "packs",
        [](const Pack&, std::size_t k) { return k == 0 ? std::string("pack") : fmt::format("pack-{}", k + 1); }, f);
    for (Pack& p : s.packs) check_pack(s, p, several ? "/packs/" + p.id : "/pack", path, f);
}

void check_loads(Scenario& s, const SearchPath& path, Findings& f) {
    give_ids(
        s.loads, "load",
        [](const Load&, std::size_t k) { return k == 0 ? std::string("load") : fmt::format("load-{}", k + 1); }, f);
    give_ids(
        s.chargers, "charger",
        [](const Charger&, std::size_t k) {
            return k == 0 ? std::string("charger") : fmt::format("charger-{}", k + 1);
        },
        f);
    for (Load& l : s.loads) {
        const std::string at = "/load/" + l.id;
        if (auto* c = std::get_if<CurrentLoad>(&l.kind)) load_series(c->cc_A, at + "/cc_A", 0, 1e5, path, f);
        if (auto* c = std::get_if<PowerLoad>(&l.kind)) load_series(c->power_W, at + "/power_W", 0, 1e7, path, f);
        if (auto* c = std::get_if<CapacitorLoad>(&l.kind)) load_series(c->idle_A, at + "/idle_A", 0, 1e4, path, f);
    }
    for (Charger& c : s.chargers) load_series(c.cc_A, "/charger/" + c.id + "/cc_A", 0, 1e5, path, f);
    load_series(s.environment.board_degC, "/environment/board_degC", -60, 150, path, f);
    load_series(s.environment.cells_degC, "/environment/cells_degC", -60, 150, path, f);
}

/// What one step of a protocol drives, is limited by and is ended by.
void check_step(CyclerStep& s, std::size_t index, const std::string& at, const SearchPath& path, Findings& f) {
    if (!s.text.empty()) {
        try {
            const std::string why = from_words(parse_protocol({s.text}).front(), s);
            if (!why.empty()) f.error(at, nullptr, fmt::format("\"{}\": {}", s.text.substr(0, 120), why));
        } catch (const InputError& e) {
            f.error(at, nullptr, e.diagnostics().front().message);
        }
        return;
    }
    (void)index;
    if (auto* x = std::get_if<CurrentProfile>(&s.drive)) {
        x->series.csv = x->csv;
        x->series.column = x->column;
        load_series(x->series, at, -1e5, 1e5, path, f);
    }
    const bool rests = std::holds_alternative<RestTime>(s.drive),
               follows = std::holds_alternative<CurrentProfile>(s.drive);
    if (rests && s.max) f.error(at + "/max_s", nullptr, "belongs to steps that drive something; a rest has its time");
    if (!rests && !follows && !s.max && s.until.empty())
        f.error(at, nullptr, "nothing ends this step: add until or max_s");
    if (s.until.size() + s.limit.size() > 16)
        f.error(at, nullptr,
                fmt::format("{} conditions; at most 16 in until and limit", s.until.size() + s.limit.size()));
    const bool power = std::holds_alternative<ConstantPower>(s.drive),
               hold = std::holds_alternative<HoldVoltage>(s.drive);
    bool of_current = false;
    for (const Named<double>& l : s.limit) {
        const std::string here = fmt::format("{}/limit/{}", at, l.key);
        if (!is_cycler_limit(l.key)) {
            if (l.key.find('.') == std::string::npos)
                f.error(here, nullptr, "must be i_A, i_C, v_V or a channel, e.g. truth.cell.t_max_degC");
            continue;
        }
        const bool volts = l.key == "v_V";
        if (!(l.value > 0.0 && l.value <= (volts ? 1000.0 : 1e5)))
            f.error(here, nullptr,
                    fmt::format("{} is out of range; allowed is above 0 .. {}", l.value, volts ? 1000.0 : 1e5));
        if (volts ? rests || hold : !(power || hold))
            f.error(here, nullptr,
                    volts ? "limits the voltage of current, power and profile steps"
                          : "limits the current of hold and power steps; others say theirs");
        if (!volts && of_current) f.error(here, nullptr, "i_A and i_C are the same quantity; exactly one may be given");
        of_current = of_current || !volts;
    }
    for (const Named<double>& u : s.until)
        if (u.key.find('.') == std::string::npos)
            f.error(fmt::format("{}/until/{}", at, u.key), nullptr, "must be a channel, e.g. truth.cell.v_min_V");
}

void check_protocol(Protocol& p, const SearchPath& path, Findings& f) {
    for (std::size_t k = 0; k < p.steps.size(); ++k)
        check_step(p.steps[k], k,
                   fmt::format("/protocol/steps/{}", p.steps[k].id.empty() ? std::to_string(k) : p.steps[k].id), path,
                   f);
    give_ids(p.steps, "protocol/steps", [](const CyclerStep&, std::size_t k) { return std::to_string(k + 1); }, f);
    if (p.repeat * static_cast<std::int64_t>(p.steps.size()) > 100000)
        f.error("/protocol/repeat", nullptr,
                fmt::format("{} steps; at most 100000 are run", p.repeat * static_cast<std::int64_t>(p.steps.size())));
}

void check_record(const Scenario& s, Findings& f) {
    for (const Burst& b : s.record.burst) {
        const bool known = b.on == "trip" ||
                           std::any_of(s.events.begin(), s.events.end(), [&](const Event& e) { return e.id == b.on; });
        if (!known)
            f.error("/record/burst/on", nullptr,
                    fmt::format("\"{}\" is neither \"trip\" nor an event id", b.on.substr(0, 80)));
    }
    if (base::to_s(s.duration) / base::to_s(s.record.period) > 2e7)
        f.error("/record", nullptr,
                fmt::format("{:.3g} samples; at most 2e7 are recorded",
                            base::to_s(s.duration) / base::to_s(s.record.period)));
}

void check_waive(const Scenario& s, Findings& f) {
    static const std::vector<std::string> k_names = {"finite", "ledger", "no_damage", "valid_range"};
    for (std::size_t k = 0; k < s.waive.size(); ++k) {
        if (std::find(k_names.begin(), k_names.end(), s.waive[k]) != k_names.end()) continue;
        const std::string near = base::nearest(s.waive[k], k_names);
        f.error(fmt::format("/waive/{}", k), nullptr,
                fmt::format("\"{}\" is no implicit check{}; allowed: {}", s.waive[k].substr(0, 80),
                            near.empty() ? "" : ", did you mean \"" + near + "\"?", fmt::join(k_names, ", ")));
    }
}

}  // namespace

bool parse_cells(std::string_view text, int* series, int* parallel) {
    const std::size_t at = text.find('S');
    if (at == std::string_view::npos) return false;
    const std::optional<int> n = base::match_key("<n>", text.substr(0, at));
    std::optional<int> m = 1;
    if (at + 1 < text.size()) m = base::match_key("<n>P", text.substr(at + 1));
    if (!n || !m || *n < 1 || *n > 24 || *m < 1 || *m > 1000) return false;
    *series = *n;
    *parallel = *m;
    return true;
}

void complete_and_validate(Scenario& s, const SearchPath& path, Findings& f) {
    if (!good_id(s.id))
        f.error("/id", nullptr,
                fmt::format("\"{}\" must be letters, digits, '-', '_', '.', '@', '=', '+', ','", s.id.substr(0, 80)));
    if (s.expect.empty())
        f.error("/expect", nullptr, "a scenario needs at least one check, e.g. {\"verdict\": \"NORMAL\"}");
    check_packs(s, path, f);
    check_loads(s, path, f);
    if (s.protocol) check_protocol(*s.protocol, path, f);
    give_ids(s.events, "events", [](const Event&, std::size_t k) { return fmt::format("event-{}", k + 1); }, f);
    give_ids(
        s.expect, "expect",
        [](const Check& c, std::size_t k) {
            return std::holds_alternative<VerdictCheck>(c.form) ? std::string("verdict")
                                                                : fmt::format("check-{}", k + 1);
        },
        f);
    check_events(s, f);
    check_expect(s, f);
    check_record(s, f);
    check_waive(s, f);
}

}  // namespace twin::io
