// SPDX-License-Identifier: Apache-2.0
// Impedance spectra in Python.
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>

#include <twin/eis.hpp>

#include "binding.hpp"

namespace twin::python {

void bind_eis(py::module_& m) {
    m.def(
        "eis",
        [](const std::string& model, const std::string& kind, double soc, double temp_degC, std::vector<double> f_Hz,
           const std::string& degradation, std::optional<double> sei_nm) {
            EisResult r;
            {
                const py::gil_scoped_release free;
                r = eis({model, kind, soc, temp_degC, std::move(f_Hz), degradation, sei_nm});
            }
            const auto n = static_cast<py::ssize_t>(r.f_Hz.size());
            return py::make_tuple(py::array_t<double>(n, r.f_Hz.data()),
                                  py::array_t<std::complex<double>>(n, r.z_Ohm.data()));
        },
        py::arg("model"), py::arg("kind"), py::arg("soc"), py::arg("temp_degC"), py::arg("f_Hz"),
        py::arg("degradation") = "", py::arg("sei_nm") = py::none());
}

}  // namespace twin::python
