# SPDX-License-Identifier: Apache-2.0
"""Impedance spectra from the command line: table, CSV, plot, bad input."""
import csv
import xml.etree.ElementTree

import pytest


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
