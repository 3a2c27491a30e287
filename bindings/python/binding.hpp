// SPDX-License-Identifier: Apache-2.0
// What the files of the extension module share.
#pragma once
#include <pybind11/pybind11.h>

#include <twin/twin.hpp>

namespace twin::python {

namespace py = pybind11;

void bind_result(py::module_& m);
void bind_simulation(py::module_& m);
void bind_cell(py::module_& m);
void bind_eis(py::module_& m);
void bind_ageing(py::module_& m);
void bind_fit(py::module_& m);

}  // namespace twin::python
