// SPDX-License-Identifier: Apache-2.0
// An equivalent circuit from an electrochemical set, against that set run by itself.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>

#include "cell/model_file.hpp"
#include "io/model.hpp"
#include "study/cell_model.hpp"
#include "study/fit.hpp"
#include "study/from_bpx.hpp"

using namespace twin;

namespace {

const FitResult& circuit_of_chen() {
    static const FitResult r = [] {
        FitOptions o;
        o.from_bpx = "chen2020";
        o.chemistry.clear();
        o.n_rc = 3;
        o.from_temps_degC = {10.0, 25.0};
        return study::fit_model(o);
    }();
    return r;
}

cell::EcmModelFile file_of_chen() {
    io::Json j;
    Diagnostic d;
    REQUIRE(io::parse_json(circuit_of_chen().model_json, io::k_model_limits, &j, &d));
    const auto file = io::read_model_json<cell::EcmModelFile>(j, "made");
    REQUIRE(file.ok());
    return file.value;
}

std::unique_ptr<study::CellModel> circuit() {
    const cell::EcmModelFile file = file_of_chen();
    CHECK(file.chemistry == "NMC");
    CHECK(file.id == "chen2020-ecm");
    return study::make_ecm_cell(std::make_shared<const cell::EcmModel>(cell::build(file)));
}

// Voltage before, and at the end of, a current of this length from rest.
double drop_V(study::CellModel& c, double soc, double t_K, double i_A, double length_s) {
    c.ambient_K = t_K;
    c.reset(soc, t_K);
    const double before = c.voltage_V(0.0);
    double v = before;
    for (double t = 0.0; t < length_s - 1e-9; t += 0.5) {
        v = c.trial(0.5, i_A, t == 0.0);
        c.commit();
    }
    return before - v;
}

std::string message_of(const FitOptions& o) {
    try {
        (void)study::fit_model(o);
    } catch (const InputError& e) {
        return e.diagnostics().front().message;
    }
    return "";
}

}  // namespace

TEST_CASE("a circuit from an electrochemical set rests where the set rests and drops as it drops") {
    const auto made = circuit(), set = study::open_cell("chen2020", "spme", false);
    // charge between the stoichiometries of the published set, 5.0 Ah nominal: counted by a C/20 discharge
    set->reset(1.0, 298.15);
    for (double v = 4.2; v > 2.6;) v = set->trial(120.0, 0.25, false), set->commit();
    CHECK(made->capacity_C() / 3600.0 ==
          doctest::Approx(set->charge_out_C() / 3600.0 / (1.0 - set->soc())).epsilon(2e-3));
    for (const double soc : {0.15, 0.5, 0.85}) {
        CAPTURE(soc);
        set->reset(soc, 298.15), made->reset(soc, 298.15);
        CHECK(std::abs(set->voltage_V(0.0) - made->voltage_V(0.0)) < 2e-3);
        for (const double t_K : {283.15, 298.15}) {
            const double want = drop_V(*set, soc, t_K, 5.0, 10.0), got = drop_V(*made, soc, t_K, 5.0, 10.0);
            CHECK(got == doctest::Approx(want).epsilon(0.15));
        }
    }
}

TEST_CASE("what is held back is judged, and the set's own facts are in the file") {
    const FitResult& r = circuit_of_chen();
    int held = 0;
    for (const FitFileResult& f : r.files) {
        held += f.held_back ? 1 : 0;
        CHECK(f.rms_mV > 0.1);  // an equivalent circuit cannot be exact
        CHECK(f.rms_mV < 25.0);
    }
    CHECK(r.files.size() == 5);
    CHECK(held == 3);
    const cell::EcmModelFile file = file_of_chen();
    CHECK(file.v_min_V == 2.5);
    CHECK(file.v_max_V == 4.2);
    CHECK(file.nameplate_Ah == 5.0);
    CHECK(file.thermal.core_J_per_K + file.thermal.surface_J_per_K > 20.0);
}

TEST_CASE("what cannot be simulated is refused by name") {
    FitOptions o;
    o.from_bpx = "lfp-100ah";
    CHECK(message_of(o).find("no BPX file") != std::string::npos);
    o.from_bpx = "chen2021";
    CHECK(message_of(o).find("did you mean chen2020") != std::string::npos);
    o.from_bpx = "chen2020";
    o.from_kind = "p2d";
    CHECK(message_of(o).find("not spm, spme or dfn") != std::string::npos);
    o.from_kind.clear();
    o.from_temps_degC = {200.0};
    CHECK(message_of(o).find("-40 .. 80") != std::string::npos);
    o.from_temps_degC.clear();
    o.files.push_back({"x.csv", {}, {}});
    CHECK(message_of(o).find("by themselves") != std::string::npos);
}
