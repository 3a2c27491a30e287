// SPDX-License-Identifier: Apache-2.0
// One cell alone in Python: stepped by a controller, or on a protocol. The interpreter's lock is released while it
// runs.
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <optional>
#include <string>
#include <vector>

#include <twin/cell.hpp>

#include "binding.hpp"

namespace twin::python {
namespace {

template <class T>
py::array_t<T> column(const std::vector<T>& v) {
    return py::array_t<T>(static_cast<py::ssize_t>(v.size()), v.data());
}

using Array = py::array_t<double, py::array::c_style | py::array::forcecast>;

std::vector<double> values(const std::optional<Array>& a) {
    if (!a) return {};
    return {a->data(), a->data() + a->size()};
}
py::array_t<double> table(const std::vector<double>& v, std::size_t n) {
    const auto columns = static_cast<py::ssize_t>(n);
    return py::array_t<double>({static_cast<py::ssize_t>(v.size()) / columns, columns}, v.data());
}
CellBatchRun run_batch(CellBatch& b, const Array& i_A, double dt_s, std::size_t record_every) {
    const bool per_cell = i_A.ndim() == 2;
    if (i_A.ndim() > 2 || i_A.ndim() < 1 || (per_cell && static_cast<std::size_t>(i_A.shape(1)) != b.size()))
        throw RunError("i_A must have the shape (steps) or (steps, n)", "i_A");
    const auto steps = static_cast<std::size_t>(i_A.shape(0));
    const double* const data = i_A.data();
    const py::gil_scoped_release release;
    return b.run(data, steps, per_cell, dt_s, record_every);
}
py::array_t<double> step_batch(CellBatch& b, const Array& i_A, double dt_s) {
    const auto n = static_cast<std::size_t>(i_A.size());
    if (n != 1 && n != b.size()) throw RunError("i_A must be one current or one for each cell", "i_A");
    (void)b.run(i_A.data(), 1, n != 1, dt_s, 0);
    return column(b.v_V());
}

void bind_batch(py::module_& m) {
    py::class_<CellBatchRun>(m, "CellBatchRun", "Records of a batch: rows of time, columns of cells.")
        .def_property_readonly("t_s", [](const CellBatchRun& r) { return column(r.t_s); })
        .def_property_readonly("v_V", [](const CellBatchRun& r) { return table(r.v_V, r.n_cells); })
        .def_property_readonly("soc", [](const CellBatchRun& r) { return table(r.soc, r.n_cells); })
        .def_property_readonly("temp_degC", [](const CellBatchRun& r) { return table(r.temp_degC, r.n_cells); });
    py::class_<CellBatch>(
        m, "CellBatch",
        "Many independent cells of one equivalent circuit: CellBatch('lfp-100ah', 10000, r_rel=array)."
        "\nEvery cell gets the bits it has alone. Current is positive when it discharges.")
        .def(py::init([](const std::filesystem::path& model, std::size_t n, const std::optional<Array>& capacity_rel,
                         const std::optional<Array>& r_rel, const std::optional<Array>& soc,
                         const std::optional<Array>& temp_degC, const std::optional<Array>& ambient_degC,
                         const std::optional<Array>& hysteresis) {
                 return CellBatch(model.string(), n,
                                  {values(capacity_rel), values(r_rel), values(soc), values(temp_degC),
                                   values(ambient_degC), values(hysteresis)});
             }),
             py::arg("model"), py::arg("n"), py::arg("capacity_rel") = py::none(), py::arg("r_rel") = py::none(),
             py::arg("soc") = py::none(), py::arg("temp_degC") = py::none(), py::arg("ambient_degC") = py::none(),
             py::arg("hysteresis") = py::none(), "The arrays hold one value or n.")
        .def("step", &step_batch, py::arg("i_A"), py::arg("dt_s"),
             "Advances all at constant current (one, or one for each); returns the terminal voltages (n).")
        .def("run", &run_batch, py::arg("i_A"), py::arg("dt_s"), py::arg("record_every") = 1,
             "Steps of dt_s at currents (steps) or (steps, n); a record after each record_every steps, 0: none.")
        .def_property_readonly("v_V", [](const CellBatch& b) { return column(b.v_V()); })
        .def_property_readonly("soc", [](const CellBatch& b) { return column(b.soc()); })
        .def_property_readonly("temp_degC", [](const CellBatch& b) { return column(b.temp_degC()); })
        .def_property_readonly("v_min_V", [](const CellBatch& b) { return column(b.v_min_V()); })
        .def_property_readonly("v_max_V", [](const CellBatch& b) { return column(b.v_max_V()); })
        .def_property_readonly("t_max_degC", [](const CellBatch& b) { return column(b.t_max_degC()); })
        .def_property_readonly(
            "out_of", [](const CellBatch& b) { return column(b.out_of()); },
            "(n) bits of what ever left the model's valid range: 1 soc below, 2 soc above, 4 too cold, 8 too hot, 16\n"
            "current, 32 stopped (the charge left -5 .. 105 %: NaN from then on).")
        .def_property_readonly(
            "out_since_s", [](const CellBatch& b) { return column(b.out_since_s()); },
            "(n) when a cell first left the valid range, since the start; inf: never")
        .def_property_readonly(
            "stopped_at_s", [](const CellBatch& b) { return column(b.stopped_at_s()); }, "(n) inf: it runs")
        .def_property_readonly("extrapolated", &CellBatch::extrapolated,
                               "What left the valid range, and how many cells, in words.")
        .def_property_readonly("name", &CellBatch::name)
        .def("__len__", &CellBatch::size)
        .def("__repr__",
             [](const CellBatch& b) { return "<CellBatch of " + std::to_string(b.size()) + " x " + b.name() + ">"; });
}

py::dict abuse_of(const Cell& c) {
    const CellAbuse a = c.abuse();
    py::dict d;
    d["t_core_degC"] = a.t_core_degC;
    d["short_S"] = a.short_S;
    d["anode_min_V"] = a.anode_min_V;
    d["plated_Ah"] = a.plated_Ah;
    d["side_Ah"] = a.side_Ah;
    d["short_J"] = a.short_J;
    d["reaction_J"] = a.reaction_J;
    d["reacted"] = a.reacted_rel;
    return d;
}

py::dict degradation_of(const Cell& c) {
    const CellDegradation a = c.degradation();
    py::dict d;
    d["sei_nm"] = a.sei_nm;
    d["sei_max_nm"] = a.sei_max_nm;
    d["film_Ohm"] = a.film_Ohm;
    d["sei_Ah"] = a.sei_Ah;
    d["plated_Ah"] = a.plated_Ah;
    d["dead_Ah"] = a.dead_Ah;
    d["lost_Ah"] = a.lost_Ah;
    d["anode_V"] = a.anode_V;
    d["lithium_Ah"] = a.lithium_Ah;
    return d;
}

py::dict fields_of(const Cell& c) {
    const CellFields f = c.fields();
    py::dict d;
    d["x_m"] = column(f.x_m);
    d["c_e_mol_per_m3"] = column(f.c_e_molm3);
    if (!f.phi_e_V.empty()) d["phi_e_V"] = column(f.phi_e_V);
    for (const bool negative : {true, false}) {
        const CellFields::Electrode& e = negative ? f.negative : f.positive;
        py::dict side;
        if (!e.x_m.empty()) side["x_m"] = column(e.x_m);
        side["c_surface_mol_per_m3"] = column(e.c_surface_molm3);
        side["x_surface"] = column(e.x_surface);
        side["j_mol_per_m2_s"] = column(e.j_molm2s);
        if (!e.phi_s_V.empty()) side["phi_s_V"] = column(e.phi_s_V);
        d[negative ? "negative" : "positive"] = side;
    }
    d["plating_V"] = f.plating_V;
    return d;
}

struct Steps {
    std::string file;  // or
    std::vector<std::string> steps;
    int repeat = 1;
};
/// Words, a dict of one step, a list of both, {"repeat": n, "steps": [..]}, or a file: a path, or a str that ends in
/// .json.
Steps steps_of(const py::object& protocol, int repeat) {
    Steps out;
    out.repeat = repeat;
    if (py::hasattr(protocol, "__fspath__") ||
        (py::isinstance<py::str>(protocol) && protocol.cast<std::string>().ends_with(".json"))) {
        out.file = py::module_::import("os").attr("fspath")(protocol).cast<std::string>();
        return out;
    }
    const auto text = [](const py::handle& step) {
        if (py::isinstance<py::str>(step)) return step.cast<std::string>();
        if (py::isinstance<py::dict>(step)) {
            const auto number = py::cpp_function([](const py::object& x) -> py::object {  // of NumPy
                if (py::hasattr(x, "item")) return x.attr("item")();
                throw py::type_error("a step has numbers, words and dicts, not " + py::repr(x).cast<std::string>());
            });
            try {
                return py::module_::import("json")
                    .attr("dumps")(step, py::arg("default") = number, py::arg("allow_nan") = false)
                    .cast<std::string>();
            } catch (py::error_already_set& e) {
                if (!e.matches(PyExc_ValueError)) throw;
                throw py::value_error("a number of this step is not finite: " + py::repr(step).cast<std::string>());
            }
        }
        throw py::type_error("a step is a string or a dict, not " +
                             py::str(py::type::of(step).attr("__name__")).cast<std::string>());
    };
    py::object steps = protocol;
    if (py::isinstance<py::dict>(protocol) && protocol.contains("steps")) {
        const auto d = protocol.cast<py::dict>();
        for (const auto& [key, value] : d) {
            if (key.cast<std::string>() != "steps" && key.cast<std::string>() != "repeat")
                throw py::type_error("a protocol has \"steps\" and \"repeat\", not " +
                                     py::repr(key).cast<std::string>());
        }
        if (d.contains("repeat")) {
            if (repeat != 1) throw py::type_error("repeat is given twice");
            if (PyIndex_Check(py::object(d["repeat"]).ptr()) == 0)
                throw py::type_error("repeat is an integer, not " + py::repr(d["repeat"]).cast<std::string>());
            out.repeat = d["repeat"].cast<int>();
        }
        steps = d["steps"];
    }
    if (py::isinstance<py::str>(steps) || py::isinstance<py::dict>(steps)) {
        out.steps.push_back(text(steps));
        return out;
    }
    if (!py::isinstance<py::iterable>(steps))
        throw py::type_error("a protocol is words, a dict, a list of both, or the path of a file, not " +
                             py::repr(steps).cast<std::string>());
    for (const py::handle step : steps) out.steps.push_back(text(step));
    return out;
}

void bind_runs(py::module_& m) {
    py::class_<CellRun::End>(m, "StepEnd", "How a step of a protocol ended.")
        .def_readonly("text", &CellRun::End::text)
        .def_readonly("reason", &CellRun::End::reason, "voltage, current, soc, charge, time, limit or failed")
        .def_readonly("t_s", &CellRun::End::t_s)
        .def_readonly("v_V", &CellRun::End::v_V)
        .def_readonly("i_A", &CellRun::End::i_A)
        .def_readonly("charge_Ah", &CellRun::End::charge_Ah)
        .def("__repr__", [](const CellRun::End& e) { return "<StepEnd '" + e.text + "': " + e.reason + ">"; });
    py::class_<CellRun>(m, "CellRun", "Samples (one per accepted step) and ends of a protocol.")
        .def_property_readonly("t_s", [](const CellRun& r) { return column(r.t_s); })
        .def_property_readonly("i_A", [](const CellRun& r) { return column(r.i_A); })
        .def_property_readonly("v_V", [](const CellRun& r) { return column(r.v_V); })
        .def_property_readonly("soc", [](const CellRun& r) { return column(r.soc); })
        .def_property_readonly("temp_degC", [](const CellRun& r) { return column(r.temp_degC); })
        .def_property_readonly(
            "heat_W", [](const CellRun& r) { return column(r.heat_W); },
            "W; of an electrochemical cell that does not warm up (thermal=False) without the heat of mixing.")
        .def_property_readonly("step", [](const CellRun& r) { return column(r.step); })
        .def_readonly("ends", &CellRun::ends)
        .def_readonly("extrapolated", &CellRun::extrapolated,
                      "What left the model's valid range, with the farthest value.")
        .def(
            "to_pandas",
            [](const py::object& self) {
                py::dict columns;
                for (const char* name : {"t_s", "i_A", "v_V", "soc", "temp_degC", "heat_W", "step"})
                    columns[name] = self.attr(name);
                return py::module_::import("pandas").attr("DataFrame")(columns);
            },
            "All samples as a pandas DataFrame (pandas must be installed).");
}

void bind_protocols(py::class_<Cell>& cell) {
    cell.def(
            "run",
            [](Cell& c, const py::object& protocol, std::optional<double> soc, std::optional<double> temp_degC,
               std::optional<double> ambient_degC, std::optional<double> hysteresis, int repeat) {
                const Steps p = steps_of(protocol, repeat);
                const py::gil_scoped_release release;
                const CellStart start{soc, temp_degC, ambient_degC, hysteresis};
                return p.file.empty() ? c.run(p.steps, start, p.repeat) : c.run_file(p.file, start, p.repeat);
            },
            py::arg("protocol"), py::arg("soc") = py::none(), py::arg("temp_degC") = py::none(),
            py::arg("ambient_degC") = py::none(), py::arg("hysteresis") = py::none(), py::arg("repeat") = 1,
            "Resets, then runs: one step or a list of steps, in words ('Discharge at 1C until 2.5 V', 'Hold at 4.2 V "
            "until C/20',\n'Rest for 1 hour') or as dicts of the scenario language; a dict {'repeat': n, 'steps': "
            "[..]};\nor a JSON file with them (a path, or a str that ends in .json), also a scenario with a protocol.")
        .def(
            "go_on",
            [](Cell& c, const py::object& protocol, int repeat) {
                const Steps p = steps_of(protocol, repeat);
                const py::gil_scoped_release release;
                return p.file.empty() ? c.go_on(p.steps, p.repeat) : c.go_on_file(p.file, p.repeat);
            },
            py::arg("protocol"), py::arg("repeat") = 1,
            "As run, from the state in which the cell is; times begin at 0 again.")
        .def(
            "save",
            [](const Cell& c) {
                const std::vector<std::uint8_t> b = c.save();
                return py::bytes(reinterpret_cast<const char*>(b.data()), b.size());
            },
            "The state as bytes.")
        .def(
            "load",
            [](Cell& c, const py::bytes& state) {
                const auto text = static_cast<std::string>(state);
                c.load({text.begin(), text.end()});
            },
            py::arg("state"), "A state of a cell made with the same arguments; goes on equal to the bit.");
}

}  // namespace

void bind_cell(py::module_& m) {
    bind_runs(m);
    py::class_<Cell> cell(m, "Cell",
                          "One cell: Cell('lfp-100ah'), Cell('chen2020', 'dfn'), Cell('my_bpx.json', 'spme').\n"
                          "Current is positive when it discharges the cell.");
    cell.def(py::init([](const std::filesystem::path& model, const std::string& kind, bool thermal,
                         const std::string& degradation, std::optional<double> soc, std::optional<double> temp_degC,
                         std::optional<double> ambient_degC, std::optional<double> hysteresis) {
                 return Cell(model.string(), kind, thermal, degradation, {soc, temp_degC, ambient_degC, hysteresis});
             }),
             py::arg("model"), py::arg("kind") = "", py::arg("thermal") = false, py::arg("degradation") = "",
             py::arg("soc") = py::none(), py::arg("temp_degC") = py::none(), py::arg("ambient_degC") = py::none(),
             py::arg("hysteresis") = py::none(),
             "soc (0 .. 1), temp_degC, ambient_degC, hysteresis (-1 after a long discharge .. +1 after a long charge): "
             "where the\ncell begins; without them as a BPX file's State says, else full, 25 degC, 0.\n"
             "degradation, of electrochemical cells: 'on', or laws: 'reaction', 'solvent-diffusion',\n"
             "'interstitial-diffusion', 'ec-reaction'; ',irreversible-plating', ',reversible-plating', "
             "',partial-plating'.")
        .def(
            "reset",
            [](Cell& c, std::optional<double> soc, std::optional<double> temp_degC, std::optional<double> ambient_degC,
               std::optional<double> hysteresis) { c.reset({soc, temp_degC, ambient_degC, hysteresis}); },
            py::arg("soc") = py::none(), py::arg("temp_degC") = py::none(), py::arg("ambient_degC") = py::none(),
            py::arg("hysteresis") = py::none(), "A rested cell; what is not given is as the cell was made with.")
        .def(
            "step",
            [](Cell& c, double i_A, double dt_s) {
                c.step(i_A, dt_s);
                return c.v_V();
            },
            py::arg("i_A"), py::arg("dt_s"), "Advances at constant current; returns the terminal voltage at the end.")
        .def("voltage_V", &Cell::voltage_V, py::arg("i_A") = 0.0)
        .def(
            "eis",
            [](const Cell& c, const std::vector<double>& f_Hz) {
                const auto z = c.eis_Ohm(f_Hz);
                return py::array_t<std::complex<double>>(static_cast<py::ssize_t>(z.size()), z.data());
            },
            py::arg("f_Hz"), "Impedance (n) in ohm at the present charge, temperature and film; see bmstwin.eis.")
        .def("internal_short", &Cell::internal_short, py::arg("r_Ohm"),
             "Kind 'abused': an internal short from now on; float('inf') removes it.")
        .def("abuse", &abuse_of, "Kind 'abused': what abuse did since the reset.")
        .def("degradation", &degradation_of, "What SEI growth and plating did since the reset.")
        .def(
            "fields", &fields_of,
            "What is inside an electrochemical cell after its last step, as arrays: x_m, c_e_mol_per_m3, phi_e_V (DFN) "
            "over\nall volumes; 'negative' and 'positive': x_m (DFN), c_surface_mol_per_m3, x_surface, j_mol_per_m2_s, "
            "phi_s_V (DFN);\nplating_V: least phi_s - phi_e in the negative electrode. RunError for equivalent "
            "circuits.")
        .def_property_readonly("soc", &Cell::soc)
        .def_property_readonly("temp_degC", &Cell::temp_degC)
        .def_property_readonly("direction", &Cell::direction_rel,
                               "Of the last current, as resistances follow it: -1 discharge .. +1 charge; 0: not known")
        .def_property_readonly("hysteresis", &Cell::hysteresis_rel,
                               "-1 discharged .. +1 charged; 0 for a model without")
        .def_property_readonly("extrapolated", &Cell::extrapolated,
                               "What left the model's valid range since the last reset or load.")
        .def_property_readonly("v_V", &Cell::v_V)
        .def_property_readonly("charge_out_Ah", &Cell::charge_out_Ah)
        .def_property_readonly("nominal_Ah", &Cell::nominal_Ah)
        .def_property_readonly("notes", &Cell::notes, "Of a BPX file: what was assumed, is not known or doesn't fit.")
        .def_property_readonly("name", &Cell::name)
        .def_property_readonly("kind", &Cell::kind)
        .def("__repr__", [](const Cell& c) { return "<Cell " + c.name() + " as " + c.kind() + ">"; });
    bind_protocols(cell);
    bind_batch(m);
}

}  // namespace twin::python
