# SPDX-License-Identifier: Apache-2.0
"""The hashed libraries import no libm, clock or chance, and files compiled for one machine give the linker nothing but
their tables: read from the built archives with nm."""
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


WIDE = re.compile(r"_avx\w*\.cpp\.o:?$")  # members compiled for wider registers than the others
TABLE = re.compile(r"^_ZN\w*k_ops_\w*E$")


def shared_of(path):
    """Yields (member, symbol) that other code could be linked to: all but a wide file's own table."""
    member = pathlib.Path(path).name
    listed = subprocess.run(["nm", "--defined-only", str(path)], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        words = line.split()
        if line.endswith(":"):
            member = line[:-1]
        elif len(words) == 3 and (words[1].isupper() or words[1] in "uvw") and not TABLE.match(words[2]):
            yield member, words[2]


def check_build(build):
    """Findings over all built archives."""
    for path in archives(build).values():
        for member, symbol in shared_of(path):
            if WIDE.search(member):
                yield Finding(path.name, 0, f"{member}, compiled for some machines only, defines {symbol}")
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
        for name, text, red in [("wide file with an inline function", "inline int f() { return 1; } int (*g)() = f;", True),
                                ("wide file with its table", "namespace a { extern const int k_ops_x[1]; const int k_ops_x[1] = {1}; }", False)]:
            source.write_text(text)
            subprocess.run(["c++", "-O2", "-c", "probe.cpp", "-o", "probe.o"], cwd=folder, check=True)
            yield name, bool(list(shared_of(pathlib.Path(folder) / "probe.o"))) == red
