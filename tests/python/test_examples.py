# SPDX-License-Identifier: Apache-2.0
"""The examples run as they are."""
import json
import pathlib
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"


def run(name, *arguments):
    done = subprocess.run([sys.executable, str(EXAMPLES / name), *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_scenario(calm, tmp_path):
    path = tmp_path / "calm.scenario.json"
    path.write_text(json.dumps(calm))
    out = run("run_scenario.py", path)
    assert "calm: NORMAL, passed" in out and "cells" in out
    peak = float(out.split("main:")[1].split(" A")[0])
    assert peak == pytest.approx(20, abs=0.5)


def test_controller_holds_its_limit():
    out = run("controller_in_the_loop.py")
    assert "floor: passed" in out
    assert 0 < float(out.split()[-5]) <= 90
