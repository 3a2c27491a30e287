# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy 19 over the library's translation units; prints findings and a closing line.

usage: tidy.py --build FOLDER [--jobs N]   (FOLDER has compile_commands.json of a clang build)
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def units(build):
    """Translation units of src/ (tests are full of doctest's macros, and are run anyway)."""
    commands = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    return sorted({c["file"] for c in commands if pathlib.Path(c["file"]).is_relative_to(ROOT / "src")})


def run(build, path):
    """(path, clean, output) of one file."""
    result = subprocess.run(["clang-tidy-19", "-p", build, "--quiet", path], capture_output=True, text=True, cwd=ROOT)
    return path, result.returncode == 0, result.stdout


def main():
    """Exit code 0 if every file is clean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for path, clean, output in pool.map(lambda p: run(arguments.build, p), units(arguments.build)):
            passed += clean
            failed += not clean
            if not clean:
                print(f"FAILED {pathlib.Path(path).relative_to(ROOT)}\n{output}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
