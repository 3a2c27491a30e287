# SPDX-License-Identifier: Apache-2.0
"""Fit of recordings that another model made: a cell whose parameters are known."""
import math

import numpy as np
import pytest

import bmstwin


class Frame(dict):
    """What the fit uses of a pandas DataFrame."""

    def to_csv(self, path, index):
        assert index is False
        rows = np.column_stack(np.broadcast_arrays(*self.values()))
        np.savetxt(path, rows, delimiter=",", header=",".join(self), comments="")


R0, R1, TAU1, R2, TAU2, Q_AH = 0.02, 0.008, 6.0, 0.012, 120.0, 2.0


def ocv(soc):
    return 3.3 + 0.8 * soc + 0.05 * soc * soc


def slow():
    t = 60.0 * np.arange(1201)
    return Frame({"time_s": t, "current_A": 0.1, "voltage_V": ocv(1 - 0.1 * t / 3600 / Q_AH), "temp_C": 25.0})


def drive(bdf=False):
    rng = np.random.default_rng(1)
    i = np.repeat(1 + 3 * rng.uniform(-1, 1, 400), 15)
    i[:100] = 0
    u1 = u2 = 0.0
    soc = 1.0
    v = []
    for k, x in enumerate(i):
        if k:
            u1 += (x * R1 - u1) * (1 - math.exp(-1 / TAU1))
            u2 += (x * R2 - u2) * (1 - math.exp(-1 / TAU2))
            soc -= x / 3600 / Q_AH
        v.append(ocv(soc) - u1 - u2 - R0 * x)
    names = ["Test Time / s", "Current / A", "Voltage / V"] if bdf else ["time_s", "current_A", "voltage_V"]
    return Frame({names[0]: np.arange(len(i), dtype=float), names[1]: -i if bdf else i, names[2]: v})


def check(result):
    found = {p.name: p for p in result.parameters}
    assert found["R0(soc=0.70, 25 degC)"].value == pytest.approx(1e3 * R0, rel=0.03)
    assert found["tau1"].value == pytest.approx(TAU1, rel=0.1)
    assert max(f.rms_mV for f in result.files) < 1.0


def test_frames_give_the_model_they_came_from(tmp_path):
    result = bmstwin.fit({"slow": slow(), "drive": (drive(), 25.0)}, validate={"again": (drive(), 25.0)}, id="made", n_rc=2)
    check(result)
    assert [f.held_back for f in result.files] == [False, True]
    assert result.model["sources"] == ["measured: slow", "measured: drive"]
    assert "drive" in result.report()
    result.save(tmp_path / "made.json")
    assert bmstwin.Cell(str(tmp_path / "made.json")).kind == "ecm"


def test_battery_data_format_is_positive_on_charge():
    check(bmstwin.fit([slow(), (drive(bdf=True), 25.0, 1.0)]))
    with pytest.raises(bmstwin.InputError, match="contradicts the voltage"):
        bmstwin.fit([slow(), (drive(bdf=True), 25.0)], charge_positive=False)


def test_bad_arguments_say_so():
    with pytest.raises(TypeError, match="no option 'chemestry'"):
        bmstwin.fit([slow()], chemestry="LFP")
    with pytest.raises(TypeError, match="a recording is a path"):
        bmstwin.fit([3])
