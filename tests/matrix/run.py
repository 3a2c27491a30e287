# SPDX-License-Identifier: Apache-2.0
"""The hash matrix: the same scenarios, built and run in every way that must not change a bit.

usage: run.py --work FOLDER [--jobs N] [--budget-s S] [--only PART]      the matrix
       run.py --tsan BINARY --work FOLDER                                two jobs under the thread sanitizer

What this machine or the time budget does not allow is reported as not run, never as passed.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# One of each kind: microseconds with a clamp, a load with its own dynamics, two packs on one bus, miswired taps, cells alone,
# electrochemical cells behind a board and in the cold (their inner profiles are in the hash).
SCENARIOS = ["short-hard-clamp", "motor-start", "parallel-0v9", "swap-neighbours", "hppc-cell", "overcurrent-spme", "pulse-dfn"]
MASK = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"
V3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
V4 = V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
CLANG = ["-DCMAKE_C_COMPILER=clang-19", "-DCMAKE_CXX_COMPILER=clang++-19"]
# name, CMake options, CPU features needed to run it; in order of importance
BUILDS = [
    ("clang -O2", [*CLANG, "-DBMSTWIN_OPT_LEVEL=2"], set()),
    ("gcc -O0", ["-DBMSTWIN_OPT_LEVEL=0"], set()),
    ("gcc -O2 x86-64-v3", ["-DBMSTWIN_OPT_LEVEL=2", "-DBMSTWIN_ARCH=x86-64-v3"], V3),
    ("gcc -O2 x86-64-v4", ["-DBMSTWIN_OPT_LEVEL=2", "-DBMSTWIN_ARCH=x86-64-v4"], V4),
    ("clang -O0", [*CLANG, "-DBMSTWIN_OPT_LEVEL=0"], set()),
    ("clang -O2 x86-64-v3", [*CLANG, "-DBMSTWIN_OPT_LEVEL=2", "-DBMSTWIN_ARCH=x86-64-v3"], V3),
    ("clang -O2 x86-64-v4", [*CLANG, "-DBMSTWIN_OPT_LEVEL=2", "-DBMSTWIN_ARCH=x86-64-v4"], V4),
]
CLI_WAYS = [
    ("--jobs 1", ["--jobs", "1"], {}),
    ("--jobs 2", ["--jobs", "2"], {}),
    ("recorder 1 kHz", ["--set", "/record/rate_hz=1000"], {}),
    ("recorder every 333 ms", ["--set", "/record/rate_hz=3.003003003003003"], {}),
    ("glibc without FMA", [], {"GLIBC_TUNABLES": MASK}),
]
API_WAYS = ["run", "unrecorded", "eager", "fork", "advance:10000:1"]


class Matrix:
    """Collects rows; the first run of each scenario is the reference."""

    def __init__(self, work, budget_s):
        self.work, self.end_s = work, time.monotonic() + budget_s
        self.reference, self.rows = {}, []
        self.passed = self.failed = self.skipped = 0

    def left_s(self):
        """Seconds of the budget that are left."""
        return self.end_s - time.monotonic()

    def row(self, name, outcome, seconds=0.0, hashes=None):
        """Prints and keeps one row."""
        self.rows.append({"way": name, "outcome": outcome, "seconds": round(seconds, 1), "hashes": hashes or {}})
        print(f"{name:32} {outcome}   {seconds:.1f} s", flush=True)

    def not_run(self, name, why):
        """A row that could not be run."""
        self.skipped += 1
        self.row(name, f"not run: {why}")

    def compare(self, name, hashes, seconds):
        """Compares {id: hashes} with the reference, which the first call sets."""
        wrong = []
        for scenario in SCENARIOS:
            got = hashes.get(scenario)
            want = self.reference.setdefault(scenario, got) if got else self.reference.get(scenario)
            if got and got == want:
                self.passed += 1
            else:
                self.failed += 1
                wrong.append(f"{scenario}: {got} instead of {want}")
        self.row(name, "DIFFERENT " + "; ".join(wrong) if wrong else "equal", seconds, hashes)

    def table(self):
        """Every run hash that was computed, a row for each way, then the core hashes once."""
        print("\nrun hashes" + " " * 22 + " ".join(f"{name:16}" for name in SCENARIOS))
        for row in self.rows:
            got = [row["hashes"].get(name, "-").split()[0] for name in SCENARIOS]
            note = "" if row["outcome"] == "equal" else "  " + row["outcome"].split(":")[0]
            print(f"{row['way']:32}" + " ".join(f"{value:16}" for value in got) + note)
        print("core hashes (compared in every row)")
        for name, value in self.reference.items():
            print(f"  {name:30}" + "  ".join(value.split()[1:]))

    def write(self):
        """The matrix as JSON, for the record."""
        report = {"hashes": self.reference, "rows": self.rows}
        (self.work / "matrix.json").write_text(json.dumps(report, indent=2) + "\n")


def cpu_features():
    """Flags of this CPU."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith("flags"):
            return set(line.split(":")[1].split())
    return set()


