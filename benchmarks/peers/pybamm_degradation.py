#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyBaMM's solutions with SEI growth and lithium plating: the references of tests/data/echem/pybamm_side_*.csv.

    build/pybamm/bin/python benchmarks/peers/pybamm_degradation.py --out build/reference

Set OKane2022 (doi:10.1039/D2CP00417H), isothermal, options "SEI", "lithium plating", "SEI film resistance" as each case
says, porosity constant, no cracks, no loss of active material. Currents are given over time (no cut-offs), so that the
points of comparison mean the same in every solver. Meshes as in pybamm_reference.py; the last column says by how much
(mV rms) the last doubling moved the voltage.

PyBaMM's SPM and SPMe take the overpotential of the intercalation from the whole current, although part of it goes into
the side reactions (its own text calls the error negligible: true for SEI, not while lithium plates). Here the current
of the intercalation is an unknown of its own; --own-overpotential leaves it as it is. The DFN needs no such change.
"""
import argparse
import pathlib
import sys
import time

import numpy as np
import pybamm

import pybamm_reference as ref

F = 96485.33212
SOLVENT = "solvent-diffusion limited"
PARTLY = "partially reversible"
# steps: C-rate (positive: discharge), seconds
CYCLES = 3 * [(1.0, 2700), (0.0, 600), (-0.5, 5400), (0.0, 600)]
COLD = [(-0.7, 2400), (0.0, 1800), (0.5, 2400), (0.0, 1200)]
CASES = {  # name: models, SEI, plating, steps, initial soc, K
    "cycles": ("spm spme dfn", SOLVENT, PARTLY, CYCLES, 0.9, 298.15),
    "cold": ("spm spme dfn", SOLVENT, PARTLY, COLD, 0.3, 268.15),
    "irreversible": ("spm spme dfn", SOLVENT, "irreversible", COLD, 0.3, 268.15),
    "reversible": ("spm spme dfn", SOLVENT, "reversible", COLD, 0.3, 268.15),
    "reaction": ("spm spme dfn", "reaction limited", "none", CYCLES, 0.9, 298.15),
    "interstitial": ("spm spme dfn", "interstitial-diffusion limited", "none", CYCLES, 0.9, 298.15),
    "ec": ("spm spme dfn", "ec reaction limited", "none", CYCLES, 0.9, 298.15),
    "stored": ("spm", SOLVENT, PARTLY, [(0.0, 30 * 86400)], 0.9, 318.15),
}
POINTS = 60


def own_current():
    """The intercalation's own current as an unknown: see the text above."""
    inverse = pybamm.kinetics.InverseButlerVolmer
    current = pybamm.kinetics.CurrentForInverseKinetics
    plain = inverse.get_coupled_variables
    name = "Current of the intercalation alone [A.m-2]"

    def fundamental(self):
        if self.domain != "negative":
            return {}
        return {name: pybamm.Variable(name, domain="current collector")}

    def overpotential(self, j, j0, ne, T, u):
        if self.domain == "negative":
            j = self.alone if j0.domain in [[], ["current collector"]] else pybamm.PrimaryBroadcast(
                self.alone, [f"{self.domain} electrode"])
        return (2 * (self.param.R * T) / self.param.F / ne) * pybamm.arcsinh2(j, 2 * j0 * u)

    def coupled(self, variables):
        if self.domain == "negative":
            self.alone = variables[name]
        return plain(self, variables)

    def algebraic(self, variables):
        if self.domain == "negative":
            x = variables[name]
            self.algebraic[x] = x - variables["X-averaged negative electrode interfacial current density [A.m-2]"]

    def initial(self, variables):
        if self.domain == "negative":
            self.initial_conditions[variables[name]] = pybamm.Scalar(0)

    inverse.get_fundamental_variables = fundamental
    inverse._get_overpotential = overpotential
    inverse.get_coupled_variables = coupled
    current.set_algebraic = algebraic
    current.set_initial_conditions = initial


