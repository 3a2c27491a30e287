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


def test_lithium_plates_in_the_cold_and_none_of_it_is_lost_count_of():
    cell = bmstwin.Cell("okane2022", "spme", degradation="on")
    cell.reset(soc=0.3, temp_degC=-5.0)
    before = cell.degradation()["lithium_Ah"]
    for _ in range(1800):
        cell.step(-3.5, 1.0)
    d = cell.degradation()
    assert d["plated_Ah"] > 0.05 and d["anode_V"] < 0.0 and d["sei_nm"] > 5.0
    assert d["lithium_Ah"] == pytest.approx(before, rel=1e-9)
    with pytest.raises(bmstwin.InputError, match="did you mean partial-plating"):
        bmstwin.Cell("okane2022", degradation="parial-plating")
    with pytest.raises(bmstwin.InputError, match="Initial SEI thickness"):
        bmstwin.Cell("chen2020", degradation="on")
    with pytest.raises(bmstwin.InputError, match="BPX"):
        bmstwin.Cell("lfp-100ah", degradation="on")
    with pytest.raises(bmstwin.RunError, match="without|made with"):
        bmstwin.Cell("okane2022").degradation()


def test_eis():
    f_Hz, z_Ohm = bmstwin.eis("lfp-100ah", [0.01, 1.0, 1e4], soc=0.4, temp_degC=10.0)
    assert f_Hz.tolist() == [0.01, 1.0, 1e4]
    assert z_Ohm.shape == (3,) and z_Ohm.dtype == complex
    assert (z_Ohm.real > 0).all() and (z_Ohm.imag < 0).all()
    assert abs(z_Ohm[0]) > abs(z_Ohm[2])
    assert len(bmstwin.eis("chen2020", kind="spm")[0]) == 61
    with pytest.raises(bmstwin.RunError, match="1e-06 .. 1e"):
        bmstwin.eis("lfp-100ah", [0.0])


def test_a_batch_is_its_cells_one_by_one():
    n, steps = 21, 120
    rng = np.random.default_rng(3)
    soc, r = rng.uniform(0.3, 0.9, n), rng.uniform(0.9, 1.2, n)
    i = rng.uniform(-60.0, 90.0, (steps, n))
    batch = bmstwin.CellBatch("lfp-100ah", n, r_rel=r, soc=soc)
    run = batch.run(i, 1.0, record_every=10)
    assert len(batch) == n and run.v_V.shape == (12, n) and run.t_s[-1] == steps
    other = bmstwin.CellBatch("lfp-100ah", n, r_rel=r, soc=soc)
    for k in range(steps):
        v = other.step(i[k], 1.0)
    assert np.array_equal(v, batch.v_V) and np.array_equal(v, run.v_V[-1])
    assert np.array_equal(other.soc, batch.soc) and np.all(batch.v_min_V <= run.v_V.min(axis=0))
    one = bmstwin.CellBatch("lfp-100ah", 1, r_rel=r[4], soc=soc[4])
    one.run(i[:, 4], 1.0, record_every=0)
    assert one.v_V[0] == batch.v_V[4] and one.temp_degC[0] == batch.temp_degC[4]
    alone = bmstwin.Cell("lfp-100ah")
    alone.reset(soc=0.5)
    same = bmstwin.CellBatch("lfp-100ah", 3, soc=0.5)
    for k in range(30):
        alone.step(i[k, 0], 1.0)
        same.step(i[k, 0], 1.0)
    assert alone.soc == same.soc[2]
    assert alone.temp_degC == pytest.approx(same.temp_degC[1], abs=1e-9)  # by way of kelvin


def test_a_batch_refuses_what_does_not_fit():
    with pytest.raises(bmstwin.RunError, match="allowed 1 or 5"):
        bmstwin.CellBatch("lfp-100ah", 5, soc=np.zeros(4))
    with pytest.raises(bmstwin.RunError, match="shape"):
        bmstwin.CellBatch("lfp-100ah", 5).run(np.zeros((3, 4)), 1.0)
    with pytest.raises(bmstwin.InputError):
        bmstwin.CellBatch("no-such-cell", 5)


