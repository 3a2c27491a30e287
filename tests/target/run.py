# SPDX-License-Identifier: Apache-2.0
"""The control core on the Cortex-M4F: what its objects import, and recordings replayed in QEMU.

usage: run.py --build build/arm [--bmstwin PROGRAM] [RECORDING...]
Without recordings, all *.bmsrec below build/release (unit tests) and build/scenarios (runs) beside --build are replayed.
Exit code 1 if an import is not allowed, a hash differs, or nothing was replayed.
"""
import argparse
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ALLOWED = re.compile(r"^(memcpy|memset|memmove|memcmp|__aeabi_\w+)$")


def forbidden_imports(archive, nm):
    """Symbols that the core's objects need from outside and may not."""
    text = subprocess.run([nm, str(archive)], check=True, capture_output=True, text=True).stdout
    defined, wanted = set(), set()
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 3:
            defined.add(parts[2])
        elif len(parts) == 2 and parts[0] == "U":
            wanted.add(parts[1])
    return sorted(s for s in wanted - defined if not ALLOWED.match(s))


def self_test():
    """The pattern lets through what it should and nothing else."""
    good = ["memcpy", "__aeabi_uldivmod", "__aeabi_memcpy"]
    bad = ["malloc", "_Znwj", "__cxa_throw", "expf", "_ZdlPv", "__cxa_guard_acquire", "sqrtf"]
    return all(ALLOWED.match(s) for s in good) and not any(ALLOWED.match(s) for s in bad)


def replay(elf, recording):
    """Runs QEMU; returns (passed, line)."""
    done = subprocess.run([str(HERE / "run_qemu.sh"), str(recording), str(elf)], capture_output=True, text=True)
    lines = [x for x in (done.stdout + done.stderr).splitlines() if x.strip()]
    return done.returncode == 0, lines[-1] if lines else f"no output, exit {done.returncode}"


def main():
    """Exit code 0 if everything holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/arm")
    parser.add_argument("--bmstwin", help="unused unless recordings are made here")
    parser.add_argument("--nm", default="arm-none-eabi-nm")
    parser.add_argument("recordings", nargs="*")
    arguments = parser.parse_args()
    build = pathlib.Path(arguments.build).resolve()
    passed = failed = 0
    bad = forbidden_imports(build / "libbms_core.a", arguments.nm)
    if bad or not self_test():
        print("FAILED imports of the core: " + ", ".join(bad))
        failed += 1
    else:
        passed += 1
    elf = build / "tests/target/replay.elf"
    names = arguments.recordings or sorted(str(p) for p in [*(build.parent / "release").glob("**/*.bmsrec"), *(build.parent / "scenarios").glob("**/*.bmsrec")])
    for name in names:
        ok, line = replay(elf, name)
        print(("passed " if ok else "FAILED ") + pathlib.Path(name).name + ": " + line)
        passed += ok
        failed += not ok
    if not names:
        print("FAILED: no recording (*.bmsrec) to replay")
        failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
