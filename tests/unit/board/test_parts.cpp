// The board files and what becomes of them.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "power/board_parts_file.hpp"

using namespace twin;
using base::Scalar;
using power::BoardPartsFile;

namespace {

/// As strict a reader as the board files need: every described key must be there, every key must be described.
struct Reader {
    const nlohmann::json& j;
    std::size_t seen = 0;
    void about(const char*, const char*) {}
    void number_form(double&, const char*) {}
    void check(bool ok, const char* key, const char* message) {
        if (!ok) throw std::runtime_error(std::string(key) + ": " + message);
    }
    template <class T>
    void field(const char* key, T& ref, const base::Spec& spec = {}) {
        if (!j.contains(key)) {
            if (spec.need == base::Need::required) throw std::runtime_error(std::string("no ") + key);
            return;
        }
        ++seen;
        if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
            Reader inner{j.at(key)};
            describe(inner, ref);
            if (inner.seen != inner.j.size()) throw std::runtime_error(std::string("unknown key in ") + key);
        } else {
            ref = j.at(key).get<T>();
        }
    }
};

BoardPartsFile read(const std::string& id) {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/models/boards/" + id + ".json");
    const nlohmann::json j = nlohmann::json::parse(in);
    BoardPartsFile f;
    Reader r{j};
    describe(r, f);
    REQUIRE(r.seen == j.size());
    return f;
}

Scalar number(double x) {
    Scalar s;
    s.kind = Scalar::Kind::number;
    s.number = x;
    return s;
}
Scalar text(const char* t) {
    Scalar s;
    s.kind = Scalar::Kind::text;
    s.text = t;
    return s;
}
bool has(const std::string& s, const char* part) { return s.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("thirty board files, each readable; ten of them refused with a reason") {
    int n = 0, refused = 0;
    for (const auto& e : std::filesystem::directory_iterator(std::string(BMSTWIN_SOURCE_DIR) + "/models/boards")) {
        if (e.path().extension() != ".json") continue;
        const BoardPartsFile f = read(e.path().stem().string());
        CHECK_MESSAGE(power::check_parts(f).empty(), f.id);
        CHECK(f.id == e.path().stem().string());
        const bool is_24s = f.id.find("-24S-") != std::string::npos;
        CHECK(f.refused.empty() == !is_24s);
        if (is_24s) CHECK(has(f.refused, "150 V"));
        refused += f.refused.empty() ? 0 : 1;
        ++n;
    }
    CHECK(n == 30);
    CHECK(refused == 10);
}

TEST_CASE("a board file becomes SI values") {
    const power::BoardParts p = build_parts(read("R24TK1A-17S-100A"), afe::Tolerance::nominal, {});
    CHECK(p.product == "R24TK1A-17S-100A");
    CHECK(p.n_fet_per_group == 5);
    CHECK(p.strings_min == 8);
    CHECK(p.strings_max == 17);
    CHECK(p.shunt_Ohm == 0.2e-3);
    CHECK(p.shunt_l_H == 1e-9);
    CHECK(p.snubber.c_F == 47e-9);
    CHECK(p.input.c_filter_F == doctest::Approx(1e-7).epsilon(1e-12));
    CHECK(p.input.pin_limit_A == 25e-3);
    CHECK(p.gate.delay_s == 0.5e-6);
    CHECK(p.supply.reset_s == 10e-3);
    CHECK(p.harness.cell_l_H == doctest::Approx(5e-8).epsilon(1e-12));
    CHECK(p.leak_S == doctest::Approx(1e-7).epsilon(1e-12));
    CHECK(p.clamp.fitted);
    CHECK(p.thermal.r_th_K_W == doctest::Approx(2.5));
    CHECK(p.thermal.c_th_J_K == doctest::Approx(189.0));
}

TEST_CASE("figures of every product follow its rating") {
    // Rated current heats the board by 35 K, whatever its size: I^2 (R_shunt + two groups) R_th.
    struct Row {
        const char* id;
        double i_A;
        int n_fet;
        double shunt_Ohm;
    };
    for (const Row& r : {Row{"R24TH1A-8S-40A", 40, 2, 0.5e-3}, Row{"R24TH1A-17S-60A", 60, 3, 0.5e-3},
                         Row{"R24TK1A-8S-80A", 80, 4, 0.2e-3}, Row{"R24TM1A-17S-150A", 150, 6, 0.2e-3},
                         Row{"R24TM1A-8S-200A", 200, 8, 0.2e-3}, Row{"R24TS1A-17S-250A", 250, 10, 0.1e-3},
                         Row{"R24TS1A-8S-300A", 300, 12, 0.1e-3}, Row{"R24TS1A-17S-400A", 400, 16, 0.1e-3},
                         Row{"R24TS1A-17S-500A", 500, 20, 0.1e-3}}) {
        const power::BoardParts p = build_parts(read(r.id), afe::Tolerance::nominal, {});
        CHECK(p.i_rated_A == r.i_A);
        CHECK(p.n_fet_per_group == r.n_fet);
        CHECK(p.shunt_Ohm == r.shunt_Ohm);
        const double heat_W = r.i_A * r.i_A * (r.shunt_Ohm + 2.0 * 3.0e-3 / r.n_fet);
        CHECK(p.thermal.r_th_K_W * heat_W == doctest::Approx(35.0).epsilon(1e-4));
    }
}

TEST_CASE("tolerances: worst is at the named end, sampled within and keyed") {
    const BoardPartsFile f = read("R24TK1A-17S-100A");
    const power::BoardParts worst = build_parts(f, afe::Tolerance::worst, {});
    CHECK(worst.shunt_Ohm == doctest::Approx(0.2e-3 * 0.995));
    CHECK(worst.gate.delay_s == doctest::Approx(0.6e-6));
    CHECK(worst.clamp.v_on_V == doctest::Approx(76 * 1.05));
    const base::RngKey a{1, 2}, b{1, 3};
    double sum = 0.0;
    bool differ = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const power::BoardParts p = build_parts(f, afe::Tolerance::sampled, {seed, 2});
        const double e = p.shunt_Ohm / 0.2e-3 - 1.0;
        CHECK(std::abs(e) <= 0.005 + 1e-12);
        sum += e;
        differ = differ || p.shunt_Ohm != build_parts(f, afe::Tolerance::sampled, {seed, 3}).shunt_Ohm;
        CHECK(p.supply.uvlo_rise_V > p.supply.uvlo_fall_V);
    }
    CHECK(std::abs(sum / 200) < 0.001);  // sd of the mean: 0.0029 / sqrt(200)
    CHECK(differ);
    CHECK(build_parts(f, afe::Tolerance::sampled, a).shunt_Ohm == build_parts(f, afe::Tolerance::sampled, a).shunt_Ohm);
    CHECK(build_parts(f, afe::Tolerance::sampled, a).gate.delay_s !=
          build_parts(f, afe::Tolerance::sampled, b).gate.delay_s);
    CHECK(build_parts(f, afe::Tolerance::sampled, a).supply.awake_W == 1.25);  // no tolerance stated
}

