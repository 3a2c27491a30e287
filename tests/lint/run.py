# SPDX-License-Identifier: Apache-2.0
"""Runs every lint check on the project, and every check's own test that it can go red.

usage: run.py [--build FOLDER] [--only NAME]   (--build: also look at the archives' imported symbols)
"""
import argparse
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import dev_script  # noqa: E402
import symbols  # noqa: E402
from source import FakeTree, Tree  # noqa: E402


class Tally:
    """Counts and prints results."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, name, passed, details=()):
        """One result; details are printed when it failed."""
        self.passed += passed
        self.failed += not passed
        if not passed:
            print(f"FAILED {name}")
            for detail in list(details)[:30]:
                print(f"  {detail}")
            if len(details) > 30:
                print(f"  and {len(details) - 30} more")


def run_check(tally, name, tree):
    """One check: its own tests, then the project."""
    module = importlib.import_module(f"checks.{name}")
    for title, files in module.RED.items():
        tally.add(f"{name}: goes red for '{title}'", any(True for _ in module.check(FakeTree(files))))
    for title, files in module.GREEN.items():
        findings = list(module.check(FakeTree(files)))
        tally.add(f"{name}: stays green for '{title}'", not findings, findings)
    findings = list(module.check(tree))
    tally.add(f"{name}: {module.__doc__.strip()}", not findings, findings)


def run_symbols(tally, build):
    """The check of built archives."""
    for title, passed in symbols.self_test():
        tally.add(f"symbols: {title}", passed)
    found = symbols.archives(build) if build else {}
    if not found:
        print(f"not run: symbols of the hashed libraries, nothing is built in {build}")
        tally.skipped += 1
        return
    findings = list(symbols.check_build(build))
    tally.add(f"symbols: {symbols.__doc__.strip()}", not findings, findings)


def main():
    """Exit code 0 if nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    tree = Tree(HERE.parent.parent)
    tally = Tally()
    names = sorted(p.stem for p in (HERE / "checks").glob("*.py"))
    for name in names:
        if arguments.only in (None, name):
            run_check(tally, name, tree)
    if arguments.only in (None, "symbols"):
        run_symbols(tally, arguments.build)
    if arguments.only in (None, "dev_script"):
        for title, passed, detail in dev_script.self_test(HERE.parent.parent / "dev"):
            tally.add(f"dev_script: {title}", passed, [detail])
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
