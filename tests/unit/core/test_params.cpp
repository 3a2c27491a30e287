// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "unit/core/fake_board.hpp"

namespace {
const char* const kModels[10] = {"H1A-%-40A",  "H1A-%-60A",  "K1A-%-80A",  "K1A-%-100A", "M1A-%-150A",
                                 "M1A-%-200A", "S1A-%-250A", "S1A-%-300A", "S1A-%-400A", "S1A-%-500A"};
const int kRated_A[10] = {40, 60, 80, 100, 150, 200, 250, 300, 400, 500};
std::uint32_t shunt_nOhm(int rated_A) { return rated_A <= 60 ? 500000u : rated_A <= 200 ? 200000u : 100000u; }

std::string model(int i, const char* series) {
    std::string s = std::string("R24T") + kModels[i];
    return s.replace(s.find('%'), 1, series);
}
}  // namespace

TEST_CASE("30 models, 3 chemistries, 2 profiles: presets fit the front end, applied is never above requested") {
    const char* series[3] = {"8S", "17S", "24S"};
    const int most[3][3] = {{8, 8, 8}, {17, 17, 17}, {24, 20, 24}};
    const int least[3][3] = {{4, 4, 6}, {8, 8, 8}, {8, 8, 8}};
    for (int v = 0; v < 3; ++v) {
        for (int i = 0; i < 10; ++i) {
            for (std::uint8_t chem = 0; chem < 3; ++chem) {
                for (std::uint8_t profile = 0; profile < 2; ++profile) {
                    const std::string id = model(i, series[v]);
                    CAPTURE(id);
                    CAPTURE(int(chem));
                    for (int n : {least[v][chem], most[v][chem]}) {
                        fake::Board b(id.c_str(), n, chem, profile);
                        b.cfg.shunt_nOhm = shunt_nOhm(kRated_A[i]);
                        REQUIRE(b.init() == BMS_OK);
                        const int rated_mA = kRated_A[i] * 1000;
                        CHECK(b.get("scd_mA", BMS_REQUESTED) == (profile == 0 ? 4 * rated_mA : rated_mA * 3 / 2));
                        CHECK(b.get("ocd_mA", BMS_REQUESTED) == rated_mA * 3 / 2);
                        CHECK(b.get("occ_mA", BMS_REQUESTED) == rated_mA * 11 / 10);
                        const int step_mA = static_cast<int>(10e-3 / (b.cfg.shunt_nOhm * 1e-9) * 1e3 + 0.5);
                        const int applied = b.get("scd_mA");
                        CHECK(applied % step_mA == 0);
                        CHECK(applied <= b.get("scd_mA", BMS_REQUESTED));
                        CHECK(applied > b.get("scd_mA", BMS_REQUESTED) - step_mA);
                    }
                    fake::Board few(id.c_str(), least[v][chem] - 1, chem, profile);
                    CHECK(few.init() == BMS_E_CONFIG);
                    fake::Board many(id.c_str(), most[v][chem] + 1, chem, profile);
                    CHECK(many.init() == BMS_E_CONFIG);
                }
            }
        }
    }
}

TEST_CASE("every board file's product is known to the core with the same rating, shunt and strings") {
    int n = 0;
    for (const auto& e : std::filesystem::directory_iterator(BMSTWIN_SOURCE_DIR "/models/boards")) {
        if (e.path().extension() != ".json") continue;
        const nlohmann::json j = nlohmann::json::parse(std::ifstream(e.path()));
        if (!j.contains("strings_min")) continue;
        const std::string id = j["id"];
        CAPTURE(id);
        const int lo = j["strings_min"], hi = j["strings_max"];
        fake::Board b(id.c_str(), hi);
        const double shunt_mohm = j["shunt"]["r_mohm"]["value"];
        b.cfg.shunt_nOhm = static_cast<std::uint32_t>(shunt_mohm * 1e6 + 0.5);
        REQUIRE(b.init() == BMS_OK);
        CHECK(b.get("ocd_mA", BMS_REQUESTED) == static_cast<int>(j["i_rated_A"]["value"].get<double>() * 1500));
        CHECK(b.cfg.shunt_nOhm == shunt_nOhm(static_cast<int>(j["i_rated_A"]["value"].get<double>())));
        b.cfg.cell_count = static_cast<std::uint8_t>(lo);
        CHECK(b.init() == BMS_OK);
        b.cfg.cell_count = static_cast<std::uint8_t>(lo - 1);
        CHECK(b.init() == BMS_E_CONFIG);
        ++n;
    }
    CHECK(n >= 30);
}

