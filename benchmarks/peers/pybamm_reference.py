#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyBaMM's solutions on refined meshes: the references of tests/data/echem/pybamm_*.csv.

    python3 -m venv build/pybamm && build/pybamm/bin/pip install pybamm==26.10.*
    build/pybamm/bin/python benchmarks/peers/pybamm_reference.py --sets Chen2020 --models spm,spme,dfn --out build/reference

Cases: constant current at 0.5C, 1C, 2C (from full to the lower cut-off); CCCV charge at 1C from 20 %; pulses
(2C discharge 10 s, rest 40 s, 1C charge 10 s, rest 40 s) from 50 %; 300 s of the US06 cycle from 80 %, its currents
scaled to 2C at the peak and straight between whole seconds. Initial lithiation: that of our files in models/echem.
The mesh (particles: finer towards the surface) is doubled until the voltage moves by less than 0.05 mV rms, at most
--levels times. Where it doesn't but moves by a quarter each time (second order), the reference is the continuation of
the last two; the last column says by how much the last doubling, or that continuation, moved it.

PyBaMM 26.10 averages the concentration of the electrolyte as mean(porosity c) x mean(1 / porosity), which at rest gives
1161 instead of 1000 mol/m3 (Marquis2019) and enters the conductivity of its SPMe; here the average is the one over x.
--own-average leaves it as it is.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy as np
import pybamm

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = {"spm": pybamm.lithium_ion.SPM, "spme": pybamm.lithium_ion.SPMe, "dfn": pybamm.lithium_ion.DFN}
CASES = ["0.5C", "1C", "2C", "cccv", "pulses", "drive"]
POINTS = 25


def ours(name):
    return json.loads((ROOT / "models" / "echem" / f"{name.lower()}.json").read_text())["Parameterisation"]


def parameters(name, soc):
    values = pybamm.ParameterValues(name)
    p = ours(name)
    n, q = p["Negative electrode"], p["Positive electrode"]
    x = n["Minimum stoichiometry"] + soc * (n["Maximum stoichiometry"] - n["Minimum stoichiometry"])
    y = q["Maximum stoichiometry"] - soc * (q["Maximum stoichiometry"] - q["Minimum stoichiometry"])
    values["Initial concentration in negative electrode [mol.m-3]"] = x * n["Maximum concentration [mol.m-3]"]
    values["Initial concentration in positive electrode [mol.m-3]"] = y * q["Maximum concentration [mol.m-3]"]
    values["Initial temperature [K]"] = values["Ambient temperature [K]"] = p["Cell"]["Reference temperature [K]"]
    return values, p["Cell"]


def mesh(model, kind, level):
    k = 2 ** level
    x = 40 * k if kind == "dfn" else 20 * k
    points = {"x_n": x, "x_s": x // 2, "x_p": x, "r_n": 30 * k, "r_p": 30 * k}
    graded = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, {"side": "right", "stretch": 3.5})
    types = dict(model.default_submesh_types)
    types["negative particle"] = types["positive particle"] = graded
    return points, types


def drive_cycle(c_rate_A):
    """The committed excerpt: 300 s of US06, whole seconds, largest current 2C."""
    raw = np.loadtxt(ROOT / "tests" / "data" / "echem" / "us06_300s.csv", delimiter=",", skiprows=1)
    return np.c_[raw[:, 0], raw[:, 1] * 2.0 * c_rate_A]