def scenario_files():
    """{id: file} of the named scenarios; all must exist."""
    found = {}
    for path in sorted((ROOT / "scenarios").rglob("*.scenario.json")):
        name = json.loads(path.read_text())["id"]
        if name in SCENARIOS:
            found[name] = path
    missing = sorted(set(SCENARIOS) - set(found))
    if missing:
        sys.exit(f"named scenarios that do not exist: {', '.join(missing)}")
    return found


def run_cli(binary, files, out, extra=(), env=None):
    """Runs the command on the files; {id: 'hash pack=core_hash ..'} from each summary.json."""
    shutil.rmtree(out, ignore_errors=True)
    command = [str(binary), "run", *map(str, files.values()), "--out", str(out), "--quiet", *extra]
    result = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, text=True, cwd=ROOT)
    if result.returncode not in (0, 1):
        print(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    hashes = {}
    for name in files:
        summary = pathlib.Path(out) / name / "summary.json"
        if summary.is_file():
            data = json.loads(summary.read_text())
            hashes[name] = " ".join([data["hash"], *(f"{k}={v}" for k, v in sorted(data["core_hash"].items()))])
    return hashes


def run_probe(probe, files, way):
    """The same through the C++ API; save and load are two processes."""
    hashes = {}
    for name, path in files.items():
        result = subprocess.run([str(probe), str(path), way], capture_output=True, text=True, cwd=ROOT)
        words = result.stdout.split()
        if result.returncode or len(words) < 2:
            print(f"{probe} {path} {way}: exit {result.returncode}\n{result.stdout}{result.stderr}")
            continue
        hashes[name] = " ".join([words[1], *sorted(words[2:])])
    return hashes


def build(folder, options, targets, jobs):
    """Configures and builds; True if it worked."""
    commands = [["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DBMSTWIN_WERROR=OFF", *options],
                ["cmake", "--build", folder, "--target", *targets, "-j", str(jobs)]]
    for command in commands:
        result = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if result.returncode:
            print(result.stdout[-4000:] + result.stderr[-4000:])
            return False
    return True


def timed(function, *arguments):
    """(result, seconds)."""
    start = time.monotonic()
    return function(*arguments), time.monotonic() - start


def mask_works(work):
    """Whether masking changes what libm computes here: only then does the masked run show anything."""
    binary = work / "libm_probe"
    subprocess.run(["cc", "-O1", str(ROOT / "tests/matrix/libm_probe.c"), "-o", str(binary), "-lm"], check=True)
    plain = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    masked = subprocess.run([binary], capture_output=True, text=True, check=True,
                            env={**os.environ, "GLIBC_TUNABLES": MASK}).stdout
    return plain != masked


def command_ways(matrix, files, binary):
    """The release build, run in different ways through the command."""
    for name, extra, env in CLI_WAYS:
        if env and not mask_works(matrix.work):
            matrix.not_run(name, "masking changes nothing on this machine")
        else:
            hashes, seconds = timed(run_cli, binary, files, matrix.work / "out", extra, env)
            matrix.compare(name, hashes, seconds)


def api_ways(matrix, files, probe):
    """The release build through the C++ API."""
    if not probe.is_file():
        matrix.not_run("C++ API", f"{probe} is not built")
        return
    for way in API_WAYS:
        hashes, seconds = timed(run_probe, probe, files, way)
        matrix.compare(f"API {way}", hashes, seconds)
    hashes, start = {}, time.monotonic()
    for name, path in files.items():
        state = matrix.work / f"{name}.state"
        subprocess.run([str(probe), str(path), f"save:{state}"], capture_output=True, cwd=ROOT)
        if state.is_file():
            hashes.update(run_probe(probe, {name: path}, f"load:{state}"))
            state.unlink()
    matrix.compare("API saved, loaded elsewhere", hashes, time.monotonic() - start)


def other_builds(matrix, files, jobs):
    """Other compilers, levels and CPUs."""
    features, build_s = cpu_features(), 60.0
    for name, options, needed in BUILDS:
        missing = sorted(needed - features)
        if missing:
            matrix.not_run(name, f"the CPU lacks {' '.join(missing)}")
            continue
        if CLANG[0] in options and not shutil.which("clang++-19"):
            matrix.not_run(name, "clang++-19 is not installed")
            continue
        if matrix.left_s() < 1.5 * build_s:
            matrix.not_run(name, "the time budget is used up")
            continue
        folder = matrix.work / name.replace(" ", "_")
        good, build_s = timed(build, folder, ["-DBMSTWIN_BUILD_TESTS=OFF", *options], ["bmstwin_cli"], jobs)
        hashes, seconds = timed(run_cli, folder / "bin/bmstwin", files, matrix.work / "out") if good else ({}, 0)
        matrix.compare(name, hashes, build_s + seconds)


def tsan(binary, work):
    """The scenarios with two jobs under the thread sanitizer; True if it reported nothing."""
    files, failed = scenario_files(), 0
    command = [str(binary), "run", *map(str, files.values()), "--out", str(work / "out"), "--jobs", "2", "--quiet",
               "--junit", str(work / "junit.xml"), "--html", str(work / "report.html")]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if result.returncode not in (0, 1) or "ThreadSanitizer" in result.stdout + result.stderr:
        failed = 1
        print(f"exit {result.returncode}\n{(result.stdout + result.stderr)[-8000:]}")
    print(f"{1 - failed} passed, {failed} failed")
    return failed == 0


def main():
    """Exit code 0 if every hash that was computed is equal, and there was one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--budget-s", type=float, default=1800)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=["command", "api", "builds"])
    parser.add_argument("--tsan", type=pathlib.Path)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if arguments.tsan:
        return 0 if tsan(arguments.tsan.resolve(), work) else 1
    matrix, files = Matrix(work, arguments.budget_s), scenario_files()
    binary, probe = (arguments.build / "bin/bmstwin").resolve(), (arguments.build / "tests/matrix_probe").resolve()
    hashes, seconds = timed(run_cli, binary, files, work / "out")
    matrix.compare("gcc -O2 (reference)", hashes, seconds)
    if arguments.only in (None, "command"):
        command_ways(matrix, files, binary)
    if arguments.only in (None, "api"):
        api_ways(matrix, files, probe)
    if arguments.only in (None, "builds"):
        other_builds(matrix, files, arguments.jobs)
    matrix.write()
    matrix.table()
    print(f"{matrix.passed} passed, {matrix.failed} failed, {matrix.skipped} skipped")
    return 1 if matrix.failed or not matrix.passed else 0


if __name__ == "__main__":
    sys.exit(main())
