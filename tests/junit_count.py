# SPDX-License-Identifier: Apache-2.0
"""Prints what a JUnit file counts. Exit 1 if it holds no test or a failure: the file says the same as the command's exit code."""
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """Returns (passed, failed, skipped) over all <testcase> of the file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    n_passed, n_failed, n_skipped = count(sys.argv[1])
    print(f"JUnit: {n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    sys.exit(1 if n_failed or n_passed == 0 else 0)
