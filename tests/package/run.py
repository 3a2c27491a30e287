# SPDX-License-Identifier: Apache-2.0
"""Installs a build, moves the installation, and builds and runs a stranger's project against it.

usage: run.py --build FOLDER --work FOLDER
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LEAKS = re.compile(r"(?:^|\s)(-f[\w=+-]+|-W[\w=+-]+|-O\d|-m[\w=+-]+)")
OWN_FLAGS = re.compile(r"-fPI[EC]$")


def call(*command, **options):
    """Runs a command; on failure prints its output and ends the test."""
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if result.returncode:
        print(f"FAILED {' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def installed_only(data, work):
    """A scenario whose cell exists in the installation alone: finding it in the sources would not do."""
    cell = json.loads((data / "models/cells/lfp-100ah.json").read_text())
    cell["id"] = "installed-only"
    (data / "models/cells/installed-only.json").write_text(json.dumps(cell))
    scenario = {
        "bmstwin": 1, "id": "package", "title": "A tenth of a second at 20 A", "duration_s": 0.1,
        "pack": {"cells": "16S1P", "model": "installed-only", "soc": 0.6}, "load": {"cc_A": 20, "dropout_V": 20},
        "expect": [{"id": "cells", "always": "truth.cell.v_max_V <= 3.65"}]}
    path = work / "package.scenario.json"
    path.write_text(json.dumps(scenario))
    return path


def leaked_flags(consumer):
    """Compiler flags in the consumer's commands: it set none itself."""
    found = set()
    for entry in json.loads((consumer / "compile_commands.json").read_text()):
        found |= {flag for flag in LEAKS.findall(entry["command"]) if not OWN_FLAGS.match(flag)}
    return sorted(found)


def steps(build, work):
    """Yields (name, passed) of every step; stops at the first that makes the next senseless."""
    shutil.rmtree(work, ignore_errors=True)
    first, prefix, consumer = work / "first", work / "prefix", work / "consumer"
    yield "install", call("cmake", "--install", build, "--prefix", first).returncode == 0
    first.rename(prefix)          # an installation may be moved
    public = HERE.parent.parent / "include"
    wanted = {p.relative_to(public) for p in public.rglob("*.h*")}
    yield "all public headers", wanted == {p.relative_to(prefix / "include") for p in (prefix / "include").rglob("*.h*")}
    yield "only public headers", not (prefix / "include" / "base").exists()
    configured = call("cmake", "-S", HERE, "-B", consumer, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}")
    yield "find_package", configured.returncode == 0
    yield "consumer builds", call("cmake", "--build", consumer).returncode == 0
    flags = leaked_flags(consumer)
    yield f"no flag leaks to the consumer {flags}", not flags
    data, root = prefix / "share" / "bmstwin", HERE.parent.parent
    for folder in ("models", "scenarios"):
        names = [{p.relative_to(base / folder) for p in (base / folder).rglob("*.json")} for base in (root, data)]
        yield f"{folder} are installed ({len(names[1])})", bool(names[1]) and names[0] == names[1]
    scenario = installed_only(data, work)
    clean = {k: v for k, v in os.environ.items() if k != "BMSTWIN_PATH"}
    cpp = call(consumer / "consumer_cpp", scenario, cwd=consumer, env=clean)
    print(cpp.stdout.strip())
    yield "C++ consumer runs a scenario with an installed cell", cpp.returncode == 0
    c = call(consumer / "consumer_c", scenario, cwd=consumer, env=clean)
    yield "C consumer runs it", c.returncode == 0
    hashes = [re.findall(r"\b[0-9a-f]{16}\b", text) for text in (cpp.stdout, c.stdout)]
    yield f"with the same hash {hashes}", bool(hashes[0]) and hashes[0] == hashes[1]
    installed = call(prefix / "bin" / "bmstwin", "run", scenario, "--out", work / "out", "--quiet", env=clean, cwd=work)
    yield "installed command runs it", installed.returncode == 0


def main():
    """Exit code 0 if every step passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    passed = failed = 0
    for name, good in steps(arguments.build.resolve(), arguments.work.resolve()):
        print(("ok     " if good else "FAILED ") + name)
        passed += good
        failed += not good
        if not good and name in {"install", "find_package", "consumer builds"}:
            break
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