def solve(name, kind, case, level):
    """Times, currents and voltages at the points of comparison."""
    soc = {"cccv": 0.2, "pulses": 0.5, "drive": 0.8}.get(case, 1.0)
    values, cell = parameters(name, soc)
    one_c = cell["Nominal cell capacity [A.h]"]
    model = MODELS[kind]()
    points, types = mesh(model, kind, level)
    solver = pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-9)
    options = {"parameter_values": values, "solver": solver, "var_pts": points, "submesh_types": types}
    if case.endswith("C"):
        values["Current function [A]"] = float(case[:-1]) * one_c
        solution = pybamm.Simulation(model, **options).solve([0, 1.3 * 3600 / float(case[:-1])])
        t = np.linspace(0, 0.98 * solution.t[-1], POINTS + 1)[1:] if level == 0 else None
    elif case == "drive":
        table = drive_cycle(one_c)
        values["Current function [A]"] = pybamm.Interpolant(table[:, 0], table[:, 1], pybamm.t)
        solution = pybamm.Simulation(model, **options).solve(table[:, 0])
        t = table[4::4, 0]
    else:
        steps = {"cccv": [f"Charge at 1C until {cell['Upper voltage cut-off [V]']} V",
                          f"Hold at {cell['Upper voltage cut-off [V]']} V until C/20"],
                 "pulses": ["Discharge at 2C for 10 seconds", "Rest for 40 seconds", "Charge at 1C for 10 seconds",
                            "Rest for 40 seconds"]}[case]
        period = {"cccv": "10 seconds", "pulses": "0.5 seconds"}[case]
        solution = pybamm.Simulation(model, experiment=pybamm.Experiment(steps, period=period), **options).solve()
        t = np.linspace(0, solution.t[-1], POINTS + 1)[1:] if case == "cccv" else np.arange(2.0, 100.0, 4.0)
    return solution, t


def average_over_x():
    """See the end of the text above."""
    diffusion = pybamm.electrolyte_diffusion.Full
    domains, whole = (diffusion._get_standard_domain_concentration_variables,
                      diffusion._get_standard_whole_cell_concentration_variables)

    def patched_domains(self, c_e_dict):
        variables = domains(self, c_e_dict)
        p, key = self.param, "X-averaged {} electrolyte concentration [mol.m-3]"
        self.mean_over_x = (variables[key.format("negative")] * p.n.L + variables[key.format("separator")] * p.s.L
                            + variables[key.format("positive")] * p.p.L) / p.L_x
        return variables

    def patched_whole(self, c_e):
        variables = whole(self, c_e)
        variables["X-averaged electrolyte concentration [mol.m-3]"] = self.mean_over_x
        return variables

    diffusion._get_standard_domain_concentration_variables = patched_domains
    diffusion._get_standard_whole_cell_concentration_variables = patched_whole


def refine(name, kind, case, levels):
    t = last = None
    moved = before = np.inf
    for level in range(levels):
        solution, points = solve(name, kind, case, level)
        t = points if t is None else t  # the points of the first mesh
        t = t[t <= solution.t[-1]]
        v, i = solution["Voltage [V]"](t), solution["Current [A]"](t)
        if last is not None:
            step = v - last[: len(v)]
            before, moved = moved, 1e3 * float(np.sqrt(np.mean(step ** 2)))
            if moved <= 0.05:
                break
            if level + 1 == levels and 3.0 < before / moved < 5.0:
                v, moved = v + step / 3.0, moved / 3.0
        last = v
    return np.c_[t, i, v], moved, level


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--sets", default="Chen2020,Marquis2019,Prada2013,ORegan2022,Ecker2015,OKane2022")
    a.add_argument("--models", default="spm,spme,dfn")
    a.add_argument("--cases", default=",".join(CASES))
    a.add_argument("--levels", type=int, default=4)
    a.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/reference"))
    a.add_argument("--own-average", action="store_true")
    a = a.parse_args()
    if not a.own_average:
        average_over_x()
    a.out.mkdir(parents=True, exist_ok=True)
    pybamm.set_logging_level("ERROR")
    for name in a.sets.split(","):
        for kind in a.models.split(","):
            lines = ["case,time_s,current_A,voltage_V,moved_mV"]
            for case in a.cases.split(","):
                begin = time.time()
                try:
                    table, moved, level = refine(name, kind, case, a.levels)
                except pybamm.SolverError as e:
                    print(f"{name} {kind} {case}: no solution: {str(e).splitlines()[0]}", flush=True)
                    continue
                settled = "" if moved <= 0.05 else "  NOT SETTLED"
                print(f"{name} {kind} {case}: mesh x {2 ** level}, moved {moved:.3f} mV rms, "
                      f"{time.time() - begin:.0f} s{settled}", flush=True)
                lines += [f"{case},{t:.9g},{i:.9g},{v:.7f},{moved:.3f}" for t, i, v in table]
            (a.out / f"pybamm_{name.lower()}_{kind}.csv").write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
