// SPDX-License-Identifier: Apache-2.0
#include "io/text.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "io/plot_axis.hpp"

using namespace twin::io;

TEST_CASE("number: every double reads back to its own bits") {
    std::uint64_t x = 42;
    int tried = 0;
    for (int k = 0; k < 20000; ++k) {
        x = x * 6364136223846793005ULL + 1442695040888963407ULL;
        double d = 0;
        std::memcpy(&d, &x, 8);
        if (!std::isfinite(d)) continue;
        const std::string s = number(d);
        double back = 0;
        std::from_chars(s.data(), s.data() + s.size(), back);
        REQUIRE(back == d);
        ++tried;
    }
    CHECK(tried > 15000);
    CHECK(number(0.1) == "0.1");
    CHECK(number(1e22) == "1e+22");
}

TEST_CASE("seconds: exact to the nanosecond, no trailing zeros, negative too") {
    CHECK(seconds(1'000'214'000) == "1.000214");
    CHECK(seconds(0) == "0");
    CHECK(seconds(5) == "0.000000005");
    CHECK(seconds(-1'500'000'000) == "-1.5");
    CHECK(seconds(36'000'000'000'001) == "36000.000000001");
    CHECK(seconds(INT64_MIN) == "-9223372036.854775808");
    CHECK(number(seconds_value(1'000'214'000)) == "1.000214");
    CHECK(number(seconds_value(86'399'999'999'999)) == "86399.999999999");
}

TEST_CASE("quantity: the prefix follows the size, and rounding never shows 1000 of a prefix") {
    CHECK(quantity(2.16e-4, "s") == "216 us");
    CHECK(quantity(0.005, "Ohm") == "5 mOhm");
    CHECK(quantity(-0.02, "V") == "-20 mV");
    CHECK(quantity(640.5, "A") == "640.5 A");
    CHECK(quantity(36000, "s") == "36000 s");
    CHECK(quantity(97.25, "pct") == "97.25 pct");
    CHECK(quantity(0.99999999, "A") == "1 A");
    CHECK(quantity(1.23456e-12, "A") == "0.001235 nA");
    CHECK(quantity(0, "J") == "0 J");
    CHECK(quantity(3, "") == "3");
    CHECK(number_short(9.9999) == "10");
    CHECK(number_short(-1e-9) == "-1e-09");
    CHECK(number_short(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("duration in words") {
    CHECK(duration(216'000) == "216 us");
    CHECK(duration(1'500'000'000) == "1.5 s");
    CHECK(duration(610LL * 1'000'000'000) == "10 min 10 s");
    CHECK(duration(36'180LL * 1'000'000'000) == "10 h 03 min");
    CHECK(duration(86'400LL * 1'000'000'000) == "24 h 00 min");
    CHECK(duration(20LL * 86'400 * 1'000'000'000) == "20 d 0 h");
    CHECK(duration(-1'000) == "-1 us");
}

TEST_CASE("xml_escape: markup and forbidden characters") {
    CHECK(xml_escape("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
    CHECK(xml_escape(std::string("x\x01y\n")) == "x\xEF\xBF\xBDy\n");
    CHECK(xml_escape("°") == "°");
}

TEST_CASE("round_ticks: round numbers inside the range, not too many") {
    for (const auto& range : {std::pair{0.0, 10.0}, std::pair{-0.3, 0.17}, std::pair{3.3, 3.34}, std::pair{1e-9, 7e-9},
                              std::pair{-5e6, 2e7}}) {
        const std::vector<double> t = round_ticks(range.first, range.second, 6);
        REQUIRE(t.size() >= 2);
        CHECK(t.size() <= 7);
        const double d = t[1] - t[0];
        const double lead = d / std::pow(10.0, std::floor(std::log10(d) + 1e-9));
        CHECK((std::fabs(lead - 1) < 1e-6 || std::fabs(lead - 2) < 1e-6 || std::fabs(lead - 5) < 1e-6));
        CHECK(t.front() >= range.first - 1e-6 * d);
        CHECK(t.back() <= range.second + 1e-6 * d);
    }
    CHECK(round_ticks(1, 1, 5).empty());
    CHECK(round_ticks(2, 1, 5).empty());
    CHECK(tick_label(0.30000000000000004, 0.1) == "0.3");
    CHECK(tick_label(40, 20) == "40");
    CHECK(tick_label(2.5, 0.5) == "2.5");
    CHECK(std::string(time_axis(0, 600'000, 0).name) == "us");
    CHECK(std::string(time_axis(0, 36'000'000'000'000, 0).name) == "h");
}