TEST_CASE("variants: words, keys in any unit, and why not") {
    BoardPartsFile f = read("R24TK1A-17S-100A");
    const auto built = [&f] { return build_parts(f, afe::Tolerance::nominal, {}); };
    CHECK(set_part(f, "clamp", text("none")).empty());
    CHECK_FALSE(built().clamp.fitted);
    CHECK(set_part(f, "clamp", text("fitted")).empty());
    CHECK(built().clamp.fitted);
    CHECK(set_part(f, "balancer_fets", text("single")).empty());
    CHECK_FALSE(built().input.balancer_fet_back_to_back);
    CHECK(set_part(f, "mosfet", text("other")).empty());
    CHECK(built().mosfet == "other");
    CHECK(set_part(f, "input.r_filter_ohm", number(220)).empty());
    CHECK(built().input.r_filter_Ohm == 220.0);
    CHECK(set_part(f, "r_filter_kohm", number(0.22)).empty());
    CHECK(built().input.r_filter_Ohm == doctest::Approx(220.0));
    CHECK(set_part(f, "gate.delay_ms", number(0.005)).empty());
    CHECK(built().gate.delay_s == doctest::Approx(5e-6));
    CHECK(has(set_part(f, "clamp", text("maybe")), "\"none\" or \"fitted\""));
    CHECK(has(set_part(f, "clamp", number(1)), "\"none\" or \"fitted\""));
    CHECK(has(set_part(f, "energy_limit_J", number(3)), "clamp.energy_limit_J"));  // clamp and precharge have one
    CHECK(has(set_part(f, "shunt.r_mohm", number(0)), "outside"));
    CHECK(has(set_part(f, "shunt.r_mohm", text("x")), "must be a number"));
    CHECK(has(set_part(f, "shunt.r_mohn", number(1)), "did you mean \"shunt.r_mohm\""));
    CHECK(power::check_parts(f).empty());
}

TEST_CASE("a file with a value out of range is refused while it is read") {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/models/boards/R24TK1A-17S-100A.json");
    nlohmann::json j = nlohmann::json::parse(in);
    j["shunt"]["r_mohm"]["value"] = 1e6;
    BoardPartsFile f;
    Reader r{j};
    std::string why;
    try {
        describe(r, f);
    } catch (const std::runtime_error& e) {
        why = e.what();
    }
    CHECK(why == "shunt.r_mohm: 1000000 is outside 0.001 .. 100");
}

TEST_CASE("what is wrong with a file is said, all of it") {
    BoardPartsFile f = read("R24TK1A-17S-100A");
    f.id = "";
    f.strings_min = 20;
    for (power::PartGroup& g : f.groups)
        for (power::PartRow& r : g.rows) {
            if (std::string(r.key) == "n_fet_per_group") r.part.value = 2.5;
            if (std::string(r.key) == "uvlo_rise_V") r.part.value = 8.0;
            if (std::string(r.key) == "c_nF") r.part.label = "guess";
            if (std::string(r.key) == "l_nH") r.part.source = "";
            if (std::string(r.key) == "asleep_W") r.part.value = 2.0;
        }
    const auto errors = power::check_parts(f);
    CHECK(errors.size() == 7);
    for (const char* key : {"id", "strings_min", "n_fet_per_group", "supply.uvlo_rise_V", "snubber.c_nF", "shunt.l_nH",
                            "supply.asleep_W"}) {
        bool found = false;
        for (const auto& e : errors) found = found || e.key == key;
        CHECK_MESSAGE(found, key);
    }
}
