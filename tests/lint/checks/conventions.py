# SPDX-License-Identifier: Apache-2.0
"""Each rule of CONVENTIONS.md names the check that holds it, and each lint check is named there."""
import re
from source import Finding


def check(tree):
    """All findings."""
    if "CONVENTIONS.md" not in tree.paths:
        yield Finding("CONVENTIONS.md", 0, "there is no CONVENTIONS.md")
        return
    text = tree.read("CONVENTIONS.md")
    rules = re.split(r"^(?=\d+\. )", text, flags=re.M)[1:]
    if not rules:
        yield Finding("CONVENTIONS.md", 0, "it has no numbered rules")
    line = text.count("\n", 0, text.find(rules[0])) + 1 if rules else 0
    for rule in rules:
        if "Check:" not in rule:
            yield Finding("CONVENTIONS.md", line, f"rule without a check: {rule.strip()[:60]}")
        line += rule.count("\n")
    for path in tree.glob("tests/lint/checks/*.py"):
        if path not in text:
            yield Finding("CONVENTIONS.md", 0, f"{path} is not named by any rule")


RED = {
    "no file": {"README.md": ""},
    "a rule without a check": {"CONVENTIONS.md": "1. **A.** Do. Check: x.\n2. **B.** Do that.\n"},
    "a check without a rule": {"CONVENTIONS.md": "1. **A.** Check: x.\n", "tests/lint/checks/b.py": ""},
}
GREEN = {"both": {"CONVENTIONS.md": "1. **A.** Check: `tests/lint/checks/b.py`.\n", "tests/lint/checks/b.py": ""}}
