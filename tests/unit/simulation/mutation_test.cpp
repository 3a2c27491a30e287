// SPDX-License-Identifier: Apache-2.0
// Every shipped scenario can fail: it is red under at least one mutation of core, front end, board or settings.
// BMSTWIN_WRITE_DOCS=1 runs every scenario under every mutation and writes docs/mutations.md.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cores.hpp"
#include "rig.hpp"

using namespace rig;

namespace {

struct Mutation {
    const char* name;
    const char* what;
    std::function<void(RunSetup&)> apply;
    std::vector<std::string> red;  // scenario ids that must be red
};

void override_all(RunSetup& s, const std::vector<std::pair<const char*, double>>& parameters) {
    for (auto& p : s.packs) {
        for (const auto& [name, value] : parameters) p.board.overrides.push_back({name, value});
    }
}
void override_cells(RunSetup& s, double capacity, double r) {
    for (auto& p : s.scenario.packs) {
        for (int k = 1; k <= p.series; ++k) {
            twin::scenario::CellOverride o;
            o.capacity_scale = capacity;
            o.r_scale = r;
            p.override_.push_back({"cell[" + std::to_string(k) + "]", o});
        }
    }
}
void core_all(RunSetup& s, const bms_core* core) {
    for (auto& p : s.packs) p.board.core = core;
}
void fault_all(RunSetup& s, std::uint32_t fault) {
    for (auto& p : s.packs) p.board_faults |= fault;
}

const std::vector<Mutation>& mutations() {
    static const std::vector<Mutation> all = {
        {"core does nothing",
         "no byte on the bus, no lamp",
         [](RunSetup& s) { core_all(s, inert_core()); },
         {"short-hard-clamp", "short-hard-bare", "inrush-10mf-precharge", "inrush-10mf-bare", "motor-start", "open-tap",
          "swap-neighbours", "swap-seven", "parallel-0v9", "parallel-4v-all-on", "charge-cold", "board-hot",
          "overcharge-16s", "overcurrent-spme"}},
        {"no comparators",
         "the front end's comparators never see the shunt",
         [](RunSetup& s) { fault_all(s, twin::board::k_fault_no_comparators); },
         {"short-hard-clamp", "short-hard-bare", "inrush-10mf-bare"}},
        {"short-circuit delay x 10",
         "1953 us instead of 195.3 us",
         [](RunSetup& s) { override_all(s, {{"scd_delay_us", 1953.1}}); },
         {"short-hard-clamp", "short-hard-bare"}},
        {"dead balancer",
         "the converter transfers nothing",
         [](RunSetup& s) { fault_all(s, twin::board::k_fault_no_balancer); },
         {"balance-overnight"}},
        {"dead precharge",
         "its switch stays open",
         [](RunSetup& s) { fault_all(s, twin::board::k_fault_no_precharge); },
         {"inrush-10mf-precharge"}},
        {"no open-wire test",
         "period 0",
         [](RunSetup& s) { override_all(s, {{"openwire_period_ms", 0}}); },
         {"open-tap"}},
        {"charge over-current at 240 A",
         "instead of 110 A",
         [](RunSetup& s) { override_all(s, {{"occ_mA", 240000}}); },
         {"parallel-4v-all-on", "parallel-4v-low-off"}},
        {"charge over-current at 40 A",
         "trips where nothing is wrong",
         [](RunSetup& s) { override_all(s, {{"occ_mA", 40000}}); },
         {"day"}},
        {"cold heat sensors",
         "the MOSFETs' bead and the front end's die sensor stay at 25 degC (one alone is not enough: either trips)",
         [](RunSetup& s) { fault_all(s, twin::board::k_fault_cold_sensors); },
         {"board-hot"}},
        {"charging allowed down to -40 degC",
         "instead of 0 degC",
         [](RunSetup& s) { override_all(s, {{"utc_degC", -40}}); },
         {"charge-cold"}},
        {"never sleeps",
         "sleep after 65535 s",
         [](RunSetup& s) { override_all(s, {{"sleep_s", 65535}}); },
         {"balance-asleep"}},
        {"switches ignored",
         "the core is deaf to a user's commands",
         [](RunSetup& s) { core_all(s, deaf_core()); },
         {"parallel-4v-high-off", "parallel-4v-low-off", "inrush-10mf-bare"}},
        {"discharge over-current at 100 A",
         "and at once: no ride-through",
         [](RunSetup& s) { override_all(s, {{"ocd_mA", 100000}, {"ocd_delay_ms", 100}}); },
         {"motor-start"}},
        {"cells of twice the resistance",
         "of every cell",
         [](RunSetup& s) { override_cells(s, 1.0, 2.0); },
         {"hppc-cell", "pulse-dfn"}},
        {"cells of 85 % of their capacity",
         "of every cell",
         [](RunSetup& s) { override_cells(s, 0.85, 1.0); },
         {"capacity-16s"}},
    };
    return all;
}

/// The three scenarios of hours are judged by their first part; what cannot have happened by then is left out.
twin::scenario::Scenario short_form(twin::scenario::Scenario s) {
    const auto keep = [&s](const std::set<std::string>& ids) {
        std::erase_if(s.expect, [&](const auto& c) { return !ids.contains(c.id); });
    };
    if (s.id == "day") {
        keep({"high", "low", "no-alarm", "verdict"});
        s.duration = 120 * k_s;
    } else if (s.id == "balance-asleep") {
        s.duration = 3800 * k_s;
    } else if (s.id == "balance-overnight") {
        keep({"cells", "usable"});
        for (auto& c : s.expect) {
            if (auto* const m = std::get_if<twin::scenario::MetricCheck>(&c.form); m != nullptr && c.id == "usable")
                m->min = 0.02;
        }
        s.duration = 1800 * k_s;
    }
    return s;
}

RunResult mutated(const twin::scenario::Scenario& s, const Mutation& m) {
    RunOptions o;
    o.record = false;
    RunSetup setup = twin::io::assemble(s, o);
    m.apply(setup);
    Simulation x(setup);
    return to_end(x);
}

std::vector<twin::scenario::Scenario> all_shipped() {
    std::vector<twin::Diagnostic> errors;
    const auto files = twin::io::find_scenario_files({std::string(BMSTWIN_SOURCE_DIR) + "/scenarios"}, errors);
    auto found = twin::io::load_files(files, {});
    REQUIRE(found.errors.empty());
    std::vector<twin::scenario::Scenario> out;
    for (auto& x : found.scenarios) out.push_back(short_form(std::move(x.scenario)));
    return out;
}

void write_table(const std::vector<twin::scenario::Scenario>& scenarios) {
    std::ostringstream out;
    out << "# Every scenario can fail\n\n"
           "Each shipped scenario runs under each mutation of core, front end, board or settings. The cell names the "
           "first check that\n"
           "fails; `-` means that the scenario still passes, because it doesn't ask for what the mutation takes away. "
           "A scenario\n"
           "that no mutation turns red would prove nothing. Written by `BMSTWIN_WRITE_DOCS=1 test_simulation "
           "-tc='*mutation*'`;\n"
           "`./dev test` runs the pairs that the test names.\n\n"
           "`day`, `balance-overnight` and `balance-asleep` are judged here by their first 2, 30 and 63 minutes (for "
           "the second: 0.02 Ah\n"
           "gained instead of 0.5 Ah).\n\n| mutation | what it is |\n|---|---|\n";
    for (const Mutation& m : mutations()) out << "| " << m.name << " | " << m.what << " |\n";
    for (const auto& s : scenarios) {
        out << "\n## " << s.id << "\n\n| mutation | verdict | first failed check |\n|---|---|---|\n";
        for (const Mutation& m : mutations()) {
            const RunResult r = mutated(s, m);
            std::string failed;
            for (const auto& c : r.checks) {
                if (!c.passed && !c.skipped && !c.waived) {
                    failed = c.id;
                    break;
                }
            }
            out << "| " << m.name << " | " << r.verdict << " | " << (r.passed ? "-" : failed) << " |\n";
        }
    }
    std::ofstream(std::string(BMSTWIN_SOURCE_DIR) + "/docs/mutations.md") << out.str();
}

}  // namespace

