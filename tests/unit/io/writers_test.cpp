// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <twin/error.hpp>

#include "io/atomic_file.hpp"
#include "io/channel_list.hpp"
#include "io/check_text.hpp"
#include "io/html_report.hpp"
#include "io/junit.hpp"
#include "io/summary.hpp"
#include "io/trace_csv.hpp"
#include "io/verdict_table.hpp"
#include "sample_result.hpp"
#include "unit/folder.hpp"

using namespace twin;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

using test::Folder;

std::string read(const fs::path& p) {
    std::ifstream in(p, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t count_of(const std::string& text, const std::string& word) {
    std::size_t n = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
    return n;
}

// Tags of XML or HTML close in the order in which they were opened; returns the first mistake.
std::string unbalanced(const std::string& text) {
    std::vector<std::string> open;
    for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
        const std::size_t end = text.find('>', at);
        if (end == std::string::npos) return "no > after " + text.substr(at, 20);
        const bool closing = text[at + 1] == '/';
        if (text[at + 1] == '!' || text[at + 1] == '?' || text[end - 1] == '/') continue;
        std::string name = text.substr(at + 1 + (closing ? 1 : 0), end - at - 1 - (closing ? 1 : 0));
        name = name.substr(0, name.find_first_of(" \n"));
        if (name == "meta" || name == "br") continue;
        if (!closing)
            open.push_back(name);
        else if (open.empty() || open.back() != name)
            return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
        else
            open.pop_back();
        if (name == "script" || name == "style") at = closing ? at : text.find("</" + name, at) - 1;
    }
    return open.empty() ? "" : "not closed: " + open.back();
}

}  // namespace

TEST_CASE("AtomicFile: an abandoned or failed file leaves nothing, a committed one replaces") {
    const Folder folder;
    const std::string path = (folder.path / "sub" / "a.txt").string();
    {
        io::AtomicFile file(path);
        file.write("half");
        CHECK_FALSE(fs::exists(path));
    }
    CHECK(fs::is_empty(folder.path / "sub"));
    io::write_file(path, "one");
    io::write_file(path, "two");
    CHECK(read(path) == "two");
    CHECK_THROWS_AS(io::write_file((folder.path / "sub").string(), "x"), FileError);
    CHECK_THROWS_AS(io::write_file(path + "/below-a-file.txt", "x"), FileError);
    CHECK(folder.files() == 1);
    CHECK_THROWS_AS(io::write_file("/dev/full/x", "x"), FileError);
}

TEST_CASE("summary.json has every key of the contract with the right values") {
    const RunResult r = sample::result();
    const json j = json::parse(io::summary_json(r, true));
    for (const char* key : {"id", "title", "verdict", "verdicts", "passed", "expect", "metrics", "ledger", "hash",
                            "core_hash", "sim_time_s", "damage", "applied", "warnings", "versions", "host"})
        CHECK_MESSAGE(j.contains(key), key);
    CHECK(j["verdicts"]["pack"] == "PROTECTED");
    CHECK(j["passed"] == false);
    const json& opens = j["expect"][0];
    CHECK(opens["id"] == "opens");
    CHECK(opens["margin"] == 12e-6);
    CHECK(opens["unit"] == "s");
    CHECK(opens["value"] == 204e-6);
    CHECK(opens["passed"] == true);
    CHECK(opens["skipped"] == false);
    CHECK(j["expect"][2]["margin"].is_null());
    CHECK(j["expect"][2]["value"] == "PROTECTED");
    CHECK(j["expect"][3]["vacuous"] == true);
    CHECK(j["metrics"]["pack.i_peak_A"] == 640.5);
    CHECK(j["ledger"]["energy_residual_rel"] == 3e-12);
    CHECK(j["ledger"]["lines"]["energy.heat.fet_dsg"]["value"] == -3.51);
    CHECK(j["hash"] == "0123456789abcdef");
    CHECK(j["core_hash"]["pack"] == "00000000deadbeef");
    CHECK(j["damage"][0]["part"] == "fet.dsg[2]");
    CHECK(j["damage"][0]["t_s"] == 1.00021);
    CHECK(j["damage"][0]["margin"] == -0.22);
    CHECK(j["applied"]["pack"]["scd_A"]["requested"] == 400);
    CHECK(j["applied"]["pack"]["scd_A"]["applied"] == 410);
    CHECK(j["applied"]["pack"]["ocd2_A"]["applied"].is_null());
    CHECK(j["warnings"][0]["code"] == "EXTRAPOLATED");
    CHECK(j["warnings"][0]["valid_range"] == json::array({-200, 500}));
    CHECK(j["scenario"]["bmstwin"] == 1);
    CHECK(j["host"]["wall_time_s"] == 0.25);
    CHECK(j["host"]["realtime_factor"] == 40);
}

