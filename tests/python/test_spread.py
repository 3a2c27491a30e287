# SPDX-License-Identifier: Apache-2.0
"""A pack whose cells are drawn from a model of models/spread, by name."""
import numpy as np
import pytest

import bmstwin


def pack(spread, **changes):
    data = {"bmstwin": 1, "id": "drawn", "title": "Cells of one batch", "seed": 5, "duration_s": 600,
            "pack": {"cells": "8S1P", "model": "lfp-100ah", "soc": 0.5, "board": "none", "spread": spread},
            "protocol": {"steps": [{"discharge_A": 20, "max_s": 600}]}, "expect": [{"id": "cells", "always": "truth.cell.v_max_V <= 3.65"}]}
    data.update(changes)
    return data


def cells(sim, name):
    return np.array([sim[f"truth.cell[{k}].{name}"] for k in range(1, 9)])


def test_cells_are_those_that_the_seed_draws():
    meant = bmstwin.spread("lfp-new", 8, seed=5, pack="pack")
    sim = bmstwin.Simulation(pack("lfp-new"))
    start = cells(sim, "soc_pct")
    assert start == pytest.approx(50 + 100 * meant["soc_offset"], abs=1e-6)
    assert np.ptp(start) > 0.5
    sim.step(600)
    moved = start - cells(sim, "soc_pct")  # the same charge from each
    assert moved * meant["capacity"] == pytest.approx(np.full(8, np.mean(moved * meant["capacity"])), rel=2e-4)
    assert np.ptp(moved) / np.mean(moved) > 0.002
    again, other = bmstwin.Simulation(pack({"model": "lfp-new"})), bmstwin.Simulation(pack("lfp-new", seed=6))
    assert (cells(again, "soc_pct") == start).all() and not (cells(other, "soc_pct") == start).any()


def test_leaky_cells_lose_what_was_drawn():
    days = 4
    meant = bmstwin.spread("lfp-grey-market", 8, seed=5, pack="pack")
    sim = bmstwin.Simulation(pack("lfp-grey-market", duration_s=days * 86400, protocol={"steps": [{"rest_s": days * 86400}]}))
    start = cells(sim, "soc_pct")
    sim.step(days * 86400)
    lost = start - cells(sim, "soc_pct")
    assert lost == pytest.approx(100 * days * meant["self_discharge_per_d"] / 1.0, rel=0.03)
    assert lost.max() > 1.5 * lost.min() > 0


@pytest.mark.parametrize("spread, words", [
    ("lfp-nw", 'did you mean "lfp-new"'),
    ("nmc-new", "is of NMC cells, the pack's are LFP"),
    ({"model": "lfp-new", "capacity_pct": 1}, "a model has its own standard deviations"),
])
def test_a_spread_that_cannot_be(spread, words):
    with pytest.raises(bmstwin.InputError, match=words):
        bmstwin.Simulation(pack(spread))


def test_a_chemistry_alone_means_its_new_cells():
    for word in ("lfp", "nmc", "lto"):
        assert bmstwin.spread(word, 5)["capacity"].tolist() == bmstwin.spread(word + "-new", 5)["capacity"].tolist()
    assert bmstwin.run(pack("lfp")).hash == bmstwin.run(pack("lfp-new")).hash
    with pytest.raises(bmstwin.InputError, match="lfp-grey-market, lfp-new"):
        bmstwin.spread("nca", 5)
