# SPDX-License-Identifier: Apache-2.0
"""The hashed libraries import no libm, clock or chance: read from the built archives with nm."""
import pathlib
import re
import subprocess
import tempfile
from checks.hashed_code import LIBM, ROOMS
from source import Finding

IMPORTS = re.compile(
    r"^(?:_*(?:(?:" + "|".join([*LIBM, "sqrt", "sincos", "significand"]) + r")[fl]?|(?:exp|log|pow|exp2|log2)f?_finite)"
    r"|s?rand(?:om)?(?:_r)?|drand48|time|clock|clock_gettime|gettimeofday|getenv|printf|puts|putchar|exit|abort"
    r"|_ZNSt6chrono.*|_ZNSt13random_device.*|_ZSt4c(?:out|err|log)|__(?:mul|div)[sdtx]c3)$")


def archives(build):
    """{room: archive} of the hashed rooms that have been built."""
    found = {}
    for room in ROOMS:
        path = pathlib.Path(build) / ("libbms_core.a" if room == "core" else f"libtwin_{room}.a")
        if path.is_file():
            found[room] = path
    return found


def imports_of(path):
    """Yields (object file, undefined symbol) of an archive or object."""
    member = pathlib.Path(path).name
    for line in subprocess.run(["nm", "-u", str(path)], check=True, capture_output=True, text=True).stdout.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        elif line.split():
            yield member, line.split()[-1].split("@")[0]


def check_build(build):
    """Findings over all built archives."""
    for path in archives(build).values():
        for member, symbol in imports_of(path):
            if IMPORTS.match(symbol):
                yield Finding(path.name, 0, f"{member} imports {symbol}")


def self_test():
    """Yields (name, passed): compiles a file that calls a libm function, and one that does not."""
    cases = {
        "imports exp": ("double f(double x) { return __builtin_exp(x); }", True),
        "imports tanhf": ("float f(float x) { return __builtin_tanhf(x); }", True),
        "imports clock": ("#include <time.h>\nlong f() { return clock(); }", True),
        "inlines sqrt": ("double f(double x) { return __builtin_sqrt(x); }", False),
        "imports nothing": ("double f(double x) { return x * x; }", False),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, red) in cases.items():
            source = pathlib.Path(folder) / "probe.cpp"
            source.write_text(text)
            subprocess.run(["c++", "-O2", "-fno-math-errno", "-c", "probe.cpp", "-o", "probe.o"], cwd=folder, check=True)
            hits = [s for _, s in imports_of(pathlib.Path(folder) / "probe.o") if IMPORTS.match(s)]
            yield name, bool(hits) == red
