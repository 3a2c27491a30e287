# SPDX-License-Identifier: Apache-2.0
"""Time of one step of 1 s of a cell that a Python loop drives: least of several repeats, and the loop itself beside it.

    python benchmarks/python_step.py [--steps 20000] [--repeats 7]

A controller in the loop asks for another current each step (that is a jump for the cell); `held` keeps it.
"""
import argparse
import time

import bmstwin


def least_us(model, kind, steps, repeats, changing):
    """Microseconds per step, the least of the repeats."""
    cell = bmstwin.Cell(model, kind)
    amps = [0.1 * cell.nominal_Ah * (1 + 0.5 * (k % 2) * changing) for k in range(steps)]
    best = float("inf")
    for _ in range(repeats):
        cell.reset(soc=1.0)
        step = cell.step
        start = time.perf_counter()
        for i_A in amps:
            step(i_A, 1.0)
        best = min(best, time.perf_counter() - start)
    return 1e6 * best / steps


def loop_us(steps, repeats):
    """The same loop over a function that does nothing."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        for i_A in [0.5] * steps:
            max(i_A, 1.0)
        best = min(best, time.perf_counter() - start)
    return 1e6 * best / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--repeats", type=int, default=7)
    a = parser.parse_args()
    print(f"{'cell':<12} {'kind':<5} {'changing':>10} {'held':>10}   us per step of 1 s")
    for model, kind in (("lfp-100ah", "ecm"), ("chen2020", "spm"), ("chen2020", "spme"), ("chen2020", "dfn")):
        n = a.steps if kind != "dfn" else a.steps // 4
        print(f"{model:<12} {kind:<5} {least_us(model, kind, n, a.repeats, True):>10.2f} {least_us(model, kind, n, a.repeats, False):>10.2f}")
    print(f"{'(the loop)':<18} {loop_us(a.steps, a.repeats):>10.2f}")


if __name__ == "__main__":
    main()
