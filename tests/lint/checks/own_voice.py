# SPDX-License-Identifier: Apache-2.0
"""The project speaks of itself only: no word about who works on it, when or where."""
import re
from source import Finding

# Written in pieces so that this file does not find itself.
WORDS = [r"\bses" + r"sions?\b", r"\bhelper a" + r"gents?\b", r"\bsub-?a" + r"gents?\b", r"(?<![\w.])/wo" + r"rk/", r"/tmp/br" + r"ief",
         r"\.\./sha" + r"red", r"DEVELO" + r"PERS\.md", r"COMP" + r"ASS\b", r"/ro" + r"ot/", r"before-s" + r"top",
         r"\bis" + r"sue #?\d+", r"\bthe br" + r"ief\b", r"\bthis is" + r"sue\b"]
PATTERN = re.compile("|".join(WORDS))
SKIPPED = ("LICENSE", "*.png", "*.bin", "*.npz", "*.ico")


def check(tree):
    """All findings."""
    skipped = set(tree.glob(*SKIPPED))
    for path in tree.paths:
        if path in skipped:
            continue
        for number, line in enumerate(tree.read(path).split("\n"), 1):
            match = PATTERN.search(line)
            if match:
                yield Finding(path, number, f"'{match.group(0)}': says something about the making, not about the project")


RED = {"a place": {"docs/a.md": "see ../sha" + "red/x\n"}, "a time": {"src/a.cpp": "// last ses" + "sion\n"}}
GREEN = {"the project": {"docs/a.md": "a possession; a share; a helper function; issue a command\n"}}