TEST_CASE("an unknown product, chemistry or shunt is refused") {
    CHECK(fake::Board("R24TK1A-17S-101A").init() == BMS_E_CONFIG);
    CHECK(fake::Board("R24TK1A-17S-100A", 16, 3).init() == BMS_E_CONFIG);
    CHECK(fake::Board("R24TK1A-17S-100A", 16, 0, 2).init() == BMS_E_CONFIG);
    fake::Board b;
    b.cfg.shunt_nOhm = 0;
    CHECK(b.init() == BMS_E_CONFIG);
    b.cfg.shunt_nOhm = 200000;
    b.cfg.abi = 2;
    CHECK(b.init() == BMS_E_ABI);
}

TEST_CASE("profile field by chemistry") {
    struct Row {
        std::uint8_t chem;
        int n, cov, cov_rel, cuv, cuv_rel, on_dmV, otc, utc, otd, utd;
    };
    for (const Row& r : {Row{0, 16, 3620, 3500, 2500, 2900, 34000, 500, 0, 600, -200},
                         Row{1, 16, 4180, 4050, 2900, 3200, 30000, 450, 0, 600, -200},
                         Row{2, 16, 2770, 2650, 1650, 1900, 20000, 550, -300, 600, -400}}) {
        fake::Board b("R24TK1A-17S-100A", r.n, r.chem);
        REQUIRE(b.init() == BMS_OK);
        CHECK(b.get("cov_mV") == r.cov);
        CHECK(b.get("cov_release_mV") == r.cov_rel);
        CHECK(b.get("cuv_mV") == r.cuv);
        CHECK(b.get("cuv_release_mV") == r.cuv_rel);
        CHECK(b.get("balance_on_mV") == r.on_dmV);
        CHECK(b.get("otc_degC") == r.otc);
        CHECK(b.get("utc_degC") == r.utc);
        CHECK(b.get("otd_degC") == r.otd);
        CHECK(b.get("utd_degC") == r.utd);
        CHECK(b.get("scd_delay_us") == 25 * 781);
        CHECK(b.get("ocd_delay_ms") == 10000);
        CHECK(b.get("occ_delay_ms") == 5000);
        CHECK(b.get("fet_trip_degC") == 1050);
        CHECK(b.get("sleep_s") == 3600);
        CHECK(b.get("balance_mA") == 1100);
        CHECK(b.sig("warn") == 0);
    }
    fake::Board four("R24TK1A-8S-100A", 4, BMS_CHEM_LFP);
    REQUIRE(four.init() == BMS_OK);
    CHECK(four.get("cuv_mV") == 2600);  // the supply ends at 10 V
    fake::Board six("R24TK1A-8S-100A", 6, BMS_CHEM_LTO);
    REQUIRE(six.init() == BMS_OK);
    CHECK(six.get("cuv_mV") == 1750);
}

TEST_CASE("profile manual: levels as printed, and what that means is said") {
    fake::Board b("R24TK1A-17S-100A", 16, BMS_CHEM_LFP, BMS_PROFILE_MANUAL);
    REQUIRE(b.init() == BMS_OK);
    CHECK(b.get("scd_mA") == 150000);
    CHECK(b.get("scd_delay_us") == 255 * 781);
    CHECK(b.get("balance_on_mV") == 30000);
    CHECK(b.get("cov_mV") == 3750);
    CHECK((b.sig("warn") & 1) == 1);  // over-current never gets its turn
    CHECK((b.sig("warn") & 4) == 4);  // above the cell's limit
    b.run_s(0.3);
    CHECK(b.reg[0x62] == (0x40 | 3));
    CHECK(b.reg[0x63] == 255);
    fake::Board lto("R24TK1A-17S-100A", 16, BMS_CHEM_LTO, BMS_PROFILE_MANUAL);
    REQUIRE(lto.init() == BMS_OK);
    CHECK((lto.sig("warn") & 2) == 2);  // 3.0 V is never reached by LTO
}

TEST_CASE("quantisation: nearest code not above, refusals with a reason that leave everything as it was") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    CHECK(b.set("scd_mA", 449999) == BMS_OK);
    CHECK(b.get("scd_mA") == 400000);
    CHECK(b.get("scd_mA", BMS_REQUESTED) == 449999);
    CHECK(b.set("scd_mA", 49999) == BMS_E_AFE_LOW);
    CHECK(b.set("scd_mA", 3200001) == BMS_E_AFE_HIGH);
    CHECK(b.get("scd_mA", BMS_REQUESTED) == 449999);
    CHECK(b.set("scd_delay_us", 199999) == BMS_E_AFE_DELAY);
    CHECK(b.set("scd_delay_us", 20000) == BMS_OK);
    CHECK(b.get("scd_delay_us") == 19525);
    CHECK(b.set("ocd_delay_ms", 100) == BMS_OK);  // within the front end's reach: 30 mV, 8 ms steps
    CHECK(b.get("ocd_delay_ms") == 96);
    CHECK(b.set("ocd_mA", 151000) == BMS_OK);
    CHECK(b.get("ocd_mA") == 150000);  // 1.25 A steps: 150.0, 151.25
    CHECK(b.set("ocd_mA", 400000) ==
          BMS_E_AFE_DELAY);  // 80 mV is above 63.75 mV, and 100 ms is too fast for the firmware
    CHECK(b.set("cov_mV", 3400) == BMS_E_ORDER);
    CHECK(b.set("cov_afe_mV", 4600) == BMS_E_AFE_HIGH);
    CHECK(b.set("scd_mA", 0) == BMS_E_RANGE);
    CHECK(b.core->set_param(b.state(), 9999, 0, BMS_ROLE_PC) == BMS_E_UNKNOWN);
    CHECK(b.set("scd_mA", 300000, BMS_ROLE_NONE) == BMS_E_ROLE);
    CHECK(b.set("ocd2_mA", 300000, BMS_ROLE_APP) == BMS_E_ROLE);
    for (std::int32_t e = -14; e <= 0; ++e) CHECK(std::string(b.core->status_text(e)).size() > 1);
}

