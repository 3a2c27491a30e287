# SPDX-License-Identifier: Apache-2.0
"""One cell alone: protocols, steps from outside, errors."""
import numpy as np
import pytest

import bmstwin


@pytest.mark.parametrize("kind, end_s", [("spm", 3567.7), ("spme", 3555.8), ("dfn", 3555.2)])
def test_a_discharge_ends_when_the_peers_does(kind, end_s):
    cell = bmstwin.Cell("chen2020", kind)
    run = cell.run(["Discharge at 1C until 2.5 V"])
    assert run.ends[0].reason == "voltage"
    assert run.ends[0].t_s == pytest.approx(end_s, rel=5e-4)  # PyBaMM 26.10, refined mesh
    assert np.all(np.diff(run.t_s) >= 0) and run.v_V[-1] == pytest.approx(2.5, abs=1e-5)


def test_steps_from_outside():
    cell = bmstwin.Cell("chen2020", "spme")
    cell.reset(soc=0.5)
    rest = cell.voltage_V()
    for _ in range(10):
        v = cell.step(5.0, 1.0)
    assert v < rest and cell.charge_out_Ah == pytest.approx(50 / 3600)
    assert bmstwin.Cell("lfp-100ah").kind == "ecm"


def test_errors_say_what_is_allowed():
    with pytest.raises(bmstwin.InputError, match="Hold at 4.2 V until C/20"):
        bmstwin.Cell("lfp-100ah").run(["Discharge"])
    with pytest.raises(bmstwin.InputError, match="allowed: ecm"):
        bmstwin.Cell("lfp-100ah", "foo")
    with pytest.raises(bmstwin.RunError, match="outside"):
        bmstwin.Cell("lfp-100ah").step(1.0, -1.0)


def test_eis():
    f_Hz, z_Ohm = bmstwin.eis("lfp-100ah", [0.01, 1.0, 1e4], soc=0.4, temp_degC=10.0)
    assert f_Hz.tolist() == [0.01, 1.0, 1e4]
    assert z_Ohm.shape == (3,) and z_Ohm.dtype == complex
    assert (z_Ohm.real > 0).all() and (z_Ohm.imag < 0).all()
    assert abs(z_Ohm[0]) > abs(z_Ohm[2])
    assert len(bmstwin.eis("chen2020", kind="spm")[0]) == 61
    with pytest.raises(bmstwin.RunError, match="1e-06 .. 1e"):
        bmstwin.eis("lfp-100ah", [0.0])
