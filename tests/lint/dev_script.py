# SPDX-License-Identifier: Apache-2.0
"""./dev judges everything else, so its judging is tested: what it counts, and that a failure cannot look like a pass."""
import pathlib
import subprocess
import tempfile

# stage body -> what its line must say
STAGES = {
    "a script that counts": ('echo "5 passed, 0 failed, 1 skipped"', "ok", "(5 passed, 0 failed, 1 skipped)"),
    "nothing counted": ("true", "ok", "(1 passed, 0 failed, 0 skipped)"),
    "doctest": ('echo "1: [doctest] test cases:  12 |  11 passed | 0 failed | 16 skipped"', "ok", "(11 passed, 0 failed, 16 skipped)"),
    "pytest": ('echo "===== 12 passed, 1 skipped in 3.21s ====="', "ok", "(12 passed, 0 failed, 1 skipped)"),
    "pytest without a frame": ('echo "4 passed in 1.20s"', "ok", "(4 passed, 0 failed, 0 skipped)"),
    "a failure that exits 0": ('echo "3 passed, 2 failed"', "FAILED", "(3 passed, 2 failed, 0 skipped)"),
    "an exit code alone": ('echo "7 passed, 0 failed"; return 3', "FAILED", "(7 passed, 1 failed, 0 skipped)"),
    "pytest errors": ('echo "=== 3 passed, 2 errors in 0.5s ==="; return 1', "FAILED", "(3 passed, 2 failed, 0 skipped)"),
    "too long": ("sleep 20", "FAILED", "(0 passed, 1 failed, 0 skipped)"),
    "not run": ('skip "there is no such thing" || return', "not run", "(0 passed, 0 failed, 1 skipped)"),
    "a failing command in the middle": ("configure no_such_preset || return 1; true", "FAILED", "(0 passed, 1 failed, 0 skipped)"),
}


def run(dev, body, summary=False):
    """(exit code, output) of one stage with two seconds."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "dev"        # it works in its own folder: keep it off the project's logs
        copy.write_text(dev.read_text())
        script = f'source "{copy}"; mkdir -p "$LOGS"; stage_x() {{ {body}; }}; run_stage x 2 x; ' + ("summary" if summary else "true")
        result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    return result.returncode, result.stdout + result.stderr


def self_test(dev):
    """Yields (name, passed, output)."""
    for name, (body, word, counts) in STAGES.items():
        _, text = run(dev, body)
        first = text.split("\n")[0]
        yield name, f" {word} " in first and first.endswith(counts), text
    for name, body, code in (("ends with 0 if all passed", "true", 0), ("ends with 1 after a failure", "false", 1),
                             ("ends with 1 if nothing ran", 'skip "x" || return', 1)):
        got, text = run(dev, body, summary=True)
        yield name, got == code, text
