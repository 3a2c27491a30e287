// SPDX-License-Identifier: Apache-2.0
// Years of a duty on one cell in Python. The interpreter's lock is released while it runs.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <twin/ageing.hpp>
#include <twin/spread.hpp>

#include "binding.hpp"

namespace twin::python {
namespace {

constexpr double k_d_per_year = 365.25;

py::array_t<double> column(const std::vector<double>& v) {
    return py::array_t<double>(static_cast<py::ssize_t>(v.size()), v.data());
}
py::object years_or_none(double t_d) {
    return t_d < 0.0 ? py::none().cast<py::object>() : py::float_(t_d / k_d_per_year);
}

AgeingRun run(const std::string& model, std::vector<std::string> duty, double years_d, std::vector<double> temp_degC,
              std::string law, double period_h, double soc, double eol_rel, double tol_rel, bool accelerate,
              double row_d, std::string degradation, std::string kind) {
    AgeingOptions o;
    o.degradation = std::move(degradation);
    o.kind = std::move(kind);
    o.protocol = std::move(duty);
    o.years_d = years_d;
    o.temp_degC = std::move(temp_degC);
    o.law = std::move(law);
    o.period_h = period_h;
    o.soc = soc;
    o.eol_rel = eol_rel;
    o.tol_rel = tol_rel;
    o.accelerate = accelerate;
    o.row_d = row_d;
    return age(model, o);
}

}  // namespace

void bind_ageing(py::module_& m) {
    py::class_<AgeingRun>(m, "AgeingRun", "Capacity and resistance over years; one row per `row_d` days.")
        .def_property_readonly("t_d", [](const AgeingRun& r) { return column(r.t_d); })
        .def_property_readonly(
            "efc", [](const AgeingRun& r) { return column(r.efc_ratio); }, "equivalent full cycles of the new capacity")
        .def_property_readonly(
            "capacity", [](const AgeingRun& r) { return column(r.capacity_rel); }, "relative to new")
        .def_property_readonly(
            "resistance", [](const AgeingRun& r) { return column(r.r_rel); }, "relative to new")
        .def_property_readonly("dod", [](const AgeingRun& r) { return column(r.dod_rel); })
        .def_property_readonly("temp_mean_degC", [](const AgeingRun& r) { return column(r.temp_mean_degC); })
        .def_property_readonly("temp_max_degC", [](const AgeingRun& r) { return column(r.temp_max_degC); })
        .def_property_readonly(
            "out_Wh", [](const AgeingRun& r) { return column(r.out_Wh); }, "per period")
        .def_property_readonly(
            "in_Wh", [](const AgeingRun& r) { return column(r.in_Wh); }, "per period")
        .def_property_readonly(
            "sei_nm", [](const AgeingRun& r) { return column(r.sei_nm); }, "with degradation; so are the next three")
        .def_property_readonly("sei_Ah", [](const AgeingRun& r) { return column(r.sei_Ah); })
        .def_property_readonly("plated_Ah", [](const AgeingRun& r) { return column(r.plated_Ah); })
        .def_property_readonly("dead_Ah", [](const AgeingRun& r) { return column(r.dead_Ah); })
        .def_property_readonly(
            "eol_years", [](const AgeingRun& r) { return years_or_none(r.eol_d); },
            "when the capacity fell to `eol`, or None")
        .def_property_readonly(
            "changed_years", [](const AgeingRun& r) { return years_or_none(r.changed_d); },
            "when the duty could first not be done as by the new cell, or None")
        .def_readonly("error_capacity", &AgeingRun::error_capacity_rel, "estimated cost of the jumps")
        .def_readonly("error_resistance", &AgeingRun::error_r_rel)
        .def_readonly("loss_tolerance", &AgeingRun::loss_tol_rel, "of the law itself, relative to the lost capacity")
        .def_readonly("periods", &AgeingRun::periods)
        .def_readonly("simulated", &AgeingRun::simulated)
        .def_readonly("stopped", &AgeingRun::stopped, "why before the end; empty: not")
        .def_readonly("extrapolated", &AgeingRun::extrapolated, "quantities outside the law's range")
        .def_readonly("law", &AgeingRun::law)
        .def_readonly("law_title", &AgeingRun::law_title)
        .def_readonly("law_label", &AgeingRun::law_label)
        .def_readonly("cell", &AgeingRun::cell)
        .def("to_json", [](const AgeingRun& r) { return to_json(r); })
        .def(
            "to_pandas",
            [](const py::object& self) {
                py::dict columns;
                for (const char* name : {"t_d", "efc", "capacity", "resistance", "dod", "temp_mean_degC",
                                         "temp_max_degC", "out_Wh", "in_Wh"})
                    columns[name] = self.attr(name);
                return py::module_::import("pandas").attr("DataFrame")(columns);
            },
            "All rows as a pandas DataFrame (pandas must be installed).")
        .def("__repr__", [](const AgeingRun& r) {
            return "<AgeingRun " + r.cell + " by " + r.law + ", " + std::to_string(r.t_d.size()) + " rows>";
        });
    m.def("spread", [](const std::string& name, std::size_t n, std::uint64_t seed, const std::string& pack) {
        const CellSpread s = draw_cells(name, n, seed, pack);
        py::dict d;
        d["capacity"] = column(s.capacity_rel);
        d["resistance"] = column(s.r_rel);
        d["self_discharge_per_d"] = column(s.self_discharge_per_d);
        d["soc_offset"] = column(s.soc_offset_frac);
        return d;
    });
    m.def("age", &run, py::call_guard<py::gil_scoped_release>());
}

}  // namespace twin::python
