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


def test_parquet_files_of_the_battery_data_format(tmp_path):
    """Labels in one file, machine-readable names in the other, words beside the numbers; current positive on charge."""
    pandas = pytest.importorskip("pandas", reason="Parquet is read by pandas")
    pytest.importorskip("pyarrow", reason="Parquet is read by pyarrow")
    first, second = pandas.DataFrame(slow()), pandas.DataFrame(drive())
    first["current_A"] *= -1
    first = first.rename(columns={"time_s": "Test Time / s", "current_A": "Current / A", "voltage_V": "Voltage / V",
                                  "temp_C": "Surface Temperature / degC"})
    second["current_A"] *= -1
    second = second.rename(columns={"time_s": "test_time_second", "current_A": "current_ampere", "voltage_V": "voltage_volt"})
    second["surface_temperature_celsius"] = 25.0
    second["step_type"] = 'rest, then "drive"'
    first.to_parquet(tmp_path / "slow.bdf.parquet")
    second.to_parquet(tmp_path / "drive.bdf.parquet")
    files = [tmp_path / "slow.bdf.parquet", (tmp_path / "drive.bdf.parquet", None, 1.0)]
    result = bmstwin.fit(files, validate=[(str(tmp_path / "drive.bdf.parquet"), None, 1.0)])
    check(result)
    assert [f.path.rsplit("/", 1)[-1] for f in result.files] == ["drive.bdf.parquet"] * 2
    # the same as text: quoted words, and the columns named one by one, do not change the sign
    second.to_csv(tmp_path / "drive.csv", index=False)
    first.to_csv(tmp_path / "slow.csv", index=False)
    check(bmstwin.fit([tmp_path / "slow.csv", (tmp_path / "drive.csv", None, 1.0)]))
    with pytest.raises(bmstwin.InputError, match="contradicts the voltage"):
        bmstwin.fit(files, charge_positive=False)
    with pytest.raises(bmstwin.InputError, match="sign of the current"):
        second.assign(current_ampere=-second["current_ampere"]).to_parquet(tmp_path / "turned.parquet")
        bmstwin.fit([files[0], (tmp_path / "turned.parquet", None, 1.0)])


def test_spectra_give_the_circuit_they_came_from(tmp_path):
    f, z = bmstwin.eis("nmc-lgm50", np.geomspace(2e-3, 1e3, 60), soc=0.5)
    shipped = bmstwin.Cell("nmc-lgm50")
    soc, v = np.linspace(0, 1, 101), []
    for s in soc:
        shipped.reset(soc=float(s))
        v.append(shipped.voltage_V())
    table = tmp_path / "ocv.csv"
    np.savetxt(table, np.column_stack([soc, v]), delimiter=",", header="soc,ocv_V", comments="")
    made = bmstwin.fit(eis=[((f, z), 25.0, 0.5)], ocv_table=str(table), capacity_Ah=shipped.nominal_Ah, n_rc=3)
    turned = bmstwin.fit(eis={"turned": ((f, np.conj(z)), 25.0, 0.5)}, ocv_table=str(table), capacity_Ah=shipped.nominal_Ah, n_rc=3)
    assert len(made.spectra) == 1 and made.spectra[0].rms_pct < 0.5 and not made.spectra[0].flipped
    assert turned.spectra[0].flipped and turned.model["resistance"] == made.model["resistance"]
    assert turned.model["sources"] == ["measured: turned"]
    assert np.allclose(made.spectra[0].z_meas_Ohm, z, rtol=1e-6)


def test_an_electrochemical_set_gives_a_circuit(tmp_path):
    made = bmstwin.fit_from_bpx("marquis2019", temps_degC=[15.0, 25.0])
    assert made.model["id"] == "marquis2019-ecm" and made.worst_validation_rms_mV < 20
    assert sum(f.held_back for f in made.files) == 3
    made.save(tmp_path / "made.json")
    circuit, meant = bmstwin.Cell(str(tmp_path / "made.json")), bmstwin.Cell("marquis2019", "spme")
    steps = ["Discharge at 0.5C for 20 minutes", "Rest for 10 minutes"]
    assert circuit.run(steps, soc=0.8).v_V[-1] == pytest.approx(meant.run(steps, soc=0.8).v_V[-1], abs=0.005)
    with pytest.raises(bmstwin.InputError, match="no BPX file"):
        bmstwin.fit_from_bpx("lfp-100ah")


def test_several_cells_in_one_call():
    both = bmstwin.fit_cells({"a": {"slow": slow(), "drive": (drive(), 25.0, 1.0)}, "b": [slow(), (drive(), 25.0, 1.0)]},
                             validate={"b": [(drive(), 25.0, 1.0)]})
    assert list(both) == ["a", "b"] and both["b"].model["id"] == "fitted-cell-b"
    assert [f.held_back for f in both["b"].files].count(True) == 1
    table = both.table()
    assert table["capacity_Ah"] == pytest.approx([Q_AH, Q_AH], rel=1e-3)
    assert table["r_mOhm"] == pytest.approx([1e3 * (R0 + R1 + R2)] * 2, rel=0.03)
    with pytest.raises(KeyError, match="z"):
        bmstwin.fit_cells({"a": [slow()]}, validate={"z": [slow()]})