def test_a_batch_tells_which_cells_ran_out():
    batch = bmstwin.CellBatch("lfp-100ah", 4, soc=np.array([0.9, 0.30, 0.26, 0.10]))
    assert batch.extrapolated == [] and not batch.out_of.any()
    run = batch.run(np.full(1000, 100.0), 1.0)  # 100 A of 105 Ah: 0.265 of charge
    assert batch.out_of.tolist() == [0, 0, 1, 33] and batch.extrapolated == [
        "soc below 0: 2 of 4 cells", "stopped, the charge left -0.05 .. 1.05: 1 of 4 cells"]
    assert np.isinf(batch.out_since_s[:2]).all() and batch.out_since_s[2] == pytest.approx(0.26 * 105 * 36, abs=2)
    assert batch.stopped_at_s[3] == pytest.approx(0.15 * 105 * 36, abs=2) and np.isinf(batch.stopped_at_s[:3]).all()
    assert np.isnan(batch.v_V).tolist() == [False, False, False, True]
    assert np.isnan(run.v_V[:, 3]).sum() == 1000 - batch.stopped_at_s[3] + 1
    assert np.isfinite(batch.v_min_V).all() and batch.v_min_V[3] == pytest.approx(np.nanmin(run.v_V[:, 3]))
    cell = bmstwin.Cell("lfp-100ah", soc=0.10)
    with pytest.raises(bmstwin.RunError, match="abused"):
        for _ in range(1000):
            cell.step(100.0, 1.0)
    high = bmstwin.CellBatch("lfp-100ah", 2, soc=0.5)
    high.step(np.array([10.0, 400.0]), 1.0)
    assert high.out_of.tolist() == [0, 16] and high.extrapolated == ["i_A beyond 315: 1 of 2 cells"]


def test_fields_of_an_electrochemical_cell():
    """What the fields must be by their definitions: reaction balances the current, salt is conserved, lithium leaves one side."""
    cell = bmstwin.Cell("chen2020", "dfn")
    cell.reset(soc=0.8)
    rest = cell.fields()
    for _ in range(60):
        cell.step(5.0, 1.0)
    f = cell.fields()
    n, p = f["negative"], f["positive"]
    assert f["x_m"].shape == f["c_e_mol_per_m3"].shape == f["phi_e_V"].shape and np.all(np.diff(f["x_m"]) > 0)
    assert n["x_m"].shape == n["j_mol_per_m2_s"].shape == n["phi_s_V"].shape and n["x_m"].max() < p["x_m"].min()
    assert n["j_mol_per_m2_s"].min() > 0 > p["j_mol_per_m2_s"].max()  # discharge: out of the negative, into the positive
    assert n["x_surface"].mean() < rest["negative"]["x_surface"].mean() and p["x_surface"].mean() > rest["positive"]["x_surface"].mean()
    assert np.allclose(n["c_surface_mol_per_m3"] / n["x_surface"], 33133.0, rtol=1e-3)  # Chen2020's greatest concentration
    # 5 A through 0.1027 m2, 85.2 um and 75.6 um of electrode: mean flux x area per volume x thickness x F = current density
    for side, thickness_m, per_m in ((n, 85.2e-6, 3 * 0.75 / 5.86e-6), (p, -75.6e-6, 3 * 0.665 / 5.22e-6)):
        assert np.mean(side["j_mol_per_m2_s"]) * per_m * thickness_m * 96485.3 == pytest.approx(5.0 / 0.1027, rel=0.02)
    assert f["c_e_mol_per_m3"][0] > 1000 > f["c_e_mol_per_m3"][-1] and abs(np.mean(rest["c_e_mol_per_m3"]) - 1000) < 1e-6
    assert 0.0 < f["plating_V"] < 0.3
    spme = bmstwin.Cell("chen2020", "spme")
    spme.step(5.0, 1.0)
    assert "phi_e_V" not in spme.fields() and spme.fields()["negative"]["x_surface"].shape == (1,)
    with pytest.raises(bmstwin.RunError, match="only an electrochemical cell"):
        bmstwin.Cell("lfp-100ah").fields()