TEST_CASE("a changed level reaches the chip while it runs") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    CHECK(b.set("scd_mA", 600000) == BMS_OK);
    CHECK(b.set("ocd_delay_ms", 1000) == BMS_OK);
    b.run_s(0.5);
    CHECK(b.reg[0x62] == (0x40 | 12));
    CHECK(b.reg[0x59] == 120);  // 30 mV / 0.25 mV
    CHECK(b.reg[0x5B] == 124);  // (124 + 1) * 8 ms
    CHECK(b.dsg() == 3);
    CHECK(b.sig("afe_resets") == 0);
}

TEST_CASE("tables: ids count from 1, names are unique, defaults in range") {
    const bms_description* d = bms_core_get(BMS_ABI)->describe();
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < d->n_params; ++i) {
        const bms_desc& p = d->params[i];
        CAPTURE(p.name);
        CHECK(p.id == i + 1);
        CHECK(p.min <= p.def);
        CHECK(p.def <= p.max);
        CHECK(p.den >= 1);
        CHECK(names.insert(p.name).second);
    }
    names.clear();
    for (std::uint32_t i = 0; i < d->n_signals; ++i) {
        CHECK(d->signals[i].id == i + 1);
        CHECK(names.insert(d->signals[i].name).second);
    }
    for (std::uint32_t i = 0; i < d->n_events; ++i) CHECK(d->events[i].id == i + 1);
    CHECK(bms_core_get(99) == nullptr);
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    std::int32_t v = 0;
    for (std::uint32_t i = 0; i < d->n_signals; ++i) {
        CHECK(b.core->get_signal(b.state(), d->signals[i].id, d->signals[i].count == 1 ? 0 : 1, &v) == BMS_OK);
        CHECK(b.core->get_signal(b.state(), d->signals[i].id, d->signals[i].count + 1u, &v) == BMS_E_INDEX);
    }
    CHECK(b.core->get_signal(b.state(), 4, 17, &v) == BMS_E_INDEX);  // v_cell_mV[17] of a 16 cell pack
}

TEST_CASE("defaults in the table are those of the board they name") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    const bms_description* d = b.core->describe();
    for (std::uint32_t i = 0; i < d->n_params; ++i) {
        if (d->params[i].type == BMS_TYPE_COMMAND) continue;
        CAPTURE(d->params[i].name);
        CHECK(b.get(d->params[i].name, BMS_REQUESTED) == d->params[i].def);
    }
}

TEST_CASE("parameters survive in memory, for the same product only; a torn record falls back to the other copy") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    const bms_port port = b.port();
    CHECK(b.core->load_params(b.state(), &port) == BMS_E_NVM);
    REQUIRE(b.set("cov_mV", 3600) == BMS_OK);
    REQUIRE(b.core->save_params(b.state(), &port) == BMS_OK);
    REQUIRE(b.set("cov_mV", 3610) == BMS_OK);
    REQUIRE(b.core->save_params(b.state(), &port) == BMS_OK);
    REQUIRE(b.init() == BMS_OK);
    CHECK(b.get("cov_mV") == 3610);
    b.nvm[2 * 256 + 100] ^= 1u;  // the newer copy
    REQUIRE(b.init() == BMS_OK);
    CHECK(b.get("cov_mV") == 3600);
    b.nvm[100] ^= 1u;
    REQUIRE(b.init() == BMS_OK);
    CHECK(b.get("cov_mV") == 3620);
    fake::Board other("R24TK1A-17S-80A");
    REQUIRE(b.core->save_params(b.state(), &port) == BMS_OK);
    other.nvm = b.nvm;
    REQUIRE(other.init() == BMS_OK);
    CHECK(other.get("scd_mA", BMS_REQUESTED) == 320000);
}
