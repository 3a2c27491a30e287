# SPDX-License-Identifier: Apache-2.0
"""Impedance spectra from the command line: table, CSV, plot, bad input."""
import csv
import json
import xml.etree.ElementTree

import pytest
from conftest import ROOT


def test_table_csv_and_plot(command):
    done = command("eis", "chen2020", "--kind", "dfn", "--soc", "40", "--freq", "0.01:100:2", "--out", "z.csv", "--svg", "z.svg", code=0)
    assert "dfn, 40 % at 25 degC" in done.stdout
    rows = list(csv.DictReader((command.folder / "z.csv").read_text().splitlines()))
    assert len(rows) == 9 and float(rows[0]["freq_Hz"]) == 0.01 and float(rows[-1]["freq_Hz"]) == 100.0
    assert all(float(r["z_re_Ohm"]) > 0 > float(r["z_im_Ohm"]) for r in rows)
    assert xml.etree.ElementTree.parse(command.folder / "z.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("arguments, words", [
    (["chen2020", "--freq", "1,x"], ["freq", "\"x\"", "LO:HI"]),
    (["chen2020", "--freq", "0:10"], ["freq", "1e-06 .. 1e+06"]),
    (["chen2020", "--freq", "10:1"], ["backwards"]),
    (["chen2020", "--soc", "101"], ["--soc"]),
    (["chen2020", "--kind", "dfm"], ["dfm", "spm, spme, dfn"]),
    (["lfp-100ah", "--kind", "dfn"], ["BPX"]),
    (["no-such-cell"], ["no-such-cell", "lfp-100ah"]),
    (["chen202"], ["did you mean chen2020?"]),
])
def test_bad_input(command, arguments, words):
    done = command("eis", *arguments, code=2)
    for word in words:
        assert word in done.stderr, done.stderr
    assert list(command.folder.iterdir()) == []


def test_what_eis_writes_fit_reads(command):
    """A known circuit -> its spectra -> the fit -> the same resistances and time constants."""
    command("eis", "nmc-lgm50", "--soc", 50, "--freq", "0.00005:1000", "--out", "z.csv")
    shipped = json.loads((ROOT / "models/cells/nmc-lgm50.json").read_text())
    rows = zip(shipped["ocv"]["soc"], shipped["ocv"]["v_V"])
    (command.folder / "ocv.csv").write_text("soc,ocv_V\n" + "".join(f"{s},{v}\n" for s, v in rows))
    done = command("fit", "--eis", "z.csv@25@0.5", "--ocv-table", "ocv.csv", "--capacity-Ah", shipped["capacity_Ah"], "--rc", 3,
                   "--out", "made.json", "--svg", "made.svg", "--max-rms", 1)
    assert "1 impedance spectra" in done.stderr and "z.csv" in done.stdout
    assert "<circle" in (command.folder / "made.svg").read_text()
    made = json.loads((command.folder / "made.json").read_text())
    assert made["valid"]["i_max_A"] < 1.0 and "impedance" in made["fit_error"]
    for key in ("tau1_s", "tau2_s", "tau3_s"):
        assert made["resistance"][key] == pytest.approx(shipped["resistance"][key], rel=0.02)
    # the spectra themselves: model against model, at other frequencies than those fitted
    for model, out in (("nmc-lgm50", "a.csv"), ("made.json", "b.csv")):
        command("eis", model, "--soc", 50, "--freq", "0.003,0.03,0.3,3", "--out", out)
    a, b = (([float(x) for x in line.split(",")] for line in (command.folder / name).read_text().splitlines()[1:]) for name in ("a.csv", "b.csv"))
    for (_, re, im), (_, re_b, im_b) in zip(a, b):
        assert abs(complex(re, im) - complex(re_b, im_b)) < 0.005 * abs(complex(re, im))


def test_fit_says_what_an_impedance_file_lacks(command):
    (command.folder / "z.csv").write_text("f,re,im\n1,0.02,-0.001\n")
    done = command("fit", "--eis", "z.csv@25@0.5", code=2)
    assert "impedance alone has no OCV" in done.stderr
    assert "no column for the frequency; the file has f, re, im; name it by --eis-columns f=NAME" in done.stderr
