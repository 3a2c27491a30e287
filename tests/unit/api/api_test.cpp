// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <twin/twin_c.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <twin/twin.hpp>

#include "unit/api/fake_run.hpp"
#include "unit/folder.hpp"

using namespace twin;
namespace fs = std::filesystem;

namespace {

// Behaviours by scenario id; runs may be made by several threads.
struct Plan {
    std::map<std::string, fake::Behaviour> by_id;
    std::mutex mutex;
    detail::MakeRun make() {
        return [this](const scenario::Scenario& s, const RunOptions&) -> std::unique_ptr<sim::IRun> {
            const std::lock_guard<std::mutex> lock(mutex);
            return std::make_unique<fake::Run>(s.id, by_id.at(s.id));
        };
    }
};

Simulation simulation(Plan& plan, const std::string& id) {
    const Scenario s = fake::scenario(id);
    auto data = std::make_unique<detail::SimulationData>(detail::SimulationData{s, nullptr, 0, false});
    data->run = plan.make()(detail::Access::data(s).loaded.scenario, {});
    return detail::Access::simulation(std::move(data));
}

using test::Folder;

}  // namespace

TEST_CASE("run_one: from start to end, with the loader's warnings before the run's") {
    Plan plan;
    plan.by_id["a"] = {};
    const RunResult r = detail::run_one(plan.make(), fake::scenario("a"), {}, 1, {});
    CHECK(r.passed);
    CHECK(r.sim_time_ns == 10'000'000'000);
    CHECK(r.source_file == "a.scenario.json");
    CHECK(r.effective_json == "{\"id\": \"a\"}");
    REQUIRE(r.warnings.size() == 2);
    CHECK(r.warnings[0].code == "INPUT");
    CHECK(r.warnings[0].quantity == "/x");
    CHECK(r.warnings[1].code == "EXTRAPOLATED");
    CHECK(r.wall_time_s > 0);
}

TEST_CASE("run_one: the end is met exactly, whatever its remainder") {
    for (const Time_ns end : {Time_ns{1}, Time_ns{199}, Time_ns{201}, Time_ns{36'000'000'000'007}, Time_ns{1} << 60}) {
        Plan plan;
        plan.by_id["a"].end_ns = end;
        CHECK(detail::run_one(plan.make(), fake::scenario("a"), {}, 1, {}).sim_time_ns == end);
    }
}

TEST_CASE("run_one: a failure of the numerics stops the run, a bug becomes an internal error, neither escapes") {
    Plan plan;
    plan.by_id["numeric"].fails_at_ns = 3'000'000'001;
    plan.by_id["bug"].throws_at_ns = 5'000'000'000;
    const RunResult numeric = detail::run_one(plan.make(), fake::scenario("numeric"), {}, 1, {});
    CHECK(numeric.status == RunStatus::numeric);
    CHECK(numeric.sim_time_ns == 3'000'000'001);
    CHECK(exit_code(numeric) == 3);
    CHECK(plan.by_id["numeric"].advanced < 70);
    const RunResult bug = detail::run_one(plan.make(), fake::scenario("bug"), {}, 1, {});
    CHECK(bug.status == RunStatus::internal);
    CHECK(bug.error == "an invariant broke");
    CHECK(bug.verdict == "ERROR");
    CHECK(bug.id == "bug");
    CHECK(exit_code(bug) == 3);
}

TEST_CASE("repeat: equal hashes pass, a differing one is an internal error") {
    Plan plan;
    plan.by_id["same"] = {};
    plan.by_id["drifts"].hash_drift = 1;
    const RunResult same = detail::run_one(plan.make(), fake::scenario("same"), {}, 3, {});
    CHECK(same.passed);
    CHECK(plan.by_id["same"].made == 3);
    const RunResult drifts = detail::run_one(plan.make(), fake::scenario("drifts"), {}, 3, {});
    CHECK(drifts.status == RunStatus::internal);
    CHECK(exit_code(drifts) == 3);
    CHECK(drifts.error.find("repetition 2") != std::string::npos);
}

TEST_CASE("run_many: order, any number of jobs, progress that rises to one, every end told once") {
    for (const int jobs : {1, 2, 7}) {
        Plan plan;
        std::vector<Scenario> scenarios;
        for (int k = 0; k < 12; ++k) {
            const std::string id = "s" + std::to_string(k);
            plan.by_id[id].passes = k % 3 != 0;
            scenarios.push_back(fake::scenario(id));
        }
        BatchOptions options;
        options.jobs = jobs;
        std::map<std::string, int> finished;
        double last = 0;
        bool rises = true;
        options.progress = [&](const Progress& p) {
            rises = rises && p.fraction >= last - 1e-12 && p.runs_total == 12;
            last = p.fraction;
            if (p.finished) ++finished[p.finished->id];
            return true;
        };
        const std::vector<RunResult> results = detail::run_many(plan.make(), scenarios, options);
        REQUIRE(results.size() == 12);
        for (int k = 0; k < 12; ++k) {
            CHECK(results[static_cast<std::size_t>(k)].id == "s" + std::to_string(k));
            CHECK(results[static_cast<std::size_t>(k)].passed == (k % 3 != 0));
            CHECK(finished["s" + std::to_string(k)] == 1);
        }
        CHECK(rises);
        CHECK(last == doctest::Approx(1));
    }
}

TEST_CASE("run_many: every scenario is built before any runs; all errors are listed with their files") {
    Plan plan;
    plan.by_id["good"] = {};
    plan.by_id["bad"].refuses = true;
    plan.by_id["worse"].unbuildable = true;
    try {
        detail::run_many(plan.make(), {fake::scenario("good"), fake::scenario("bad"), fake::scenario("worse")}, {});
        FAIL("no exception");
    } catch (const InputError& e) {
        REQUIRE(e.diagnostics().size() == 2);
        CHECK(e.diagnostics()[0].file == "bad.scenario.json");
        CHECK(e.diagnostics()[1].pointer == "core");
        CHECK(std::string(e.what()) ==
              "bad.scenario.json: error at /expect/0: no channel 'truth.nothing'\n"
              "worse.scenario.json: error at core: no such core");
    }
    CHECK(plan.by_id["good"].advanced == 0);
}

TEST_CASE("run_many: fail_fast starts nothing new; a callback that says no cancels") {
    Plan plan;
    std::vector<Scenario> scenarios;
    for (int k = 0; k < 5; ++k) {
        plan.by_id["s" + std::to_string(k)].passes = k != 1;
        scenarios.push_back(fake::scenario("s" + std::to_string(k)));
    }
    BatchOptions options;
    options.fail_fast = true;
    CHECK(detail::run_many(plan.make(), scenarios, options).size() == 2);
    options.fail_fast = false;
    CHECK(detail::run_many(plan.make(), scenarios, options).size() == 5);
    options.progress = [](const Progress& p) { return p.running == 0 || p.fraction < 0.3; };
    const std::vector<RunResult> cut = detail::run_many(plan.make(), scenarios, options);
    REQUIRE(cut.size() == 2);
    CHECK(cut[1].status == RunStatus::cancelled);
    CHECK_FALSE(cut[1].passed);
    CHECK(cut[1].sim_time_ns < 10'000'000'000);
}

TEST_CASE("options out of range are bad input") {
    const std::vector<Scenario> none;
    BatchOptions o;
    o.jobs = 0;
    CHECK_THROWS_AS(run(none, o), InputError);
    o.jobs = 257;
    CHECK_THROWS_AS(run(none, o), InputError);
    o.jobs = 1;
    o.repeat = 0;
    CHECK_THROWS_AS(run(none, o), InputError);
    o.repeat = 1;
    for (const double scale : {0.0, -1.0, 17.0, std::nan("")}) {
        o.run.step_scale = scale;
        CHECK_THROWS_AS(run(none, o), InputError);
    }
    o.run.step_scale = 0.5;
    CHECK(run(none, o).empty());
}

TEST_CASE("Simulation: time only goes forward, misuse is a RunError that names the place") {
    Plan plan;
    plan.by_id["a"] = {};
    Simulation s = simulation(plan, "a");
    s.step(0.25);
    s.advance_to(1.0);
    CHECK(s.now_ns() == 1'000'000'000);
    CHECK(s.now_s() == 1.0);
    CHECK_THROWS_AS(s.advance_to(0.5), RunError);
    for (const double bad : {0.0, -1.0, std::nan(""), 1e300, 1e-12}) CHECK_THROWS_AS(s.step(bad), RunError);
    CHECK_THROWS_AS(s.advance_to(1e10), RunError);
    s.set("load/cc_A", 30);
    CHECK(s.value("truth.pack.i_A") == 30);
    CHECK_THROWS_AS(s.set("load/cc_A", std::nan("")), RunError);
    try {
        s.set("load/cc", 1);
        FAIL("no exception");
    } catch (const RunError& e) {
        CHECK(e.place() == "load/cc");
    }
    CHECK(s.now_ns() == 1'000'000'000);
    CHECK(s.finish().sim_time_ns == 1'000'000'000);
    CHECK_THROWS_AS(s.finish(), RunError);
    CHECK_THROWS_AS(s.step(1), RunError);
    CHECK_THROWS_AS(s.value("truth.pack.i_A"), RunError);
}

TEST_CASE("Simulation: a fork and a restored state go on independently") {
    Plan plan;
    plan.by_id["a"] = {};
    Simulation s = simulation(plan, "a");
    s.advance_to(2);
    s.set("load/cc_A", 1);
    const std::vector<std::uint8_t> bytes = s.save();
    Simulation forked = s.fork();
    s.advance_to(3);
    s.set("load/cc_A", 2);
    CHECK(forked.now_s() == 2);
    Simulation other = simulation(plan, "a");
    other.load(bytes);
    CHECK(other.now_s() == 2);
    const std::uint64_t expected = forked.finish().hash;
    CHECK(other.finish().hash == expected);
    CHECK(s.finish().hash != expected);
    Simulation third = simulation(plan, "a");
    CHECK_THROWS_AS(third.load({}), RunError);
}

TEST_CASE("write_evidence: the files of one run, stale bursts gone, an id cannot leave the folder") {
    const Folder folder;
    RunResult r;
    r.id = "a@r=5";
    Trace main;
    main.id = "main";
    Trace burst;
    burst.id = "burst-1";
    burst.t_trigger_ns = 5;
    r.traces = {main, burst};
    const fs::path where = write_evidence(r, folder.path.string());
    for (const char* name : {"summary.json", "events.jsonl", "trace.csv", "burst-1.csv"})
        CHECK_MESSAGE(fs::exists(where / name), name);
    r.traces.pop_back();
    std::ofstream(where / "notes.txt") << "mine";
    write_evidence(r, folder.path.string());
    CHECK_FALSE(fs::exists(where / "burst-1.csv"));
    CHECK(fs::exists(where / "notes.txt"));
    for (const char* id : {"..", ".", "", "a/b", "a\\b"}) {
        r.id = id;
        CHECK_THROWS_AS(write_evidence(r, folder.path.string()), FileError);
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder.path)) CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("C ABI: misuse is a code with a message, never a crash") {
    twin_sim* sim = nullptr;
    CHECK(twin_open(nullptr, &sim) == TWIN_E_USE);
    CHECK(twin_open("/no/such.scenario.json", nullptr) == TWIN_E_USE);
    CHECK(twin_open("/no/such.scenario.json", &sim) == TWIN_E_INPUT);
    CHECK(sim == nullptr);
    CHECK(std::string(twin_last_error()).find("/no/such.scenario.json") != std::string::npos);
    CHECK(twin_open(" {\"bmstwin\": 1, \"unknown\": 2}", &sim) == TWIN_E_INPUT);
    CHECK(std::string(twin_last_error()).find("unknown") != std::string::npos);
    CHECK(twin_advance_to_ns(nullptr, 1) == TWIN_E_USE);
    CHECK(twin_finish(nullptr, nullptr, nullptr, nullptr) == TWIN_E_USE);
    CHECK(twin_now_ns(nullptr) == -1);
    twin_close(nullptr);
    CHECK(std::string(twin_version()) == version());
}

TEST_CASE("diagnostics as text") {
    const Diagnostic d{Diagnostic::Severity::error, "a.json", "/x", "is wrong", 3, 7};
    CHECK(to_string(d) == "a.json:3:7: error at /x: is wrong");
    CHECK(to_string(Diagnostic{Diagnostic::Severity::warning, "", "", "odd", 0, 0}) == "warning: odd");
    CHECK(to_string(Diagnostic{Diagnostic::Severity::error, "a.json", "", "is no file", 0, 0}) ==
          "a.json: error: is no file");
    CHECK(to_string(Diagnostic{Diagnostic::Severity::error, "", "", "x", 2, 0}) == "line 2: error: x");
}
