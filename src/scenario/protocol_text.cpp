// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>

#include <twin/error.hpp>

#include "base/lanes.hpp"
#include "scenario/protocol.hpp"

namespace twin::scenario {

namespace {

const char* const k_forms =
    "forms: \"Discharge at 1C until 2.5 V\", \"Charge at 0.5 A for 30 minutes or until 4.2 V\", \"Discharge at 20 W "
    "for "
    "10 s\", \"Hold at 4.2 V until C/20\", \"Hold at 4.2 V until 50 mA\", \"Rest for 1 hour\", "
    "\"Discharge at 1C until 20 %\"";

class StepText {
public:
    StepText(std::string_view text, std::size_t index) : text_(text), index_(index) {
        for (const char c : text) lower_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    ProtocolStep parse() {
        ProtocolStep s;
        s.text = std::string(text_);
        if (word("rest")) {
            s.mode = ProtocolStep::Mode::rest;
        } else if (word("hold")) {
            s.mode = ProtocolStep::Mode::voltage;
            need("at");
            s.value = with_unit("v", 1.0, "mv", 1e-3);
        } else {
            const bool charge = word("charge");
            if (!charge && lower_.ends_with(".json"))
                fail("is no step; a file of steps is the whole protocol (--protocol FILE, run_file, run(\"FILE\"))");
            if (!charge && !word("discharge")) {
                const std::string first = lower_.substr(at_, lower_.find(' ', at_) - at_);
                const std::string near = base::nearest(first, {"discharge", "charge", "hold", "rest"});
                fail("must begin with Discharge, Charge, Hold or Rest" +
                     (near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
            }
            need("at");
            drive(s, charge ? -1.0 : 1.0);
        }
        if (word("for")) {
            s.max_s = duration();
            if (word("or")) {
                need("until");
                until(s);
            }
        } else if (word("until")) {
            until(s);
        }
        period(s);
        skip();
        if (at_ < lower_.size()) fail(fmt::format("\"{}\" is not understood", text_.substr(at_)));
        if (s.max_s == 0.0 && s.until_V == 0.0 && s.until_A == 0.0 && s.until_soc < 0.0)
            fail("nothing ends this step: add \"for\" or \"until\"");
        return s;
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        Diagnostic d;
        d.file = "protocol";
        d.pointer = fmt::format("/{}", index_);
        d.message = fmt::format("\"{}\": {}; {}", text_.substr(0, 120), why, k_forms);
        throw InputError({d});
    }
    void skip() {
        while (at_ < lower_.size() && lower_[at_] == ' ') ++at_;
    }
    bool take(char c) {
        skip();
        if (at_ >= lower_.size() || lower_[at_] != c) return false;
        ++at_;
        return true;
    }
    static bool letter(char c) { return c >= 'a' && c <= 'z'; }
    bool word(std::string_view w) {
        skip();
        if (lower_.compare(at_, w.size(), w) != 0) return false;
        if (at_ + w.size() < lower_.size() && letter(lower_[at_ + w.size()])) return false;
        at_ += w.size();
        return true;
    }
    void need(std::string_view w) {
        if (!word(w)) fail(fmt::format("\"{}\" is missing at \"{}\"", w, text_.substr(at_)));
    }
    double number() {
        skip();
        if (at_ < lower_.size() && lower_[at_] == '-')
            fail(fmt::format("\"{}\": numbers are 0 or above here; Charge and Discharge say which way",
                             text_.substr(at_)));
        double v = 0.0;
        const auto r = std::from_chars(lower_.data() + at_, lower_.data() + lower_.size(), v);
        if (r.ec != std::errc{} || !(v >= 0.0 && v < 1e9))
            fail(fmt::format("a number is missing at \"{}\"", text_.substr(at_)));
        at_ = static_cast<std::size_t>(r.ptr - lower_.data());
        return v;
    }
    double with_unit(std::string_view unit, double scale, std::string_view other, double other_scale) {
        const double v = number();
        if (word(other)) return v * other_scale;
        if (word(unit)) return v * scale;
        fail(fmt::format("the unit {} is missing", unit == "v" ? "V" : (unit == "a" ? "A" : "W")));
    }
    /// "C/20", "2C", "1 C": true and the rate.
    bool c_rate(double* rate) {
        skip();
        const std::size_t begin = at_;
        if (word("c")) {
            skip();
            *rate = 1.0;
            if (at_ < lower_.size() && lower_[at_] == '/') {
                ++at_;
                const double n = number();
                if (n == 0.0) fail("C/0");
                *rate = 1.0 / n;
            }
            return true;
        }
        if (at_ < lower_.size() && ((lower_[at_] >= '0' && lower_[at_] <= '9') || lower_[at_] == '.')) {
            const double v = number();
            if (word("c")) {
                *rate = v;
                return true;
            }
        }
        at_ = begin;
        return false;
    }
    void drive(ProtocolStep& s, double sign) {
        double rate = 0.0;
        if (c_rate(&rate)) {
            s.mode = ProtocolStep::Mode::current;
            s.c_rate = true;
            s.value = sign * rate;
            return;
        }
        const double v = number();
        if (word("a") || word("ma")) {
            s.mode = ProtocolStep::Mode::current;
            s.value = sign * v * (lower_[at_ - 2] == 'm' ? 1e-3 : 1.0);
        } else if (word("w") || word("mw")) {
            s.mode = ProtocolStep::Mode::power;
            s.value = sign * v * (lower_[at_ - 2] == 'm' ? 1e-3 : 1.0);
        } else {
            fail("after \"at\" a current, a C-rate or a power is needed (A, mA, C, W)");
        }
    }
    void until(ProtocolStep& s) {
        double rate = 0.0;
        if (c_rate(&rate)) {
            s.until_A = rate;
            s.until_c = true;
            return;
        }
        const double v = number();
        if (word("mv"))
            s.until_V = v * 1e-3;
        else if (word("v"))
            s.until_V = v;
        else if (word("ma"))
            s.until_A = v * 1e-3;
        else if (word("a"))
            s.until_A = v;
        else if (take('%') || word("pct")) {
            (void)word("soc");
            if (!(v <= 100.0)) fail("a state of charge is 0 .. 100 %");
            if (s.mode != ProtocolStep::Mode::current && s.mode != ProtocolStep::Mode::power)
                fail("a state of charge ends a charge or a discharge only");
            s.until_soc = v / 100.0;
        } else
            fail("after \"until\" a voltage, a current or a state of charge is needed (V, A, mA, C/n, %)");
    }
    double duration() {
        skip();
        double v = 1.0;
        if (at_ < lower_.size() && !letter(lower_[at_])) v = number();
        struct Unit {
            const char* name;
            double s;
        };
        static constexpr Unit units[] = {{"seconds", 1.0},  {"second", 1.0},  {"sec", 1.0},      {"s", 1.0},
                                         {"minutes", 60.0}, {"minute", 60.0}, {"min", 60.0},     {"hours", 3600.0},
                                         {"hour", 3600.0},  {"h", 3600.0},    {"days", 86400.0}, {"day", 86400.0}};
        for (const Unit& u : units)
            if (word(u.name)) return v * u.s;
        fail("a time needs its unit: seconds, minutes, hours or days");
    }
    void period(ProtocolStep& s) {
        skip();
        if (at_ >= lower_.size() || lower_[at_] != '(') return;
        ++at_;
        s.period_s = duration();
        need("period");
        skip();
        if (at_ >= lower_.size() || lower_[at_] != ')') fail("')' is missing");
        ++at_;
    }

    std::string_view text_;
    std::size_t index_;
    std::string lower_;
    std::size_t at_ = 0;
};

}  // namespace

ProtocolStep parse_step(const std::string& step, std::size_t index) {
    if (step.size() > 1000) {
        Diagnostic d;
        d.file = "protocol";
        d.pointer = fmt::format("/{}", index);
        d.message = "a step has more than 1000 characters";
        throw InputError({d});
    }
    return StepText(step, index).parse();
}

std::vector<ProtocolStep> parse_protocol(const std::vector<std::string>& steps) {
    std::vector<ProtocolStep> out;
    for (std::size_t k = 0; k < steps.size(); ++k) out.push_back(parse_step(steps[k], k));
    return out;
}

bool is_cycler_limit(std::string_view key) { return key == "i_A" || key == "i_C" || key == "v_V"; }

std::string from_words(const ProtocolStep& w, CyclerStep& out) {
    using Mode = ProtocolStep::Mode;
    if (w.period_s > 0.0) return "a sampling period is set by record.period_s, not by a step";
    const double size = base::abs2(w.value);
    const bool charge = w.value < 0.0;
    if (w.mode != Mode::rest && size == 0.0) return "drives nothing";
    switch (w.mode) {
        case Mode::rest:
            if (w.max_s <= 0.0) return "a rest needs its time";
            out.drive = RestTime{base::from_s(w.max_s)};
            break;
        case Mode::voltage:
            out.drive = HoldVoltage{w.value};
            break;
        case Mode::power:
            out.drive = ConstantPower{w.value};
            break;
        case Mode::current:
            if (w.c_rate && charge) out.drive = ChargeRate{size};
            if (w.c_rate && !charge) out.drive = DischargeRate{size};
            if (!w.c_rate && charge) out.drive = ChargeCurrent{size};
            if (!w.c_rate && !charge) out.drive = DischargeCurrent{size};
            break;
    }
    if (w.max_s > 0.0 && w.mode != Mode::rest) out.max = base::from_s(w.max_s);
    if (w.until_V > 0.0) out.until.push_back({k_cycler_v, w.until_V});
    if (w.until_A > 0.0) out.until.push_back({k_cycler_i_abs, w.until_A});
    if (w.until_soc >= 0.0) out.until.push_back({k_pack_soc, 100.0 * w.until_soc});
    out.until_c = w.until_c;
    return {};
}

}  // namespace twin::scenario
