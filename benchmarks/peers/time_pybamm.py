#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ours and PyBaMM side by side, in one run on one core: Chen2020, 25 degC.

    build/pybamm/bin/python benchmarks/peers/time_pybamm.py build/release/bench/bench_cell_echem

PyBaMM: default mesh and solver, warm (the same simulation solved before), best of several; stepped: Simulation.step of
1 s. Ours: the committed google-benchmark program, whose discharge tells its error against PyBaMM on a refined mesh.
"""
import argparse
import json
import os
import subprocess
import time

import pybamm

MODELS = {"spm": pybamm.lithium_ion.SPM, "spme": pybamm.lithium_ion.SPMe, "dfn": pybamm.lithium_ion.DFN}


def best(work, repeats):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def peer(repeats):
    """Milliseconds of each case."""
    out = {}
    for name, model in MODELS.items():
        values = pybamm.ParameterValues("Chen2020")
        simulation = pybamm.Simulation(model(), parameter_values=values, solver=pybamm.IDAKLUSolver())
        simulation.solve([0, 3700])
        out[f"discharge_1c/{name}"] = 1e3 * best(lambda: simulation.solve([0, 3700]), repeats)
        stepped = pybamm.Simulation(model(), parameter_values=values, solver=pybamm.IDAKLUSolver())
        for _ in range(5):
            stepped.step(1.0, save=False)
        out[f"step_1s/{name}"] = 1e3 * best(lambda: stepped.step(1.0, save=False), 20 * repeats)
    steps = [("Discharge at 1C until 2.5 V", "Charge at 1C until 4.2 V", "Hold at 4.2 V until C/20")]
    cycle = pybamm.Simulation(MODELS["spm"](), parameter_values=pybamm.ParameterValues("Chen2020"),
                              experiment=pybamm.Experiment(steps), solver=pybamm.IDAKLUSolver())
    cycle.solve()
    out["discharge_and_cccv/spm"] = 1e3 * best(cycle.solve, repeats)
    return out


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("benchmark", help="the built bench_cell_echem")
    a.add_argument("--repeats", type=int, default=9)
    a = a.parse_args()
    pybamm.set_logging_level("ERROR")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core, also for the child
    text = subprocess.run([a.benchmark, "--benchmark_format=json", "--benchmark_repetitions=9",
                           "--benchmark_min_time=0.05"], check=True, capture_output=True, text=True).stdout
    ours = {}
    for row in json.loads(text)["benchmarks"]:
        if row["run_type"] != "iteration":
            continue
        scale = {"ms": 1.0, "us": 1e-3, "ns": 1e-6}[row["time_unit"]]
        old = ours.get(row["name"])
        if old is None or row["cpu_time"] * scale < old[0]:
            ours[row["name"]] = (row["cpu_time"] * scale, row.get("rms_mV"))
    theirs = peer(a.repeats)
    print(f"PyBaMM {pybamm.__version__}, best of {a.repeats}; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{'case':<26}{'ours':>12}{'PyBaMM':>12}{'ratio':>8}  error")
    for name, (own_ms, rms) in ours.items():
        error = "" if rms is None else f"{rms:.2f} mV rms"
        print(f"{name:<26}{own_ms:>9.4f} ms{theirs[name]:>9.2f} ms{theirs[name] / own_ms:>8.0f}  {error}")


if __name__ == "__main__":
    main()