def test_a_history_of_the_start():
    middle = bmstwin.Cell("lfp-100ah", soc=0.5)
    for h in (-1.0, 1.0):
        cell = bmstwin.Cell("lfp-100ah", soc=0.5, hysteresis=h)
        assert cell.hysteresis == h and cell.direction == h and (cell.v_V - middle.v_V) * h > 0.005
        run = cell.run("Rest for 1 minute")  # begins where the cell was made to begin
        assert run.soc[0] == 0.5 and run.v_V[0] == pytest.approx(cell.v_V, abs=1e-9)
    batch = bmstwin.CellBatch("lfp-100ah", 2, soc=0.5, hysteresis=np.array([-1.0, 1.0]))
    assert batch.v_V[0] < middle.v_V < batch.v_V[1]
    with pytest.raises(bmstwin.RunError, match="no hysteresis"):
        bmstwin.Cell("lto-20ah", hysteresis=1)
    with pytest.raises(bmstwin.RunError, match="-1 .. 1"):
        middle.reset(hysteresis=2)


def test_steps_in_the_forms_of_the_scenario_language():
    cell = bmstwin.Cell("chen2020", "spm", soc=0.5)
    words = cell.run({"repeat": 2, "steps": ["Discharge at 1C until 3.2 V", {"charge_C": 0.5, "max_s": 600}]})
    assert [e.reason for e in words.ends] == ["voltage", "time"] * 2
    alone = cell.run({"hold_V": 4.1, "limit": {"i_C": 0.5}, "until": {"truth.cycler.i_abs_A": 0.25}})
    assert alone.ends[0].reason == "current" and alone.i_A.min() == pytest.approx(-2.5)
    assert {"t_s", "v_V", "i_A"} <= set(alone.to_pandas().columns)
    with pytest.raises(bmstwin.InputError, match="/0/until/truth.fet.dsg.tj_degC"):
        cell.run({"charge_C": 1, "until": {"truth.fet.dsg.tj_degC": 80}})
    assert cell.run({"charge_C": np.float32(0.5), "max_s": np.int64(2)}).ends[0].reason == "time"
    with pytest.raises(ValueError, match="not finite.*nan"):
        cell.run({"charge_C": float("nan"), "max_s": 2})
    for wrong in (3, None, [3], {"steps": "Rest for 1 s", "times": 2}, {"steps": "Rest for 1 s", "repeat": 1.5}):
        with pytest.raises(TypeError):
            cell.run(wrong)


def test_a_protocol_of_a_file(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"repeat": 2, "steps": ["Discharge at 1C for 10 s", {"id": "r", "rest_s": 5}]}')
    cell = bmstwin.Cell("lfp-100ah", soc=0.5)
    for given in (path, str(path)):
        run = cell.run(given)
        assert [e.text for e in run.ends][1::2] == ["r", "r"] and run.t_s[-1] == 30
    assert cell.go_on(path).soc[0] == pytest.approx(cell.soc + 2 * 1000 / 3600 / 105, abs=1e-12)
    path.write_text('[{"discharge_C": 1}]')
    with pytest.raises(bmstwin.InputError, match="p.json.*/0/until.*nothing ends"):
        cell.run(path)
    with pytest.raises(bmstwin.InputError, match="nothere.json"):
        cell.run("nothere.json")


def test_a_saved_state_goes_on_equal_to_the_bit():
    cell = bmstwin.Cell("chen2020", "spme")
    cell.run("Discharge at 1C for 10 minutes")
    state = cell.save()
    soc, later = cell.soc, [cell.step(2.0, 1.0) for _ in range(20)]
    cell.load(state)
    assert cell.soc == soc and [cell.step(2.0, 1.0) for _ in range(20)] == later
    assert cell.go_on("Rest for 1 minute").soc[0] == pytest.approx(soc - 40 / 3600 / cell.nominal_Ah, abs=2e-3)
    with pytest.raises(bmstwin.RunError, match="another model"):
        bmstwin.Cell("lfp-100ah").load(state)
    with pytest.raises(bmstwin.RunError, match="damaged|no state"):
        cell.load(state[:-8])