TEST_CASE("summary.json: host and nothing else depends on wall time and place") {
    RunResult a = sample::result();
    RunResult b = a;
    b.wall_time_s = 99;
    b.source_file = "/elsewhere/x.json";
    CHECK(io::summary_json(a, false) == io::summary_json(b, false));
    CHECK(io::summary_json(a, true) != io::summary_json(b, true));
    json full = json::parse(io::summary_json(b, true));
    full.erase("host");
    CHECK(full == json::parse(io::summary_json(a, false)));
    b.metrics[0].value = 1052.2500000000002;  // the next double: the text must differ
    CHECK(io::summary_json(a, false) != io::summary_json(b, false));
}

TEST_CASE("summary.json: no number is null, broken text does not break the file") {
    RunResult r = sample::result();
    r.metrics.push_back({"x_A", std::numeric_limits<double>::infinity(), "A"});
    r.title = "broken \xff utf8";
    r.effective_json = "{not json";
    const json j = json::parse(io::summary_json(r, true));
    CHECK(j["metrics"]["x_A"].is_null());
    CHECK(j["scenario"] == "{not json");
}

TEST_CASE("events.jsonl: one object a line, in order, nothing lost") {
    RunResult r = sample::result();
    r.events[0].text = "line\nbreak and \"quote\"";
    const std::string text = io::events_jsonl(r);
    CHECK(count_of(text, "\n") == r.events.size());
    std::istringstream in(text);
    std::string line;
    double last = -1;
    for (std::size_t k = 0; std::getline(in, line); ++k) {
        const json j = json::parse(line);
        CHECK(j["t_s"] >= last);
        CHECK(j["text"] == r.events[k].text);
        last = j["t_s"];
    }
    CHECK(last == 1.00021);
}

TEST_CASE("trace CSV reads back to nine digits; NaN is an empty field; a burst has its relative time") {
    const Folder folder;
    const RunResult r = sample::result();
    for (const Trace& t : r.traces) {
        const fs::path path = folder.path / io::trace_file_name(t);
        io::write_trace_csv(t, path.string());
        std::istringstream in(read(path));
        std::string line;
        std::getline(in, line);
        const bool burst = t.t_trigger_ns >= 0;
        CHECK(line.rfind(burst ? "t_s,t_rel_us,truth.pack.i_A," : "t_s,truth.pack.i_A,", 0) == 0);
        std::size_t row = 0;
        for (; std::getline(in, line); ++row) {
            std::istringstream fields(line + ",");
            std::string f;
            std::getline(fields, f, ',');
            REQUIRE(std::stod(f) == doctest::Approx(static_cast<double>(t.t_ns[row]) / 1e9).epsilon(1e-15));
            if (burst) {
                std::getline(fields, f, ',');
                REQUIRE(std::stod(f) ==
                        doctest::Approx(static_cast<double>(t.t_ns[row] - t.t_trigger_ns) / 1e3).epsilon(1e-9));
            }
            for (const TraceColumn& c : t.columns) {
                std::getline(fields, f, ',');
                if (c.samples[row] != c.samples[row])
                    REQUIRE(f.empty());
                else
                    REQUIRE(std::stod(f) == doctest::Approx(c.samples[row]).epsilon(1e-8));
            }
        }
        CHECK(row == t.t_ns.size());
    }
    CHECK(fs::exists(folder.path / "trace.csv"));
    CHECK(fs::exists(folder.path / "burst-1.csv"));
}

TEST_CASE("JUnit: counts, kinds and escapes") {
    RunResult good = sample::result();
    good.id = "good";
    good.passed = true;
    RunResult error = sample::result();
    error.id = "error";
    error.status = RunStatus::numeric;
    error.error = "no convergence at node 3 <P->";
    const std::string xml = io::junit_xml({good, sample::result(), error});
    CHECK(unbalanced(xml) == "");
    CHECK(xml.find("tests=\"3\" failures=\"1\" errors=\"1\"") != std::string::npos);
    CHECK(count_of(xml, "<testcase ") == 3);
    CHECK(count_of(xml, "<failure ") == 1);
    CHECK(count_of(xml, "<error ") == 1);
    CHECK(xml.find("no convergence at node 3 &lt;P-&gt;") != std::string::npos);
    CHECK(xml.find("name=\"short-hard-16s\"") != std::string::npos);
}