def solve(case, kind, level, rtol):
    _, sei, plating, steps, soc, t_K = CASES[case]
    values, cell = ref.parameters("OKane2022", soc)
    values["Initial temperature [K]"] = values["Ambient temperature [K]"] = t_K
    values["Reference temperature [K]"] = cell["Reference temperature [K]"]
    one_c = cell["Nominal cell capacity [A.h]"]
    options = {"SEI": sei, "lithium plating": plating}
    model = ref.MODELS[kind](options)
    points, types = ref.mesh(model, kind, level)
    solver = pybamm.IDAKLUSolver(rtol=rtol, atol=1e-2 * rtol)
    each = max(3, POINTS // len(steps))
    part = each + 1  # points within the steps (the current jumps at their ends), at times that the solver stores
    experiment = pybamm.Experiment([pybamm.step.c_rate(c, duration=s, period=s / part) if c != 0.0 else
                                    pybamm.step.rest(duration=s, period=s / part) for c, s in steps])
    solution = pybamm.Simulation(model, parameter_values=values, solver=solver, var_pts=points, submesh_types=types,
                                 experiment=experiment).solve(calc_esoh=False)
    times, i, begin = [], [], 0.0
    for c, s in steps:
        times += [begin + s * (k + 1) / part for k in range(each)]
        i += each * [c * one_c]
        begin += s
    t = np.array(times)
    get = lambda name: np.asarray(solution[name](t))
    area = cell["Electrode area [m2]"] * values["Negative electrode thickness [m]"] * F / 3600.0
    columns = [t, np.array(i), get("Voltage [V]")]
    columns.append(1e9 * get("X-averaged negative SEI thickness [m]"))
    columns.append(1e3 * get("Loss of capacity to negative SEI [A.h]"))
    for what in ["lithium plating", "dead lithium"]:
        columns.append(1e3 * area * get(f"X-averaged negative {what} concentration [mol.m-3]")
                       if plating != "none" else 0.0 * t)
    return np.array(columns).T


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--models", default="spm,spme,dfn")
    a.add_argument("--cases", default=",".join(CASES))
    a.add_argument("--levels", type=int, default=3)
    a.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/reference"))
    a.add_argument("--own-overpotential", action="store_true")
    a.add_argument("--rtol", type=float, default=1e-8)
    a = a.parse_args()
    ref.average_over_x()
    if not a.own_overpotential:
        own_current()
    a.out.mkdir(parents=True, exist_ok=True)
    pybamm.set_logging_level("ERROR")
    for kind in a.models.split(","):
        lines = ["case,time_s,current_A,voltage_V,sei_nm,sei_mAh,plated_mAh,dead_mAh,moved_mV"]
        for case in a.cases.split(","):
            if kind not in CASES[case][0].split():
                continue
            last, moved, others, begin = None, np.inf, [], time.time()
            for level in range(a.levels):
                try:
                    table = solve(case, kind, level, a.rtol)
                except pybamm.SolverError as e:
                    print(f"{kind} {case}: mesh x {2 ** level}: no solution: {e}", flush=True)
                    break
                if last is not None:
                    moved = 1e3 * float(np.sqrt(np.mean((table[:, 2] - last[:, 2]) ** 2)))
                    others = [float(np.max(np.abs(table[:, c] - last[:, c])) / max(np.max(np.abs(table[:, c])), 1e-30))
                              for c in range(3, 7)]
                last = table
                if moved <= 0.05:
                    break
            if last is None:
                continue
            print(f"{kind} {case}: mesh x {2 ** level}, moved {moved:.3f} mV rms, others {others}, "
                  f"{time.time() - begin:.0f} s", flush=True)
            lines += [",".join([case] + [f"{x:.9g}" for x in row] + [f"{moved:.3f}"]) for row in last]
        (a.out / f"pybamm_side_okane2022_{kind}.csv").write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
