// SPDX-License-Identifier: Apache-2.0
// Exchanging the two packs of a paralleling scenario changes names only; a stranger's core is judged by truth and hw.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "rig.hpp"

using namespace rig;

namespace {

const char* const k_parallel[] = {"paralleling/parallel-0v9", "paralleling/parallel-4v-all-on",
                                  "paralleling/parallel-4v-high-off", "paralleling/parallel-4v-low-off"};

std::string json_of(const std::string& name) {
    std::ifstream in(file_of(name));
    std::stringstream s;
    s << in.rdbuf();
    return s.str();
}
void replace_all(std::string& s, const std::string& from, const std::string& to) {
    for (std::size_t at = s.find(from); at != std::string::npos; at = s.find(from, at + to.size()))
        s.replace(at, from.size(), to);
}
/// "high" becomes "low" and the other way round, wherever they name a pack.
std::string exchanged(std::string s) {
    for (const auto& [a, b] : {std::pair{"\"", "\""}, std::pair{"[", "]"}}) {
        const auto wrap = [&](const std::string& x) { return a + x + b; };
        replace_all(s, wrap("high"), wrap("~"));
        replace_all(s, wrap("low"), wrap("high"));
        replace_all(s, wrap("~"), wrap("low"));
    }
    return s;
}

double metric(const RunResult& r, const std::string& name) {
    for (const auto& m : r.metrics) {
        if (m.name == name) return m.value;
    }
    FAIL("no metric " << name);
    return 0.0;
}

}  // namespace

TEST_CASE("the order of two packs in the file changes no bit") {
    for (const char* const name : k_parallel) {
        const std::string scenario = name;
        CAPTURE(scenario);
        auto sc = shipped(name);
        const std::string once = evidence(run(sc));
        std::swap(sc.packs[0], sc.packs[1]);
        CHECK(difference(evidence(run(sc)), once) == "");
    }
}

TEST_CASE("packs that exchange their names exchange their results") {
    for (const char* const name : k_parallel) {
        const std::string scenario = name;
        CAPTURE(scenario);
        const std::string json = json_of(name);
        REQUIRE(exchanged(exchanged(json)) == json);
        REQUIRE(exchanged(json) != json);
        const RunResult a = run(text(json)), b = run(text(exchanged(json)));
        CHECK(b.passed == a.passed);
        CHECK(b.passed);
        REQUIRE(a.verdicts.size() == 2);
        // The front ends' noise is keyed by the pack's id, so instants may move by a sample; verdicts and physics may
        // not.
        for (const auto& v : a.verdicts) {
            const std::string other = v.pack == "high" ? "low" : "high";
            const auto w =
                std::find_if(b.verdicts.begin(), b.verdicts.end(), [&](const auto& x) { return x.pack == other; });
            REQUIRE(w != b.verdicts.end());
            CHECK(w->verdict == v.verdict);
            for (const char* const m : {"i_peak_A", "i_charge_peak_A"}) {
                const double x = metric(a, "pack[" + v.pack + "]." + m), y = metric(b, "pack[" + other + "]." + m);
                CHECK(std::abs(x - y) <= 1e-6 * std::max(std::abs(x), 1.0));
            }
            for (const char* const m : {"charged_Ah", "discharged_Ah"}) {
                const double x = metric(a, "pack[" + v.pack + "]." + m), y = metric(b, "pack[" + other + "]." + m);
                CHECK(std::abs(x - y) <= 200.0 * 0.1 / 3600.0);  // 200 A for 0.1 s
            }
        }
        REQUIRE(b.checks.size() == a.checks.size());
        for (std::size_t k = 0; k < a.checks.size(); ++k) CHECK(b.checks[k].passed == a.checks[k].passed);
    }
}

TEST_CASE("a core written in C by a stranger protects against the short and is judged by truth and hw alone") {
    const std::string lib = std::string(BMSTWIN_BUILD_DIR) + "/tests/custom_core_of_test.so";
    const std::string dir = BMSTWIN_SOURCE_DIR;
    const std::string command = "cc -std=c11 -O1 -shared -fPIC -I\"" + dir + "/include\" -o \"" + lib + "\" \"" + dir +
                                "/examples/custom_core/custom_core.c\"";
    REQUIRE(std::system(command.c_str()) == 0);
    RunOptions o;
    o.core_library = lib;
    const auto s = build(shipped("short/short-hard-clamp"), o);
    for (const auto& c : s->channels()) CHECK(c.name.rfind("bms.", 0) != 0);
    const RunResult r = to_end(*s);
    CAPTURE(r.fail_reason);
    CHECK(r.verdict == "PROTECTED");
    CHECK(r.passed);
    const RunResult own = run(shipped("short/short-hard-clamp"));
    CHECK(r.core_hash.at(0).value != own.core_hash.at(0).value);
    // It knows nothing of open taps: the same judge says so.
    const RunResult bad = to_end(*build(shipped("miswiring/open-tap"), o));
    CHECK_FALSE(bad.passed);
    CHECK(bad.verdict != "PROTECTED");
    // Saved in one run, continued in another, as any core with BMS_CAP_SNAPSHOT.
    const auto half = build(shipped("short/short-hard-clamp"), o);
    half->advance_to(3 * k_s + 100 * k_us);
    const auto copy = half->fork();
    copy->advance_to(copy->end_ns());
    CHECK(difference(evidence(copy->finish()), evidence(r)) == "");
}
