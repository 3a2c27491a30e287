// SPDX-License-Identifier: Apache-2.0
// models/afes/dvc1124.json against the defaults of the parameter struct, and what the file form refuses.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>

#include "afe/dvc1124_file.hpp"

using namespace twin;

namespace {

/// The least a reader must do: take members, judge ranges, know which keys were asked for.
struct Reader {
    const nlohmann::json& j;
    std::vector<std::string>& errors;
    std::set<std::string> asked;

    void about(const char*, const char*) {}
    void check(bool ok, const char* key, const char* message) {
        if (!ok) errors.push_back(std::string(key) + ": " + message);
    }
    template <class T>
    void field(const char* key, T& to, const base::Spec& s = {}) {
        asked.insert(key);
        if (!j.contains(key)) {
            if (s.need == base::Need::required) errors.push_back(std::string(key) + ": missing");
            return;
        }
        if constexpr (std::is_same_v<T, afe::AfeFigure>) {
            Reader inner{j.at(key), errors, {}};
            describe(inner, to);
            inner.finish();
        } else {
            to = j.at(key).get<T>();
            if constexpr (std::is_arithmetic_v<T>) {
                const double x = static_cast<double>(to);
                if (x < s.min || x > s.max) errors.push_back(std::string(key) + ": out of range");
            }
        }
    }
    void finish() {
        for (const auto& [key, value] : j.items()) {
            if (asked.count(key) == 0) errors.push_back(key + ": unknown");
        }
    }
};

nlohmann::json shipped() {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/models/afes/dvc1124.json");
    REQUIRE(in.good());
    return nlohmann::json::parse(in);
}

std::vector<std::string> read(const nlohmann::json& j, afe::Dvc1124File& f) {
    std::vector<std::string> errors;
    Reader r{j, errors, {}};
    describe(r, f);
    r.finish();
    return errors;
}

}  // namespace

TEST_CASE("the shipped chip is whole, and its figures are the defaults of the parameters") {
    afe::Dvc1124File f;
    const auto errors = read(shipped(), f);
    CHECK(errors.empty());
    for (const auto& e : errors) MESSAGE(e);
    const afe::Dvc1124Params p = afe::build(f);
    const afe::Dvc1124Params d;
    for (const afe::FigureRow& row : afe::k_dvc1124_figures) {
        CHECK_MESSAGE(p.*row.member == doctest::Approx(d.*row.member).epsilon(1e-12), row.key);
    }
    CHECK(p.frt == d.frt);
    CHECK(p.iwts_bit == d.iwts_bit);
    CHECK(p.body_diode_sign == d.body_diode_sign);
    CHECK(p.tolerance == afe::Tolerance::nominal);
    CHECK(p.cell_offset_sd_V == 0.0);
}

TEST_CASE("every figure's range lies within what the parameters allow, and no parameter is listed twice") {
    const afe::Dvc1124Params d;
    std::set<std::string> keys;
    for (std::size_t k = 0; k < afe::k_dvc1124_figures.size(); ++k) {
        const afe::FigureRow& row = afe::k_dvc1124_figures[k];
        CHECK(keys.insert(row.key).second);
        for (std::size_t n = 0; n < k; ++n) CHECK(afe::k_dvc1124_figures[n].member != row.member);
        for (const double value : {row.lo, row.hi}) {
            afe::Dvc1124Params p = d;
            p.*row.member = value * row.to_si;
            if (std::string(row.key) == "por_fall_V") p.por_rise_V = 20.0;
            if (std::string(row.key) == "por_rise_V") p.por_fall_V = 0.5;
            const char* which = "";
            CHECK_MESSAGE(afe::check_params(p, &which) == nullptr, row.key, " = ", value);
        }
    }
}

TEST_CASE("a figure that is missing, out of range or unknown, and figures that contradict each other") {
    afe::Dvc1124File f;
    nlohmann::json j = shipped();
    j.erase("por_fall_V");
    CHECK(read(j, f).size() == 1);
    j = shipped();
    j["comparator_level_tol_pct"]["value"] = 91;
    CHECK(read(j, f).size() == 1);
    j = shipped();
    j["comparator_levl_tol_pct"] = 1;
    CHECK(read(j, f).size() == 1);
    j = shipped();
    j["open_wire_uA"].erase("source");
    CHECK(read(j, f).size() == 1);
    j = shipped();
    j["por_fall_V"]["value"] = 7.5;
    CHECK(read(j, f).size() == 1);
    CHECK_THROWS_AS(afe::build(f), std::invalid_argument);
}
