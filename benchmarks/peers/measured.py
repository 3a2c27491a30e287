#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cell's model beside a measured series, untuned: rms of the voltage.

    build/venv/bin/python benchmarks/peers/measured.py CELL.json SERIES.csv --kind dfn --soc 1 --temp 25

SERIES: time_s, current_A (positive = discharge), voltage_V. Gaps longer than 20 s are stepped in parts.
"""
import argparse
import csv
import math

import bmstwin


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("model")
    a.add_argument("series")
    a.add_argument("--kind", default="dfn")
    a.add_argument("--soc", type=float, default=1.0)
    a.add_argument("--temp", type=float, default=25.0)
    a.add_argument("--thermal", action="store_true")
    a = a.parse_args()
    with open(a.series) as f:
        rows = [[float(x) for x in r[:3]] for r in list(csv.reader(f))[1:]]
    cell = bmstwin.Cell(a.model, a.kind, a.thermal)
    cell.reset(a.soc, a.temp)
    total = sum(i * (t - s) for (s, _, _), (t, i, _) in zip(rows, rows[1:]))
    charge = 0.0
    sums = {"all": [0.0, 0.0], "first 90 % of the charge": [0.0, 0.0]}
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
        for name, s in sums.items():
            if name == "all" or charge < 0.9 * total:
                s[0] += span * (ours - v) ** 2
                s[1] += span
    for name, (square, span) in sums.items():
        print(f"{a.kind} {name}: {1e3 * math.sqrt(square / span):.2f} mV rms")


if __name__ == "__main__":
    main()
