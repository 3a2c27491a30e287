# SPDX-License-Identifier: Apache-2.0
"""Years of a duty from Python."""
import json

import numpy as np
import pytest

import bmstwin


def test_ten_years_of_a_daily_cycle():
    run = bmstwin.age("lfp-100ah", years=10)
    assert run.law == "lfp-250ah" and run.cell == "lfp-100ah"
    assert len(run.t_d) == len(run.capacity) == 11
    assert run.capacity[0] == 1.0 and (run.capacity[1:] < run.capacity[:-1]).all()
    assert (run.resistance[1:] > run.resistance[:-1]).all()
    assert run.simulated < 100 < run.periods == 3652
    assert run.error_capacity <= 2e-4
    assert run.eol_years is None and run.stopped == ""
    data = json.loads(run.to_json())
    assert data["capacity_rel"] == list(run.capacity)


def test_heat_and_depth_cost_life():
    mild = bmstwin.age("lfp-100ah", years=5, duty=["Discharge at 0.3C until 50 %", "Charge at 0.3C until 100 %"])
    hard = bmstwin.age("lfp-100ah", years=5)
    hot = bmstwin.age("lfp-100ah", years=5, temp_degC=40)
    seasons = bmstwin.age("lfp-100ah", years=5, temp_degC=[25, 40])
    assert hot.capacity[-1] < seasons.capacity[-1] < hard.capacity[-1] < mild.capacity[-1]
    assert hard.efc[-1] > 1.4 * mild.efc[-1]


def test_bad_input_is_refused():
    with pytest.raises(bmstwin.InputError, match="must end where it began"):
        bmstwin.age("lfp-100ah", duty=["Discharge at 0.1C for 1 hour"])
    with pytest.raises(bmstwin.InputError, match="equivalent circuits age"):
        bmstwin.age("chen2020")
    with pytest.raises(bmstwin.InputError, match="eol_rel"):
        bmstwin.age("lfp-100ah", eol=1.5)


def test_spread_is_reproducible():
    a = bmstwin.spread("lfp-new", 1000, seed=4)
    b = bmstwin.spread("lfp-new", 10, seed=4)
    assert (a["capacity"][:10] == b["capacity"]).all()
    assert abs(a["capacity"].std() - 0.005) < 5e-4
    assert abs(a["resistance"].std() - 0.03) < 3e-3
    with pytest.raises(bmstwin.InputError):
        bmstwin.spread("nothing", 3)


def test_an_abused_cell_is_shorted_inside():
    cell = bmstwin.Cell("lfp-100ah", "abused")
    cell.internal_short(0.5)
    for _ in range(60):
        cell.step(0.0, 60.0)
    state = cell.abuse()
    assert cell.soc < 0.95 and state["short_J"] > 5e4 and state["t_core_degC"] > 25.5
    with pytest.raises(bmstwin.RunError):
        bmstwin.Cell("lfp-100ah").abuse()


def test_a_cell_ages_from_inside():
    run = bmstwin.age("okane2022", degradation="on", years=1.0, row_d=100.0, tol=1e-3)
    assert run.simulated < run.periods / 3 and not run.stopped
    assert np.all(np.diff(run.sei_nm) > 0) and np.all(np.diff(run.capacity) < 0) and np.all(np.diff(run.resistance) > 0)
    assert run.error_capacity < 1e-3
    with pytest.raises(bmstwin.InputError, match="BPX"):
        bmstwin.age("lfp-100ah", degradation="on")
