// SPDX-License-Identifier: Apache-2.0
// The extension module bmstwin._core: exceptions, loading, running. The package's Python part (bmstwin/__init__.py) is
// what people import.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <exception>

#include "binding.hpp"

namespace twin::python {
namespace {

// Exceptions of the API become Python ones that carry what they know; the classes are defined in bmstwin/errors.py.
py::object make_error(const char* cls, const py::tuple& arguments) {
    return py::module_::import("bmstwin.errors").attr(cls)(*arguments);
}

void raise(const char* cls, const py::tuple& arguments) {
    const py::object error = make_error(cls, arguments);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
}

void translate(std::exception_ptr p) {
    try {
        if (p) std::rethrow_exception(p);
    } catch (const InputError& e) {
        py::list found;
        for (const Diagnostic& d : e.diagnostics()) found.append(py::cast(d));
        raise("InputError", py::make_tuple(e.what(), found));
    } catch (const RunError& e) {
        raise("RunError", py::make_tuple(e.what(), e.place()));
    } catch (const FileError& e) {
        raise("FileError", py::make_tuple(e.what()));
    }
}

void bind_load(py::module_& m) {
    py::class_<Diagnostic>(m, "Diagnostic", "One finding about an input file.")
        .def_readonly("file", &Diagnostic::file)
        .def_readonly("pointer", &Diagnostic::pointer, "JSON pointer inside the file")
        .def_readonly("message", &Diagnostic::message)
        .def_readonly("line", &Diagnostic::line, "1-based; 0: not known")
        .def_readonly("column", &Diagnostic::column)
        .def_property_readonly("is_error",
                               [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::error; })
        .def("__str__", [](const Diagnostic& d) { return to_string(d); })
        .def("__repr__", [](const Diagnostic& d) { return "<Diagnostic " + to_string(d) + ">"; });

    py::class_<LoadOptions>(m, "LoadOptions")
        .def(py::init<>())
        .def_readwrite("model_dirs", &LoadOptions::model_dirs)
        .def_readwrite("set", &LoadOptions::set)
        .def_readwrite("seed", &LoadOptions::seed);

    using Release = py::call_guard<py::gil_scoped_release>;
    py::class_<Scenario>(m, "Scenario", "A validated scenario; immutable.")
        .def_static("from_file", &Scenario::from_file, py::arg("path"), py::arg("options"), Release())
        .def_static(
            "from_json",
            [](const std::string& text, const std::string& name, const LoadOptions& o) {
                return Scenario::from_json(text, name, o);
            },
            py::arg("text"), py::arg("name"), py::arg("options"), Release())
        .def_property_readonly("id", &Scenario::id)
        .def_property_readonly("title", &Scenario::title)
        .def_property_readonly("tags", &Scenario::tags)
        .def_property_readonly("requirements", &Scenario::requirements)
        .def_property_readonly("file", &Scenario::file)
        .def_property_readonly("duration_s", &Scenario::duration_s)
        .def_property_readonly("warnings", &Scenario::warnings)
        .def("effective_json", &Scenario::effective_json, py::arg("origin") = false)
        .def("__repr__", [](const Scenario& s) { return "<Scenario " + s.id() + ">"; });

    m.def("find_scenarios", &find_scenarios, py::arg("paths"), Release());
    m.def("load", &load, py::arg("files"), py::arg("options"), Release());
    m.def("validate", &validate, py::arg("files"), py::arg("options"), Release());
    m.def("schema_json", &schema, Release());
    m.def("version", &version);
    m.def("versions", [] {
        py::dict all;
        for (const NamedText& v : versions()) all[py::str(v.name)] = v.value;
        return all;
    });
}

// Runs without the interpreter's lock; every piece of progress looks for ^C, which ends the runs and is raised
// afterwards.
std::vector<std::shared_ptr<RunResult>> run_scenarios(const std::vector<Scenario>& scenarios, const RunOptions& options,
                                                      int jobs, int repeat, bool fail_fast) {
    BatchOptions batch;
    batch.run = options;
    batch.jobs = jobs;
    batch.repeat = repeat;
    batch.fail_fast = fail_fast;
    bool interrupted = false;
    batch.progress = [&interrupted](const Progress&) {
        const py::gil_scoped_acquire lock;
        if (!interrupted && PyErr_CheckSignals() != 0) interrupted = true;
        return !interrupted;
    };
    std::vector<RunResult> results;
    {
        const py::gil_scoped_release unlock;
        results = run(scenarios, batch);
    }
    if (interrupted) throw py::error_already_set();
    std::vector<std::shared_ptr<RunResult>> shared;
    shared.reserve(results.size());
    for (RunResult& r : results) shared.push_back(std::make_shared<RunResult>(std::move(r)));
    return shared;
}

}  // namespace
}  // namespace twin::python

PYBIND11_MODULE(_core, m) {
    using namespace twin::python;
    m.doc() = "bmstwin: simulator and digital twin of a battery management system (extension module)";
    py::register_exception_translator(translate);
    bind_load(m);
    bind_result(m);
    bind_simulation(m);
    bind_cell(m);
    bind_fit(m);
    bind_eis(m);
    bind_ageing(m);
    m.def("run_scenarios", &run_scenarios, py::arg("scenarios"), py::arg("options"), py::arg("jobs"), py::arg("repeat"),
          py::arg("fail_fast"));
}