TEST_CASE("HTML: balanced, self-contained, and tells what the result holds") {
    RunResult two = sample::result();
    two.id = "second run";
    two.passed = true;
    const std::string html = io::html_report({sample::result(), two});
    CHECK(unbalanced(html) == "");
    for (const char* remote : {"http://", "https://", "src=", "@import", "url("})
        CHECK_MESSAGE(html.find(remote) == std::string::npos, remote);
    CHECK(html.find("1 passed") != std::string::npos);
    CHECK(html.find("1 failed") != std::string::npos);
    for (const char* told : {"PROTECTED", "+12 us", "-10 mV", "welded", "comparator step 10 mV", "refused",
                             "EXTRAPOLATED", "0123456789abcdef", "00000000deadbeef", "energy.heat.fet_dsg",
                             "P+ and P- are shorted", "+204 us", "prefers-color-scheme", "VACUOUS"})
        CHECK_MESSAGE(html.find(told) != std::string::npos, told);
    CHECK(html.find("<clamped>") == std::string::npos);
    CHECK(count_of(html, "<svg ") >= 2 * 6);
    CHECK(html.find("Constant: <code>hw.gate.chg</code> = 1") != std::string::npos);
    CHECK(html.find("boundtext") != html.rfind("boundtext"));  // once in the style, and drawn for check "cells"
}

TEST_CASE("HTML: a long trace is thinned to the drawing, its extremes stay") {
    RunResult r = sample::result();
    Trace t;
    t.id = "main";
    t.columns = {sample::column("x_A", "A", false)};
    for (int k = 0; k < 200'000; ++k) {
        t.t_ns.push_back(k * 1'000'000LL);
        t.columns[0].samples.push_back(k == 77'777 ? 50.0 : std::sin(k * 0.01));
    }
    r.traces = {t};
    const std::string html = io::html_report({r});
    CHECK(html.size() < 200'000);
    // One sample of 200 000 stands 50 times out: the top of the drawing is its tick.
    CHECK(html.find(">50</text>") != std::string::npos);
}

TEST_CASE("verdict table: aligned, colour only if asked, failures explained, narrow terminals kept") {
    RunResult good = sample::result();
    good.id = "a-good-one";
    good.passed = true;
    const std::string plain = io::verdict_table({good, sample::result()}, false, 0);
    CHECK(plain.find('\x1b') == std::string::npos);
    CHECK(plain.find("pass    a-good-one") != std::string::npos);
    CHECK(plain.find("FAIL short-hard-16s: cells: 3.66 V") != std::string::npos);
    CHECK(plain.find("damage: pack fet.dsg[2] by avalanche energy") != std::string::npos);
    CHECK(io::verdict_table({good}, true, 0).find("\x1b[32m") != std::string::npos);
    std::istringstream lines(io::verdict_table({good}, false, 70));
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 75);
}

TEST_CASE("check texts: states, tightest margin") {
    RunResult r = sample::result();
    CHECK(std::string(io::check_state(r.checks[0])) == "pass");
    CHECK(std::string(io::check_state(r.checks[1])) == "FAIL");
    CHECK(std::string(io::check_state(r.checks[3])) == "VACUOUS");
    CHECK(io::tightest(r) == &r.checks[1]);
    r.checks[1].waived = true;
    CHECK(std::string(io::check_state(r.checks[1])) == "waived");
    CHECK(io::tightest(r) == &r.checks[0]);
    r.checks[1].waived = false;
    r.checks[1].passed = true;
    r.checks[1].margin = 0;  // a discrete channel that holds
    CHECK(io::tightest(r) == &r.checks[0]);
    r.checks[0].margin.reset();
    CHECK(io::tightest(r) == &r.checks[1]);
    r.checks[0].margin = 12e-6;
    CHECK(io::check_line(r.checks[0]) == "pass    opens  margin +12 us  value 204 us at 1.000058 s");
}

TEST_CASE("channel lists") {
    ChannelInfo a{"truth.pack.i_A", "A", "scalar", "pack current", false, true, false, 0, -1};
    ChannelInfo b{"load/cc_A", "A", "scalar", "load current", false, true, true, -500, 500};
    const std::string table = io::channels_table({a, b});
    CHECK(table.find("set -500..500") != std::string::npos);
    CHECK(count_of(table, "\n") == 3);
    const json j = json::parse(io::channels_json({a, b}));
    CHECK(j[0]["range"].is_null());
    CHECK(j[1]["range"] == json::array({-500, 500}));
}
