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


def shortest_scenario(folder):
    """The installed scenario with the shortest duration: enough to show that everything is found."""
    def duration_s(path):
        text = json.loads(path.read_text())
        for key, scale in (("duration_s", 1.0), ("duration_ms", 1e-3), ("duration_us", 1e-6)):
            if key in text:
                return float(text[key]) * scale
        return float("inf")
    files = sorted(folder.rglob("*.scenario.json"))
    return min(files, key=duration_s) if files else None


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
    scenario = shortest_scenario(prefix / "share" / "bmstwin" / "scenarios")
    yield "scenarios and models are installed", scenario is not None and any((prefix / "share/bmstwin/models").rglob("*.json"))
    clean = {k: v for k, v in os.environ.items() if k != "BMSTWIN_PATH"}
    cpp = call(consumer / "consumer_cpp", scenario, cwd=consumer, env=clean)
    print(cpp.stdout.strip())
    yield "C++ consumer runs an installed scenario", cpp.returncode == 0
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
        if not good and name in {"install", "find_package", "consumer builds", "scenarios and models are installed"}:
            break
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
