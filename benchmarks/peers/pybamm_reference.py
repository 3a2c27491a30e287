#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyBaMM's solution of a constant-current discharge: the reference of tests/data/echem, and its time.

    python3 -m venv build/pybamm && build/pybamm/bin/pip install pybamm==26.10.*
    build/pybamm/bin/python benchmarks/peers/pybamm_reference.py Chen2020 5 --volumes 120 --out build/reference

Writes <set>_<model>.csv (time_s, voltage_V) and prints the best of the warm solves at PyBaMM's default mesh.
"""
import argparse
import pathlib
import time

import numpy as np
import pybamm

MODELS = {"spm": pybamm.lithium_ion.SPM, "spme": pybamm.lithium_ion.SPMe, "dfn": pybamm.lithium_ion.DFN}


def simulation(model, parameters, current, volumes, tight):
    values = pybamm.ParameterValues(parameters)
    values["Current function [A]"] = current
    solver = pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-10) if tight else pybamm.IDAKLUSolver()
    points = None
    if volumes:
        points = {"x_n": volumes, "x_s": volumes // 2, "x_p": volumes,
                  "r_n": volumes * 4 // 3, "r_p": volumes * 4 // 3}
    return pybamm.Simulation(MODELS[model](), parameter_values=values, solver=solver, var_pts=points)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("parameters", help="a parameter set of PyBaMM, e.g. Chen2020")
    arguments.add_argument("current", type=float, help="A, positive = discharge")
    arguments.add_argument("--volumes", type=int, default=120)
    arguments.add_argument("--seconds", type=float, default=3600)
    arguments.add_argument("--repeats", type=int, default=7)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/reference"))
    a = arguments.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    pybamm.set_logging_level("ERROR")
    for name in MODELS:
        fine = simulation(name, a.parameters, a.current, a.volumes, True).solve([0, a.seconds])
        t = np.arange(0, fine.t[-1], 60.0)
        table = np.c_[t, fine["Voltage [V]"](t)]
        np.savetxt(a.out / f"{a.parameters}_{name}.csv", table, delimiter=",", fmt=["%g", "%.7f"],
                   header="time_s,voltage_V", comments="")
        usual = simulation(name, a.parameters, a.current, 0, False)
        usual.solve([0, a.seconds])
        times = []
        for _ in range(a.repeats):
            begin = time.perf_counter()
            usual.solve([0, a.seconds])
            times.append(time.perf_counter() - begin)
        print(f"{a.parameters} {name}: warm solve, best of {a.repeats}: {1e3 * min(times):.2f} ms "
              f"(ends at {fine.t[-1]:.1f} s)")


if __name__ == "__main__":
    main()
