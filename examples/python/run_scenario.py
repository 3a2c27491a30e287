# SPDX-License-Identifier: Apache-2.0
"""Runs a scenario and prints its verdict, margins and the peak of the current.

usage: python run_scenario.py SCENARIO
"""
import sys

import bmstwin

result = bmstwin.run(sys.argv[1])
print(f"{result.id}: {result.verdict}, {'passed' if result.passed else 'failed'}, hash {result.hash}")
for check in result.checks:
    print(f"  {check.id:12} margin {check.margin} {check.unit}")
for name, trace in result.traces.items():
    if "truth.pack.i_A" in trace:
        current = trace["truth.pack.i_A"]
        k = abs(current).argmax()
        print(f"  {name}: {current[k]:.1f} A at {trace.t_s[k]:.6f} s")
