# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the command itself and a short scenario."""
import copy
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("BMSTWIN_BIN", str(ROOT / "build/release/bin/bmstwin"))

# Half a second of a healthy pack at 20 A: too short for the core to close its gates, long enough for evidence.
CALM = {
    "bmstwin": 1, "id": "calm", "title": "Half a second at 20 A", "why": "the command needs something to run",
    "tags": ["quick"], "duration_s": 0.5,
    "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6},
    "load": {"id": "load", "cc_A": 20, "dropout_V": 20},
    "events": [{"id": "more", "at_s": 0.3, "do": "step", "target": "load[load]/cc_A", "to": 30}],
    "expect": [{"id": "cells", "always": "truth.cell.v_max_V <= 3.65"}],
}


class Command:
    """Runs the command in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def scenario(self, name="calm", **changes):
        """Writes CALM with some keys changed; None removes a key."""
        data = copy.deepcopy(CALM)
        data.update(changes)
        data = {key: value for key, value in data.items() if value is not None}
        return self.text(name, json.dumps(data))

    def text(self, name, text):
        path = self.folder / f"{name}.scenario.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def __call__(self, *arguments, code=0, env=None, timeout=120):
        done = subprocess.run([BINARY, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, "CI": "true", **(env or {})})
        assert done.returncode == code, f"exit {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}"
        return done

    def summary(self, run="calm", out="bmstwin-out"):
        return json.loads((self.folder / out / run / "summary.json").read_text())


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)
