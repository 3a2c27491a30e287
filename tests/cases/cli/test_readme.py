# SPDX-License-Identifier: Apache-2.0
"""What the README shows works as it is written."""
import json
import re
import shlex
import subprocess

from conftest import BINARY, ROOT

README = (ROOT / "README.md").read_text()


def test_the_scenario_of_the_readme_passes(tmp_path):
    blocks = re.findall(r"```json\n(.*?)```", README, re.S)
    assert len(blocks) == 1
    data = json.loads(blocks[0])
    file = tmp_path / f"{data['id']}.scenario.json"
    file.write_text(blocks[0])
    done = subprocess.run([BINARY, "run", file, "--out", tmp_path / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_of_the_readme_run(tmp_path):
    lines = re.findall(r"^    build/release/bin/bmstwin (.*?)(?:\s+#.*)?$", README, re.M)
    assert len(lines) >= 4
    for line in lines:
        words = shlex.split(line)
        if words[0] == "run":
            words += ["--out", str(tmp_path / "out")]
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, cwd=ROOT)
        # 1: a question of one's own may be answered with no
        assert done.returncode == 0 or ("--set" in words and done.returncode == 1), line + "\n" + done.stderr
        assert done.stdout, line