def test_models_by_path(tmp_path):
    model = bmstwin.fit_from_bpx("marquis2019", kind="spm", temps_degC=[25])
    model.save(tmp_path / "mine.json")
    assert bmstwin.Cell(tmp_path / "mine.json").kind == "ecm"
    assert len(bmstwin.CellBatch(tmp_path / "mine.json", 3)) == 3


def test_odd_arguments_say_what_is_wrong():
    cell = bmstwin.Cell("lfp-100ah")
    for wrong in (dict(soc=float("nan")), dict(soc=-0.1), dict(temp_degC=1e9), dict(hysteresis=float("nan"))):
        with pytest.raises(bmstwin.RunError, match="outside"):
            cell.reset(**wrong)
    with pytest.raises(bmstwin.RunError, match="outside"):
        cell.step(float("nan"), 1.0)
    with pytest.raises(bmstwin.InputError, match="must begin with"):
        cell.run("")
    with pytest.raises(bmstwin.InputError, match="no step"):
        cell.run([])
    assert cell.step(np.float32(1.0), 1) > 3.0


@pytest.mark.parametrize("words, message", [
    ("Dischage at 1C for 10 s", 'did you mean "discharge"'),
    ("Rest for -5 s", '"-5 s": numbers are 0 or above'),
    ("Discharge at -1C until 2.5 V", "Charge and Discharge say which way"),
])
def test_typos_in_words(words, message):
    with pytest.raises(bmstwin.InputError, match=message):
        bmstwin.Cell("lfp-100ah").run(["Rest for 1 s", words])


def test_values_are_named():
    with pytest.raises(bmstwin.RunError, match=r"temp_degC 298 is outside -60 .. 120"):
        bmstwin.Cell("lfp-100ah", temp_degC=298)
    with pytest.raises(bmstwin.RunError, match=r"soc\[1\] = 1.5 is outside 0 .. 1"):
        bmstwin.CellBatch("lfp-100ah", 3, soc=np.array([0.5, 1.5, 0.2]))
    with pytest.raises(bmstwin.RunError, match=r"i_A\[1\] = nan is outside"):
        bmstwin.CellBatch("lfp-100ah", 3).run(np.array([1.0, np.nan]), 1.0)
    with pytest.raises(bmstwin.InputError, match="no equivalent circuit"):
        bmstwin.CellBatch("chen2020", 3)


def test_what_is_wrong_with_frames_is_told_by_recording_and_row():
    pandas = pytest.importorskip("pandas")
    good = pandas.DataFrame({"t_s": np.arange(100.0), "i_A": np.where(np.arange(100) > 10, 1.0, 0.0)})
    good["v_V"] = 3.3 - 0.01 * good["i_A"]

    def wrong(row, column, value):
        frame = good.copy()
        frame.loc[row, column] = value
        return frame

    for frames, message in [
        ({"hppc": (wrong(5, "i_A", np.nan), 25)}, "^hppc, row 5: error: the current is not a finite number"),
        ({"hppc": (wrong(50, "t_s", 3.0), 25)}, "^hppc, row 50: error: time goes back from 49 to 3 s"),
        ([(good.rename(columns={"v_V": "v_mV"}), 25)], r'^recording 1: error: no column for voltage .* the file has t_s, i_A, v_mV; name it by columns="v=NAME"$'),
        ([good.iloc[:0]], "^recording 1: error: has no rows"),
        ([good], r"^recording 1: error: no temperature column; give the temperature as \(recording, 25\)"),
        ([(good, 25)], "no ocv_table"),
        ([], "^frames: error: there is no recording"),
        (["nofile.csv"], "^nofile.csv: error: cannot be opened: No such file"),
    ]:
        with pytest.raises(bmstwin.InputError, match=message):
            bmstwin.fit(frames)
    with pytest.raises(bmstwin.InputError, match="^cell b: hppc, row 5: "):
        bmstwin.fit_cells({"b": {"hppc": (wrong(5, "i_A", np.nan), 25)}})
    for cells in ({}, [good]):
        with pytest.raises(TypeError, match="dict of the cells' names"):
            bmstwin.fit_cells(cells)
    with pytest.raises(TypeError, match="did you mean 'n_rc'"):
        bmstwin.fit([(good, 25)], n_rcc=2)
