#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Temperature at the end of a discharge with PyBaMM's heat of mixing beside ours, Chen2020, lumped thermal.

    build/pybamm/bin/python benchmarks/peers/pybamm_heat.py build/release/bin/bmstwin [--shells 60]

Two columns of PyBaMM: its default, which leaves the heat of mixing out, and its option "heat of mixing".
"""
import argparse
import csv
import pathlib
import subprocess
import tempfile

import pybamm

MODELS = {"spm": pybamm.lithium_ion.SPM, "spme": pybamm.lithium_ion.SPMe, "dfn": pybamm.lithium_ion.DFN}


def peer_degC(kind, rate, mixing, shells):
    model = MODELS[kind]({"thermal": "lumped", "heat of mixing": mixing})
    points = {"x_n": 20, "x_s": 20, "x_p": 20, "r_n": shells, "r_p": shells}
    simulation = pybamm.Simulation(model, parameter_values=pybamm.ParameterValues("Chen2020"), C_rate=rate, var_pts=points)
    return float(simulation.solve([0, 3700 / rate])["Volume-averaged cell temperature [C]"].entries[-1])


def our_degC(program, kind, rate):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "cell.csv"
        subprocess.run([program, "cell", "chen2020", "--kind", kind, "--thermal", "--do", f"Discharge at {rate}C until 2.5 V", "--out",
                        str(out)], check=True, stdout=subprocess.DEVNULL)
        with open(out, newline="") as f:
            return float(list(csv.DictReader(f))[-1]["temp_degC"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bmstwin")
    parser.add_argument("--shells", type=int, default=60, help="PyBaMM's volumes of a particle")
    a = parser.parse_args()
    print("| model | rate | PyBaMM, default | PyBaMM, heat of mixing | ours | degC\n|---|---|---|---|---|")
    for kind in MODELS:
        for rate in (0.5, 1, 2):
            without, mixed = (peer_degC(kind, rate, x, a.shells) for x in ("false", "true"))
            print(f"| {kind} | {rate}C | {without:.2f} | {mixed:.2f} | {our_degC(a.bmstwin, kind, rate):.2f} |", flush=True)


if __name__ == "__main__":
    main()
