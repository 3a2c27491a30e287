// SPDX-License-Identifier: Apache-2.0
// Identification of a cell model from files. The package's Python part writes frames into files first. The
// interpreter's lock is released while the fit runs.
#include <pybind11/complex.h>
#include <pybind11/stl.h>

#include <optional>

#include <twin/fit.hpp>

#include "binding.hpp"

namespace twin::python {

namespace {

void bind_fit_file(py::module_& m) {
    py::class_<FitFile>(m, "FitFile",
                        "One recording: path, temperature, soc (0..1) and hysteresis (-1..1) at the start.")
        .def(py::init<std::string, std::optional<double>, std::optional<double>, std::optional<double>>(),
             py::arg("path"), py::arg("temp_degC") = py::none(), py::arg("soc_start") = py::none(),
             py::arg("hysteresis_start") = py::none())
        .def_readonly("path", &FitFile::path);
}

}  // namespace

void bind_fit(py::module_& m) {
    py::class_<FitParameter>(m, "FitParameter", "A parameter with its standard uncertainty.")
        .def_readonly("name", &FitParameter::name)
        .def_readonly("value", &FitParameter::value)
        .def_readonly("sigma", &FitParameter::sigma)
        .def_readonly("unit", &FitParameter::unit)
        .def_readonly("identified", &FitParameter::identified);
    py::class_<FitFileResult>(m, "FitFileResult", "What one recording was and how well the model meets it.")
        .def_readonly("path", &FitFileResult::path)
        .def_readonly("kind", &FitFileResult::kind)
        .def_readonly("temp_degC", &FitFileResult::temp_degC)
        .def_readonly("soc_start_rel", &FitFileResult::soc_start_rel)
        .def_readonly("held_back", &FitFileResult::held_back)
        .def_readonly("rms_mV", &FitFileResult::rms_mV)
        .def_readonly("max_mV", &FitFileResult::max_mV)
        .def_readonly("thermal", &FitFileResult::thermal, "The temperature was simulated too.")
        .def_readonly("rms_own_mV", &FitFileResult::rms_own_mV)
        .def_readonly("rms_K", &FitFileResult::rms_K)
        .def_readonly("end_K", &FitFileResult::end_K)
        .def_readonly("t_s", &FitFileResult::t_s)
        .def_readonly("v_meas_V", &FitFileResult::v_meas_V)
        .def_readonly("v_sim_V", &FitFileResult::v_sim_V);
    py::class_<FitSpectrum>(m, "FitSpectrum", "One impedance spectrum beside the model's; Im < 0 where capacitive.")
        .def_readonly("path", &FitSpectrum::path)
        .def_readonly("temp_degC", &FitSpectrum::temp_degC)
        .def_readonly("soc", &FitSpectrum::soc_rel)
        .def_readonly("f_Hz", &FitSpectrum::f_Hz)
        .def_readonly("z_meas_Ohm", &FitSpectrum::z_meas_Ohm)
        .def_readonly("z_sim_Ohm", &FitSpectrum::z_sim_Ohm)
        .def_readonly("inductive_Hz", &FitSpectrum::inductive_Hz, "Im > 0 from here on; 0: nowhere.")
        .def_readonly("left_out", &FitSpectrum::left_out)
        .def_readonly("flipped", &FitSpectrum::flipped)
        .def_readonly("rms_pct", &FitSpectrum::rms_pct)
        .def_readonly("max_pct", &FitSpectrum::max_pct)
        .def_readonly("rms_1C_mV", &FitSpectrum::rms_1C_mV);
    py::class_<FitResult>(m, "FitResult", "Model and report of a fit.")
        .def_readonly("model_json", &FitResult::model_json, "Text of a cell model file.")
        .def_readonly("parameters", &FitResult::parameters)
        .def_readonly("files", &FitResult::files)
        .def_readonly("spectra", &FitResult::spectra)
        .def_readonly("warnings", &FitResult::warnings)
        .def_readonly("worst_validation_rms_mV", &FitResult::worst_validation_rms_mV)
        .def("report", &fit_text, "The report that the command prints.")
        .def("residual_svg", &fit_residual_svg)
        .def("residual_csv", &fit_residual_csv);
    bind_fit_file(m);
    py::class_<FitOptions>(m, "FitOptions")
        .def(py::init<>())
        .def_readwrite("files", &FitOptions::files)
        .def_readwrite("validate", &FitOptions::validate)
        .def_readwrite("charge_positive", &FitOptions::charge_positive)
        .def_readwrite("ocv_table", &FitOptions::ocv_table)
        .def_readwrite("from_bpx", &FitOptions::from_bpx)
        .def_readwrite("from_kind", &FitOptions::from_kind)
        .def_readwrite("from_temps_degC", &FitOptions::from_temps_degC)
        .def_readwrite("id", &FitOptions::id)
        .def_readwrite("title", &FitOptions::title)
        .def_readwrite("chemistry", &FitOptions::chemistry)
        .def_readwrite("sources", &FitOptions::sources)
        .def_readwrite("capacity_Ah", &FitOptions::capacity_Ah)
        .def_readwrite("nameplate_Ah", &FitOptions::nameplate_Ah)
        .def_readwrite("ocv_capacity_Ah", &FitOptions::ocv_capacity_Ah)
        .def_readwrite("current_offset", &FitOptions::current_offset)
        .def_readwrite("n_rc", &FitOptions::n_rc)
        .def_readwrite("mass_kg", &FitOptions::mass_kg)
        .def_readwrite("v_min_V", &FitOptions::v_min_V)
        .def_readwrite("v_max_V", &FitOptions::v_max_V)
        .def_readwrite("heat_capacity_J_per_K", &FitOptions::heat_capacity_J_per_K)
        .def_readwrite("specific_heat_J_per_kgK", &FitOptions::specific_heat_J_per_kgK)
        .def_readwrite("cooling_K_per_W", &FitOptions::cooling_K_per_W)
        .def_readwrite("soc_floor_rel", &FitOptions::soc_floor_rel)
        .def_readwrite("eis", &FitOptions::eis)
        .def("set_eis_columns", [](FitOptions& o, const std::string& text) { o.eis_columns = parse_eis_columns(text); })
        .def("set_columns", [](FitOptions& o, const std::string& text) { o.columns = parse_fit_columns(text); });
    m.def("model_resistance_Ohm", &fit_model_r_Ohm, py::arg("model_json"));
    m.def("fit", &fit, py::arg("options"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace twin::python
