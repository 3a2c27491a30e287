// SPDX-License-Identifier: Apache-2.0
// Results as Python objects. Arrays of traces are read-only views of the result's own memory: no copy, and the result
// lives as long as any of its arrays.
#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "binding.hpp"

namespace twin::python {
namespace {

template <class T>
py::array_t<T> view_of(const std::vector<T>& samples, const py::object& owner) {
    py::array_t<T> view(static_cast<py::ssize_t>(samples.size()), samples.data(), owner);
    view.attr("flags").attr("writeable") = false;
    return view;
}

const TraceColumn& column_of(const Trace& t, const std::string& name) {
    for (const TraceColumn& c : t.columns)
        if (c.name == name) return c;
    throw py::key_error(fmt::format("no channel '{}' in trace '{}'", name, t.id));
}

py::array_t<double> times_s(const Trace& t) {
    py::array_t<double> out(static_cast<py::ssize_t>(t.t_ns.size()));
    double* p = out.mutable_data();
    for (std::size_t k = 0; k < t.t_ns.size(); ++k) p[k] = static_cast<double>(t.t_ns[k]) / 1e9;
    return out;
}

const char* status_name(RunStatus s) {
    switch (s) {
        case RunStatus::ok:
            return "ok";
        case RunStatus::numeric:
            return "numeric";
        case RunStatus::core_fault:
            return "core_fault";
        case RunStatus::internal:
            return "internal";
        case RunStatus::cancelled:
            return "cancelled";
    }
    return "internal";
}

py::object seconds_or_none(Time_ns t) {
    return t < 0 ? py::none() : py::object(py::float_(static_cast<double>(t) / 1e9));
}

void bind_trace(py::module_& m) {
    py::class_<Trace>(m, "Trace", "A recording: channels over time, as NumPy arrays.")
        .def_readonly("id", &Trace::id)
        .def_readonly("trigger", &Trace::trigger)
        .def_property_readonly("t_trigger_s", [](const Trace& t) { return seconds_or_none(t.t_trigger_ns); })
        .def_property_readonly(
            "t_ns", [](const py::object& self) { return view_of(self.cast<const Trace&>().t_ns, self); },
            "int64 nanoseconds; a view")
        .def_property_readonly("t_s", &times_s, "float64 seconds; a copy")
        .def_property_readonly("names",
                               [](const Trace& t) {
                                   std::vector<std::string> names;
                                   for (const TraceColumn& c : t.columns) names.push_back(c.name);
                                   return names;
                               })
        .def_property_readonly("units",
                               [](const Trace& t) {
                                   py::dict units;
                                   for (const TraceColumn& c : t.columns) units[py::str(c.name)] = c.unit;
                                   return units;
                               })
        .def(
            "__getitem__",
            [](const py::object& self, const std::string& name) {
                return view_of(column_of(self.cast<const Trace&>(), name).samples, self);
            },
            py::arg("name"))
        .def(
            "to_pandas",
            [](const py::object& self) {
                py::dict columns;
                columns["t_s"] = self.attr("t_s");
                for (const py::handle name : self.attr("names")) columns[name] = self[name];
                return py::module_::import("pandas").attr("DataFrame")(columns);
            },
            "All channels as a pandas DataFrame (pandas must be installed).")
        .def("__contains__",
             [](const Trace& t, const std::string& name) {
                 for (const TraceColumn& c : t.columns)
                     if (c.name == name) return true;
                 return false;
             })
        .def("__len__", [](const Trace& t) { return t.t_ns.size(); })
        .def("__repr__", [](const Trace& t) {
            return fmt::format("<Trace {}: {} channels, {} samples>", t.id, t.columns.size(), t.t_ns.size());
        });
}

void bind_check(py::module_& m) {
    py::class_<CheckResult>(m, "Check", "One check: margin >= 0 holds.")
        .def_readonly("id", &CheckResult::id)
        .def_readonly("form", &CheckResult::form)
        .def_readonly("text", &CheckResult::text)
        .def_readonly("passed", &CheckResult::passed)
        .def_readonly("skipped", &CheckResult::skipped)
        .def_readonly("vacuous", &CheckResult::vacuous)
        .def_readonly("waived", &CheckResult::waived)
        .def_readonly("implicit", &CheckResult::implicit)
        .def_readonly("margin", &CheckResult::margin)
        .def_readonly("unit", &CheckResult::unit)
        .def_property_readonly("value",
                               [](const CheckResult& c) -> py::object {
                                   if (c.value) return py::float_(*c.value);
                                   return c.value_text.empty() ? py::object(py::none())
                                                               : py::object(py::str(c.value_text));
                               })
        .def_property_readonly("t_s", [](const CheckResult& c) { return seconds_or_none(c.t_ns); })
        .def_readonly("reason", &CheckResult::reason)
        .def("__repr__", [](const CheckResult& c) {
            return fmt::format("<Check {}: {}{}>", c.id,
                               c.passed    ? "passed"
                               : c.skipped ? "skipped"
                                           : "failed",
                               c.margin ? ", margin " + margin_text(c) : "");
        });
}

void bind_records(py::module_& m) {
    py::class_<EventRecord>(m, "Event", "One record of the event log.")
        .def_property_readonly("t_s", [](const EventRecord& e) { return static_cast<double>(e.t_ns) / 1e9; })
        .def_readonly("t_ns", &EventRecord::t_ns)
        .def_readonly("kind", &EventRecord::kind)
        .def_readonly("pack", &EventRecord::pack)
        .def_readonly("source", &EventRecord::source)
        .def_readonly("text", &EventRecord::text)
        .def_readonly("value", &EventRecord::value)
        .def_readonly("unit", &EventRecord::unit)
        .def("__repr__", [](const EventRecord& e) {
            return fmt::format("<Event {} s {}: {}>", static_cast<double>(e.t_ns) / 1e9, e.kind, e.text);
        });
    py::class_<ProtocolRecord>(m, "ProtocolStep", "How one step of the cycler's protocol ended; + is discharge.")
        .def_readonly("step", &ProtocolRecord::step)
        .def_readonly("round", &ProtocolRecord::round)
        .def_readonly("text", &ProtocolRecord::text)
        .def_readonly("reason", &ProtocolRecord::reason, "until, time, limit, profile or run end")
        .def_readonly("channel", &ProtocolRecord::channel, "the channel that reached its value, '' if none")
        .def_property_readonly("t_start_s",
                               [](const ProtocolRecord& p) { return static_cast<double>(p.t_start_ns) / 1e9; })
        .def_property_readonly("t_end_s", [](const ProtocolRecord& p) { return static_cast<double>(p.t_end_ns) / 1e9; })
        .def_readonly("v_before_V", &ProtocolRecord::v_before_V)
        .def_readonly("i_before_A", &ProtocolRecord::i_before_A)
        .def_readonly("v_end_V", &ProtocolRecord::v_end_V)
        .def_readonly("i_end_A", &ProtocolRecord::i_end_A)
        .def_readonly("charge_Ah", &ProtocolRecord::charge_Ah)
        .def_readonly("energy_Wh", &ProtocolRecord::energy_Wh)
        .def("__repr__", [](const ProtocolRecord& p) {
            return fmt::format("<ProtocolStep {}: {}, ended by {}>", p.step, p.text, p.reason);
        });
    py::class_<Damage>(m, "Damage", "A part that passed its limit.")
        .def_property_readonly("t_s", [](const Damage& d) { return static_cast<double>(d.t_ns) / 1e9; })
        .def_readonly("pack", &Damage::pack)
        .def_readonly("part", &Damage::part)
        .def_readonly("cause", &Damage::cause)
        .def_readonly("value", &Damage::value)
        .def_readonly("limit", &Damage::limit)
        .def_readonly("margin", &Damage::margin)
        .def_readonly("unit", &Damage::unit)
        .def_readonly("consequence", &Damage::consequence)
        .def("__repr__", [](const Damage& d) { return fmt::format("<Damage {} by {}>", d.part, d.cause); });
    py::class_<Warning>(m, "Warning", "A warning of the run.")
        .def_readonly("code", &Warning::code)
        .def_readonly("model", &Warning::model)
        .def_readonly("quantity", &Warning::quantity)
        .def_readonly("value", &Warning::value)
        .def_readonly("valid_min", &Warning::valid_min)
        .def_readonly("valid_max", &Warning::valid_max)
        .def_property_readonly("t_s", [](const Warning& w) { return seconds_or_none(w.t_ns); })
        .def_readonly("text", &Warning::text)
        .def("__repr__", [](const Warning& w) { return fmt::format("<Warning {}: {}>", w.code, w.text); });
}

template <class Items, class Value>
py::dict dict_of(const Items& items, const Value& value) {
    py::dict all;
    for (const auto& item : items) all[py::str(item.name)] = value(item);
    return all;
}

// pack id -> name -> (requested, applied, note)
py::dict applied_of(const RunResult& r) {
    py::dict all;
    for (const AppliedSetting& a : r.applied) {
        if (!all.contains(a.pack)) all[py::str(a.pack)] = py::dict();
        py::dict one;
        one["requested"] = a.requested;
        one["applied"] = a.applied;
        one["unit"] = a.unit;
        one["note"] = a.note;
        all[py::str(a.pack)][py::str(a.name)] = one;
    }
    return all;
}

py::object frame_of(const py::object& result, const std::string& trace) {
    return result.attr("traces")[py::str(trace)].attr("to_pandas")();
}

}  // namespace

void bind_result(py::module_& m) {
    bind_trace(m);
    bind_check(m);
    bind_records(m);
    using Inside = py::return_value_policy;
    py::class_<RunResult, std::shared_ptr<RunResult>>(m, "Result", "What one run leaves behind.")
        .def_property_readonly("status", [](const RunResult& r) { return status_name(r.status); })
        .def_readonly("error", &RunResult::error)
        .def_readonly("id", &RunResult::id)
        .def_readonly("title", &RunResult::title)
        .def_readonly("why", &RunResult::why)
        .def_readonly("tags", &RunResult::tags)
        .def_readonly("requirements", &RunResult::requirements)
        .def_readonly("verdict", &RunResult::verdict)
        .def_property_readonly("verdicts",
                               [](const RunResult& r) {
                                   py::dict all;
                                   for (const PackVerdict& v : r.verdicts) all[py::str(v.pack)] = v.verdict;
                                   return all;
                               })
        .def_readonly("passed", &RunResult::passed)
        .def_readonly("fail_reason", &RunResult::fail_reason)
        .def_property_readonly("exit_code", &exit_code)
        .def_readonly("checks", &RunResult::checks)
        .def_property_readonly(
            "metrics", [](const RunResult& r) { return dict_of(r.metrics, [](const Metric& x) { return x.value; }); })
        .def_property_readonly("energy_residual_rel", [](const RunResult& r) { return r.ledger.energy_residual_rel; })
        .def_property_readonly("charge_residual_rel", [](const RunResult& r) { return r.ledger.charge_residual_rel; })
        .def_property_readonly(
            "ledger",
            [](const RunResult& r) { return dict_of(r.ledger.lines, [](const LedgerLine& x) { return x.value; }); })
        .def_readonly("protocol", &RunResult::protocol, "how the steps of the cycler's protocol ended")
        .def_readonly("damage", &RunResult::damage)
        .def_readonly("warnings", &RunResult::warnings)
        .def_readonly("events", &RunResult::events)
        .def_property_readonly("applied", &applied_of)
        .def_property_readonly("hash", [](const RunResult& r) { return fmt::format("{:016x}", r.hash); })
        .def_property_readonly(
            "core_hash",
            [](const RunResult& r) { return dict_of(r.core_hash, [](const NamedText& x) { return x.value; }); })
        .def_readonly("seed", &RunResult::seed)
        .def_property_readonly("sim_time_s",
                               [](const RunResult& r) { return static_cast<double>(r.sim_time_ns) / 1e9; })
        .def_readonly("wall_time_s", &RunResult::wall_time_s)
        .def_property_readonly(
            "traces",
            [](const py::object& self) {
                RunResult& r = self.cast<RunResult&>();
                py::dict all;
                for (Trace& t : r.traces) all[py::str(t.id)] = py::cast(&t, Inside::reference_internal, self);
                return all;
            },
            "trace id -> Trace; \"main\" and \"burst-<n>\"")
        .def("to_pandas", &frame_of, py::arg("trace") = "main", "A recording as a pandas DataFrame.")
        .def("summary_json", &summary_json, py::arg("host") = true)
        .def(
            "write", [](const RunResult& r, const std::string& dir) { return write_evidence(r, dir); }, py::arg("dir"),
            py::call_guard<py::gil_scoped_release>())
        .def("__repr__", [](const RunResult& r) {
            return fmt::format("<Result {}: {}, {}>", r.id, r.verdict, r.passed ? "passed" : "failed");
        });
    m.def(
        "write_html",
        [](const std::vector<std::shared_ptr<RunResult>>& results, const std::string& file) {
            std::vector<RunResult> all;
            for (const std::shared_ptr<RunResult>& r : results) all.push_back(*r);
            write_html(all, file);
        },
        py::arg("results"), py::arg("file"));
    m.def(
        "write_junit",
        [](const std::vector<std::shared_ptr<RunResult>>& results, const std::string& file) {
            std::vector<RunResult> all;
            for (const std::shared_ptr<RunResult>& r : results) all.push_back(*r);
            write_junit(all, file);
        },
        py::arg("results"), py::arg("file"));
}

}  // namespace twin::python
