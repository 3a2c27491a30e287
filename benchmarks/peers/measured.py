#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cell's model beside a measured series, untuned: rms of the voltage.

    build/venv/bin/python benchmarks/peers/measured.py CELL.json SERIES.csv --kind dfn --soc 1 --temp 25

SERIES: time_s, current_A (positive = discharge), voltage_V. Gaps longer than 20 s are stepped in parts.
--peer puts PyBaMM's DFN of the same BPX file beside it (needs the packages pybamm and bpx): if both miss the series in
the same way, the set does not fit that cell.
"""
import argparse
import csv
import math

import bmstwin


def peer(model, rows, soc):
    """Voltage of PyBaMM's DFN at the times of the rows, on a refined mesh."""
    import numpy
    import pybamm

    t, i = numpy.array([r[0] for r in rows]), numpy.array([r[1] for r in rows])
    keep = numpy.append(True, numpy.diff(t) > 0)
    t, i = t[keep], i[keep]
    values = pybamm.ParameterValues.create_from_bpx(model)
    values["Current function [A]"] = pybamm.Interpolant(t, i, pybamm.t, interpolator="linear")
    points = {"x_n": 30, "x_s": 15, "x_p": 30, "r_n": 60, "r_p": 60}
    run = pybamm.Simulation(pybamm.lithium_ion.DFN(), parameter_values=values, var_pts=points)
    out = run.solve(numpy.linspace(t[0], t[-1], 2000), initial_soc=soc)
    return lambda at: float(numpy.interp(at, out.t, out["Terminal voltage [V]"].entries))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("model")
    a.add_argument("series")
    a.add_argument("--kind", default="dfn")
    a.add_argument("--soc", type=float, default=1.0)
    a.add_argument("--temp", type=float, default=25.0)
    a.add_argument("--thermal", action="store_true")
    a.add_argument("--peer", action="store_true")
    a = a.parse_args()
    with open(a.series) as f:
        rows = [[float(x) for x in r[:3]] for r in list(csv.reader(f))[1:]]
    cell = bmstwin.Cell(a.model, a.kind, a.thermal)
    cell.reset(a.soc, a.temp)
    total = sum(i * (t - s) for (s, _, _), (t, i, _) in zip(rows, rows[1:]))
    charge = 0.0
    sums = {"all": [0.0, 0.0], "first 90 % of the charge": [0.0, 0.0]}
    other = peer(a.model, rows, a.soc) if a.peer else None
    apart = [0.0, 0.0]  # ours and the peer's, after the first minute
    held = None
    for (before, _, _), (t, i, v) in zip(rows, rows[1:]):
        span = t - before
        if span <= 0:
            continue
        held = i if held is None or abs(i - held) > 1e-3 else held  # noise of the current is no jump
        parts = max(1, math.ceil(span / 20))
        for _ in range(parts):
            ours = cell.step(held, span / parts)
        charge += i * span
        if other and t > rows[0][0] + 60:
            apart[0] += span * (ours - other(t)) ** 2
            apart[1] += span
        for name, s in sums.items():
            if name == "all" or charge < 0.9 * total:
                s[0] += span * (ours - v) ** 2
                s[1] += span
    for name, (square, span) in sums.items():
        print(f"{a.kind} {name}: {1e3 * math.sqrt(square / span):.2f} mV rms")
    if other:
        print(f"against PyBaMM's DFN of the same file: {1e3 * math.sqrt(apart[0] / apart[1]):.2f} mV rms")


if __name__ == "__main__":
    main()
