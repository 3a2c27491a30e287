// SPDX-License-Identifier: Apache-2.0
#include "io/junit.hpp"

#include <fmt/format.h>

#include "io/check_text.hpp"
#include "io/text.hpp"

namespace twin::io {
namespace {

std::string case_xml(const sim::RunResult& r) {
    const std::string family = r.tags.empty() ? std::string("scenarios") : r.tags.front();
    std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n", xml_escape(family),
                                  xml_escape(r.id), r.wall_time_s);
    out += "      <properties>\n";
    const auto property = [&out](const char* name, const std::string& value) {
        out += fmt::format("        <property name=\"{}\" value=\"{}\"/>\n", name, xml_escape(value));
    };
    property("verdict", r.verdict);
    property("hash", hex16(r.hash));
    property("sim_time_s", seconds(r.sim_time_ns));
    for (const std::string& requirement : r.requirements) property("requirement", requirement);
    out += "      </properties>\n";
    std::string checks;
    for (const sim::CheckResult& c : r.checks) checks += check_line(c) + "\n";
    const int code = exit_code(r);
    if (code == 3) {
        out += fmt::format("      <error type=\"ERROR\" message=\"{}\">{}</error>\n",
                           xml_escape(r.error.empty() ? r.verdict : r.error), xml_escape(checks));
    } else if (code == 1) {
        out += fmt::format("      <failure type=\"expectation\" message=\"{}\">{}</failure>\n",
                           xml_escape(r.fail_reason), xml_escape(checks));
    }
    std::string notes = fmt::format("verdict {}\n", r.verdict);
    for (const sim::PackVerdict& v : r.verdicts) notes += fmt::format("{}: {} - {}\n", v.pack, v.verdict, v.reason);
    for (const sim::ProtocolRecord& p : r.protocol)
        notes += fmt::format("step {} (round {}): {}, ended by {} after {} s, {:.6g} Ah\n", p.step, p.round, p.text,
                             p.channel.empty() ? p.reason : p.reason + " " + p.channel,
                             seconds(p.t_end_ns - p.t_start_ns), p.charge_Ah);
    if (!r.expect_fail.empty()) notes += fmt::format("expected to fail: {}\n", r.expect_fail);
    for (const sim::Warning& w : r.warnings) notes += fmt::format("warning {}: {}\n", w.code, w.text);
    if (code == 0) notes += checks;
    out += fmt::format("      <system-out>{}</system-out>\n    </testcase>\n", xml_escape(notes));
    return out;
}

}  // namespace

std::string junit_xml(const std::vector<sim::RunResult>& results) {
    std::size_t failures = 0;
    std::size_t errors = 0;
    double time_s = 0;
    std::string cases;
    for (const sim::RunResult& r : results) {
        failures += exit_code(r) == 1 ? 1U : 0U;
        errors += exit_code(r) == 3 ? 1U : 0U;
        time_s += r.wall_time_s;
        cases += case_xml(r);
    }
    const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\"", results.size(),
                                           failures, errors, time_s);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bmstwin\" {0}>\n"
        "  <testsuite name=\"bmstwin\" {0} skipped=\"0\">\n{1}  </testsuite>\n</testsuites>\n",
        counts, cases);
}

}  // namespace twin::io
