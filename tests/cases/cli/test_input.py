# SPDX-License-Identifier: Apache-2.0
"""Bad input: exit 2, a message with file and place, nothing written. And the verbs that only look."""
import json

import pytest

DEEP = 100_000

BAD = {
    "unknown key": ({"pakc": {}}, ["/pakc", "pack"]),
    "number out of range": ({"duration_s": -1}, ["/duration_s", "-1"]),
    "wrong type": ({"duration_s": "long"}, ["/duration_s"]),
    "missing model": ({"pack": {"cells": "16S1P", "model": "no-such-cell"}}, ["/pack/model", "no-such-cell"]),
    "unknown event": ({"events": [{"at_s": 1, "do": "shrot", "between": ["P+", "P-"]}]}, ["/events", "short"]),
    "duplicate event id": ({"events": [{"id": "x", "at_s": 0.1, "do": "open", "target": "W1"}] * 2}, ["x"]),
    "unknown channel": ({"expect": [{"always": "truth.cell.v_mxa_V <= 3.65"}]}, ["/expect", "v_max_V"]),
    "== on a continuous channel": ({"expect": [{"always": "truth.cell.v_max_V == 3.65"}]}, ["/expect"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_scenario(command, name):
    changes, words = BAD[name]
    command.scenario("good", id="good")
    command.scenario("bad", id="bad", **changes)
    done = command("run", ".", "--junit", "junit.xml", code=2)
    assert "bad.scenario.json" in done.stderr and "good.scenario.json" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert sorted(p.name for p in command.folder.iterdir()) == ["bad.scenario.json", "good.scenario.json"]
    assert "bad.scenario.json" in command("validate", "bad.scenario.json", code=2).stderr


@pytest.mark.parametrize("text", ["", "{", "[1,2]", "nul", '{"bmstwin": 1', "\x00\x01\x02", '{"a":' * DEEP, "[" * DEEP, "x" * 10_000_000,
                                  '{"bmstwin": 1, "id": "a", "id": "b"}', '{"bmstwin": 99}', '{"duration_s": 1e999}'],
                         ids=["empty", "brace", "list", "word", "cut", "binary", "deep-objects", "deep-lists", "10-MB", "key-twice",
                              "future", "infinite"])
def test_no_scenario_at_all(command, text):
    command.text("bad", text)
    done = command("run", ".", code=2)
    assert "bad.scenario.json" in done.stderr and len(done.stderr) < 5000
    assert [p.name for p in command.folder.iterdir()] == ["bad.scenario.json"]


def test_every_error_of_every_file(command):
    command.scenario("a", id="a", duration_s=-1, sede=3)
    command.scenario("b", id="b", titel="x")
    done = command("validate", ".", code=2)
    for word in ("a.scenario.json", "/duration_s", "/sede", "b.scenario.json", "/titel"):
        assert word in done.stderr, done.stderr


def test_duplicate_id_over_files(command):
    command.scenario("a", id="same")
    command.scenario("b", id="same")
    assert "same" in command("run", ".", code=2).stderr


@pytest.mark.parametrize("arguments, words", [
    (["rnu", "."], ["run"]),
    (["run", ".", "--jbos", "2"], ["--jobs"]),
    (["run", ".", "--jobs", "0"], ["--jobs", "0"]),
    (["run", ".", "--step-scale", "100"], ["--step-scale"]),
    (["run", ".", "--repeat", "x"], ["--repeat"]),
    (["run"], ["PATH"]),
    (["run", "no-such-folder"], ["no-such-folder"]),
    (["run", ".", "--set", "nonsense"], ["pointer=value"]),
    (["run", ".", "--set", "/events/nothing/r_mohm=5"], ["nothing"]),
    (["run", ".", "--core", "./no-core.so"], ["no-core.so"]),
    ([], ["run", "validate"]),
])
def test_bad_arguments(command, arguments, words):
    command.scenario()
    done = command(*arguments, code=2)
    for word in words:
        assert word in done.stderr, done.stderr
    assert [p.name for p in command.folder.iterdir()] == ["calm.scenario.json"]


def test_nothing_there(command):
    assert "scenario.json" in command("run", ".", code=2).stderr


def test_out_that_cannot_be_a_folder(command):
    command.scenario()
    (command.folder / "file").write_text("mine")
    assert "file" in command("run", ".", "--out", "file", code=2).stderr
    assert (command.folder / "file").read_text() == "mine"


def test_help_of_every_verb(command):
    overview = command("--help").stdout
    for verb in ("run", "list", "channels", "validate", "show", "schema", "version"):
        assert verb in overview
        assert len(command(verb, "--help").stdout) > 60
    for option in "--out --jobs --junit --html --filter --tag --set --seed --core --models --step-scale --strict --repeat --fail-fast --quiet".split():
        assert option in command("run", "--help").stdout, option


def test_channels(command):
    command.scenario()
    table = command("channels", "calm.scenario.json").stdout
    listed = json.loads(command("channels", "calm.scenario.json", "--json").stdout)
    names = [c["name"] for c in listed]
    assert len(names) == len(set(names))
    for name in ("truth.pack.i_A", "truth.cell[16].v_V", "truth.cell.v_max_V", "hw.gate.dsg"):
        assert name in names and name in table
    by_name = {c["name"]: c for c in listed}
    assert by_name["truth.pack.i_A"]["unit"] == "A" and by_name["hw.gate.dsg"]["discrete"] is True
    assert any(name.startswith("bms.") for name in names)
    assert any(c["settable"] for c in listed)
    assert all(c["meaning"] for c in listed)


def test_show_is_a_scenario_itself(command):
    command.scenario()
    shown = command("show", "calm.scenario.json").stdout
    data = json.loads(shown)
    assert data["duration_s"] == 0.5 and "seed" in data
    command.text("again", shown)
    command("run", "calm.scenario.json", "--out", "a")
    command("run", "again.scenario.json", "--out", "b")
    assert command.summary(out="a")["hash"] == command.summary(out="b")["hash"]
    origin = json.loads(command("show", "calm.scenario.json", "--origin", "--set", "/seed=5").stdout)
    assert origin["duration_s"]["origin"] == "file" and origin["seed"] == {"value": 5, "origin": "--set"}


def test_schema_and_version(command):
    schema = json.loads(command("schema").stdout)
    assert "$schema" in schema and "duration_s" in json.dumps(schema)
    assert command("version").stdout.startswith("bmstwin ")
    assert command("--version").stdout.strip() == command("version").stdout.splitlines()[0]
