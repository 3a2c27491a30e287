# SPDX-License-Identifier: Apache-2.0
"""A cell alone from the command line: protocols of files, bad input."""
import csv
import json

import pytest
from conftest import ROOT


def test_a_protocol_of_a_file(command):
    steps = ["Discharge at 1C for 60 s", {"id": "up", "charge_C": 0.5, "until": {"truth.cycler.charge_Ah": -1}}]
    (command.folder / "p.json").write_text(json.dumps({"repeat": 2, "steps": steps}))
    done = command("cell", "lfp-100ah", "--soc", 50, "--protocol", "p.json", "--out", "file.csv")
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("up")]
    assert len(rows) == 2 and rows[0][1] == "charge" and rows[0][-2] == "-1.0000"
    words = ["--do", steps[0], "--do", json.dumps(steps[1])]
    command("cell", "lfp-100ah", "--soc", 50, *words, "--repeat", 2, "--out", "words.csv")
    assert (command.folder / "file.csv").read_text() == (command.folder / "words.csv").read_text()
    last = list(csv.DictReader((command.folder / "file.csv").read_text().splitlines()))[-1]
    assert float(last["soc_pct"]) == pytest.approx(50 - 2 * (100 / 60 - 1) / 1.05, abs=0.01)  # of 105 Ah


def test_the_protocol_of_a_scenario(command):
    done = command("cell", "lfp-100ah", "--soc", 80, "--protocol", ROOT / "scenarios/cycler/hppc-cell.scenario.json")
    assert done.stdout.count("discharge ") == 3
    done = command("cell", "lfp-100ah", "--protocol", ROOT / "scenarios/cycler/capacity-16s.scenario.json", code=2)
    assert "/protocol/steps/full" in done.stderr and "16S1P" in done.stderr


@pytest.mark.parametrize("text, words", [
    ('["Discharge at 1C until 2.5 V",\n "Chargee at 1C for 10 s"]', ["p.json:2", "/1", "must begin with", "Hold at 4.2 V until C/20"]),
    ('[{"discharge_C": 1, "max_S": 3}]', ["p.json:1", "/0/max_S", 'did you mean "max_s"?']),
    ('{"stepps": []}', ["p.json", "has no protocol", '"steps"']),
    ("[", ["p.json:1", "not valid JSON"]),
])
def test_what_is_wrong_in_the_file(command, text, words):
    (command.folder / "p.json").write_text(text)
    done = command("cell", "lfp-100ah", "--protocol", "p.json", code=2)
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize("arguments, word", [
    (["--protocol", "none.json"], "none.json"),
    ([], "--do STEP"),
    (["--do", "Rest for 1 s", "--protocol", "p.json"], "excludes"),
    (["--do", "p.json"], "--protocol FILE"),
])
def test_which_protocol(command, arguments, word):
    assert word in command("cell", "lfp-100ah", *arguments, code=2).stderr


def test_help_has_an_example(command):
    text = command("cell", "--help").stdout
    assert "--protocol hppc.json" in text and "Instead: steps of a JSON file" in text


@pytest.mark.parametrize("text, words", [
    ("t_s,i_A,v_V\n0,0,3.3\nt_s,i_A,v_V\n1,0,3.3\n", ["r.csv:3", "names the columns a second time"]),
    ("t_s,i_A,v_V\n0,0,3.3\n1,nan,3.3\n", ["r.csv:3", "the current is not a finite number"]),
    ("t_s;i_A;v_V\n0;0;3,3\n", ["r.csv:2", "4 values", "point, not a comma"]),
    ("time_s,current_A,voltage_V\n0,0,3300\n", ["r.csv:2", "3300 V", "0..10 V"]),
    ("", ["r.csv", "no rows"]),
])
def test_what_is_wrong_in_a_recording(command, text, words):
    (command.folder / "r.csv").write_text(text)
    done = command("fit", "r.csv@25", code=2)
    for word in words:
        assert word in done.stderr, done.stderr
    assert "No such file" in command("fit", "none.csv@25", code=2).stderr
    assert "--capacity-Ah" in command("fit", "r.csv@25", "--capacity-Ah", "0", code=2).stderr
