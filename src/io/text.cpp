// SPDX-License-Identifier: Apache-2.0
#include "io/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace twin::io {
namespace {

struct Prefix {
    double factor;
    const char* name;
};
constexpr std::array<Prefix, 7> k_prefixes{
    {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {1e-3, "m"}, {1e-6, "u"}, {1e-9, "n"}}};

bool takes_prefix(std::string_view unit) {
    for (std::string_view u : {"s", "A", "V", "W", "J", "C", "Ohm", "H", "F", "Hz", "K/W"})
        if (unit == u) return true;
    return false;
}

void trim_zeros(std::string& s) {
    if (s.find('.') == std::string::npos) return;
    s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
}

}  // namespace

std::string number(double x) { return fmt::format("{}", x); }

std::string number_short(double x, int digits) {
    if (!std::isfinite(x)) return fmt::format("{}", x);
    if (x == 0) return "0";
    const double size = std::fabs(x);
    std::string s;
    if (size < 1e-4 || size >= 1e7) {
        s = fmt::format("{:.{}e}", x, digits - 1);
        const std::size_t e = s.find('e');
        std::string mantissa = s.substr(0, e);
        trim_zeros(mantissa);
        return mantissa + s.substr(e);
    }
    // The number of decimals follows from the value after rounding to `digits` figures, so 9.9999 gives "10".
    const std::string rounded = fmt::format("{:.{}e}", x, digits - 1);
    const int exponent = std::stoi(rounded.substr(rounded.find('e') + 1));
    const int decimals = digits - 1 - exponent;
    s = fmt::format("{:.{}f}", x, decimals > 0 ? decimals : 0);
    trim_zeros(s);
    return s;
}

std::string quantity(double x, std::string_view unit) {
    if (unit.empty()) return number_short(x);
    if (!std::isfinite(x) || x == 0 || !takes_prefix(unit)) return fmt::format("{} {}", number_short(x), unit);
    const double size = std::fabs(x);
    const Prefix* best = &k_prefixes.back();
    for (const Prefix& p : k_prefixes) {
        if (size < p.factor * 0.9999995) continue;
        best = &p;
        break;
    }
    // A time beyond a kilosecond and a voltage below a kilovolt stay in the unit people use.
    if (unit == "s" && best->factor > 1) return fmt::format("{} s", number_short(x));
    return fmt::format("{} {}{}", number_short(x / best->factor), best->name, unit);
}

std::string seconds(Time_ns t) {
    const bool negative = t < 0;
    const std::uint64_t size = negative ? ~static_cast<std::uint64_t>(t) + 1 : static_cast<std::uint64_t>(t);
    std::string s = fmt::format("{}{}.{:09}", negative ? "-" : "", size / 1'000'000'000U, size % 1'000'000'000U);
    trim_zeros(s);
    return s;
}

double seconds_value(Time_ns t) { return static_cast<double>(t) / 1e9; }

std::string duration(Time_ns t) {
    if (t < 0) return "-" + duration(-t);
    const std::int64_t whole_s = t / base::k_s;
    if (whole_s < 120) return quantity(seconds_value(t), "s");
    if (whole_s < 3600) return fmt::format("{} min {:02} s", whole_s / 60, whole_s % 60);
    if (whole_s < 48 * 3600) return fmt::format("{} h {:02} min", whole_s / 3600, whole_s / 60 % 60);
    return fmt::format("{} d {} h", whole_s / 86400, whole_s / 3600 % 24);
}

std::string hex16(std::uint64_t x) { return fmt::format("{:016x}", x); }

std::string xml_escape(std::string_view s) {
    std::string out;
    out.reserve(s.size() + s.size() / 8);
    for (const char c : s) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default: {
                const auto u = static_cast<unsigned char>(c);
                if (u < 0x20 && c != '\t' && c != '\n' && c != '\r')
                    out += "\xEF\xBF\xBD";
                else
                    out += c;
            }
        }
    }
    return out;
}

}  // namespace twin::io
