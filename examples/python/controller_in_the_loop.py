# SPDX-License-Identifier: Apache-2.0
"""A controller of one's own in the loop: draws as much current as keeps the weakest cell above 3.1 V."""
import bmstwin

scenario = {
    "bmstwin": 1, "id": "controlled", "title": "Discharge at the limit of the weakest cell", "duration_s": 60,
    "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.3, "spread": {"r_pct": 5}},
    "load": {"id": "load", "cc_A": 20, "dropout_V": 20},
    "expect": [{"id": "floor", "always": "truth.cell.v_min_V >= 3.0"}],
}

sim = bmstwin.Simulation(scenario)
target = next(c.name for c in sim.channels() if c.settable and c.name.startswith("load") and c.name.endswith("cc_A"))
current_A = 20.0
while sim.now_s < sim.end_s and not sim.failed:
    sim.step(1.0)
    current_A = min(max(current_A + 200 * (sim["truth.cell.v_min_V"] - 3.1), 0), 90)
    sim.set(target, current_A)
result = sim.finish()
print(result.verdict, result.checks[0], f"{current_A:.1f} A at the end")
