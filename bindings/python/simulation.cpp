// SPDX-License-Identifier: Apache-2.0
// A stepped simulation in Python. The interpreter's lock is released while it advances; a second thread that calls into
// the same object meanwhile gets a RunError instead of a race.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <atomic>
#include <cmath>

#include "binding.hpp"

namespace twin::python {
namespace {

class Stepped {
public:
    Stepped(const Scenario& scenario, const RunOptions& options) : simulation_(scenario, options) {}
    explicit Stepped(Simulation simulation) : simulation_(std::move(simulation)) {}

    template <class F>
    auto call(const F& f) {
        const Use use(busy_);
        return f(simulation_);
    }

    void advance_to(double t_s) {
        call([t_s](Simulation& s) {
            constexpr double k_most_s = 9e9;
            if (!(t_s >= 0 && t_s <= k_most_s)) throw RunError("time must be 0 .. 9e9 s", "advance_to");
            walk(s, std::llround(t_s * 1e9));
        });
    }

    void step(double dt_s) {
        call([dt_s](Simulation& s) {
            const double dt_ns = dt_s * 1e9;
            if (!(dt_ns >= 0.5 && dt_ns <= 9e18)) throw RunError("dt must be 1e-9 .. 9e9 s", "step");
            const Time_ns whole = std::llround(dt_ns);
            if (whole > INT64_MAX - s.now_ns()) throw RunError("the clock would pass its end", "step");
            walk(s, s.now_ns() + whole);
        });
    }

private:
    class Use {
    public:
        explicit Use(std::atomic<bool>& busy) : busy_(busy) {
            if (busy_.exchange(true)) throw RunError("the simulation is in use by another thread", "thread");
        }
        ~Use() { busy_ = false; }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

    private:
        std::atomic<bool>& busy_;
    };

    // In pieces of simulated time, so that ^C is heard; observers never cut a step, so the pieces change no bit.
    static void walk(Simulation& s, Time_ns end) {
        constexpr Time_ns piece = 1'000'000'000;
        Time_ns t = s.now_ns();
        do {
            t = end - t > piece ? t + piece : end;
            {
                const py::gil_scoped_release unlock;
                s.advance_to_ns(t);
            }
            if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        } while (t < end && !s.failed());
    }

    Simulation simulation_;
    std::atomic<bool> busy_{false};
};

py::dict copied_traces(Stepped& self) {
    return self.call([](Simulation& s) {
        py::dict all;
        for (const Trace& t : s.traces()) all[py::str(t.id)] = py::cast(Trace(t), py::return_value_policy::move);
        return all;
    });
}

void bind_options(py::module_& m) {
    py::class_<RunOptions>(m, "RunOptions")
        .def(py::init<>())
        .def_readwrite("core_library", &RunOptions::core_library)
        .def_readwrite("step_scale", &RunOptions::step_scale)
        .def_readwrite("strict", &RunOptions::strict)
        .def_readwrite("record", &RunOptions::record)
        .def_readwrite("eager_conversions", &RunOptions::eager_conversions);
    py::class_<ChannelInfo>(m, "Channel", "A channel or settable target.")
        .def_readonly("name", &ChannelInfo::name)
        .def_readonly("unit", &ChannelInfo::unit)
        .def_readonly("shape", &ChannelInfo::shape)
        .def_readonly("meaning", &ChannelInfo::meaning)
        .def_readonly("discrete", &ChannelInfo::discrete)
        .def_readonly("readable", &ChannelInfo::readable)
        .def_readonly("settable", &ChannelInfo::settable)
        .def_property_readonly("range",
                               [](const ChannelInfo& c) -> py::object {
                                   return c.settable && c.min <= c.max ? py::object(py::make_tuple(c.min, c.max))
                                                                       : py::object(py::none());
                               })
        .def("__repr__", [](const ChannelInfo& c) {
            return "<Channel " + c.name + (c.unit.empty() ? "" : " [" + c.unit + "]") + ">";
        });
}

}  // namespace

void bind_simulation(py::module_& m) {
    bind_options(m);
    py::class_<Stepped>(m, "Simulation", "One run, advanced step by step; + = discharge current.")
        .def(py::init<const Scenario&, const RunOptions&>(), py::arg("scenario"), py::arg("options"),
             py::call_guard<py::gil_scoped_release>())
        .def_property_readonly("now_s", [](Stepped& s) { return s.call([](Simulation& x) { return x.now_s(); }); })
        .def_property_readonly("now_ns", [](Stepped& s) { return s.call([](Simulation& x) { return x.now_ns(); }); })
        .def_property_readonly(
            "end_s",
            [](Stepped& s) { return s.call([](Simulation& x) { return static_cast<double>(x.end_ns()) / 1e9; }); })
        .def_property_readonly("failed", [](Stepped& s) { return s.call([](Simulation& x) { return x.failed(); }); })
        .def("advance_to", &Stepped::advance_to, py::arg("t_s"))
        .def("step", &Stepped::step, py::arg("dt_s"))
        .def(
            "set",
            [](Stepped& s, const std::string& target, double value) {
                s.call([&](Simulation& x) { x.set(target, value); });
            },
            py::arg("target"), py::arg("value"))
        .def(
            "value",
            [](Stepped& s, const std::string& channel) {
                return s.call([&](Simulation& x) { return x.value(channel); });
            },
            py::arg("channel"))
        .def(
            "__getitem__",
            [](Stepped& s, const std::string& channel) {
                return s.call([&](Simulation& x) { return x.value(channel); });
            },
            py::arg("channel"))
        .def("channels", [](Stepped& s) { return s.call([](Simulation& x) { return x.channels(); }); })
        .def_property_readonly("traces", &copied_traces, "recorded so far; copies")
        .def_property_readonly(
            "events",
            [](Stepped& s) { return s.call([](Simulation& x) { return std::vector<EventRecord>(x.events()); }); })
        .def("save",
             [](Stepped& s) {
                 const std::vector<std::uint8_t> bytes = s.call([](Simulation& x) { return x.save(); });
                 return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
             })
        .def(
            "load",
            [](Stepped& s, const py::bytes& bytes) {
                const std::string_view view = bytes;
                s.call(
                    [&](Simulation& x) { x.load({reinterpret_cast<const std::uint8_t*>(view.data()), view.size()}); });
            },
            py::arg("state"))
        .def("fork",
             [](Stepped& s) { return s.call([](Simulation& x) { return std::make_unique<Stepped>(x.fork()); }); })
        .def("finish",
             [](Stepped& s) { return s.call([](Simulation& x) { return std::make_shared<RunResult>(x.finish()); }); });
}

}  // namespace twin::python