TEST_CASE("mutation: every shipped scenario passes as it is and is red under its named mutations") {
    const auto scenarios = all_shipped();
    REQUIRE(scenarios.size() >= 17);
    std::map<std::string, int> reds;
    for (const Mutation& m : mutations()) {
        CHECK(!m.red.empty());  // a mutation that nothing notices tells of a missing scenario
        for (const std::string& id : m.red) {
            const std::string mutation = m.name;
            CAPTURE(mutation);
            CAPTURE(id);
            const auto s = std::find_if(scenarios.begin(), scenarios.end(), [&](const auto& x) { return x.id == id; });
            REQUIRE(s != scenarios.end());
            const RunResult r = mutated(*s, m);
            CHECK(r.status == twin::RunStatus::ok);
            CHECK_FALSE(r.passed);
            if (!r.passed) ++reds[id];
        }
    }
    const Mutation none{"none", "", [](RunSetup&) {}, {}};
    for (const auto& s : scenarios) {
        CAPTURE(s.id);
        CHECK(reds[s.id] >= 1);
        const RunResult r = mutated(s, none);
        CAPTURE(r.fail_reason);
        CHECK(r.passed);
    }
    if (const char* const w = std::getenv("BMSTWIN_WRITE_DOCS"); w != nullptr && *w == '1') write_table(scenarios);
}
