# SPDX-License-Identifier: Apache-2.0
"""README starts with the two commands; files that README and CONVENTIONS name exist."""
import re
from source import Finding

FIRST_LINES = 14
NAMED = re.compile(r"`((?:tests|src|docs|cmake|include|benchmarks|examples|scenarios|models|bindings)/[\w./-]+)`")


def check(tree):
    """All findings."""
    if "README.md" not in tree.paths:
        yield Finding("README.md", 0, "there is no README")
        return
    text = tree.read("README.md")
    start = "\n".join(text.split("\n")[:FIRST_LINES])
    demo, test = start.find("./dev demo"), start.find("./dev test")
    heading = start.find("\n## ")
    if demo < 0 or test < demo or 0 <= heading < test:
        yield Finding("README.md", 1, f"its first {FIRST_LINES} lines show `./dev demo`, then `./dev test`, before any section")
    for document in ("README.md", "CONVENTIONS.md"):
        if document not in tree.paths:
            continue
        text = tree.read(document)
        for match in NAMED.finditer(text):
            name = match.group(1).rstrip("/")
            if not any(p == name or p.startswith(name + "/") for p in tree.paths):
                yield Finding(document, text.count("\n", 0, match.start()) + 1, f"names {name}, which does not exist")


RED = {
    "no README": {"a.txt": ""},
    "one command": {"README.md": "# x\n\n    ./dev demo\n"},
    "behind a section": {"README.md": "# x\n## y\n./dev demo\n./dev test\n"},
    "too late": {"README.md": "x\n" * 20 + "./dev demo\n./dev test\n"},
    "a file that is gone": {"README.md": "./dev demo\n./dev test\n", "CONVENTIONS.md": "`tests/lint/gone.py`\n"},
}
GREEN = {"as it should be": {"README.md": "# x\n\n    ./dev demo\n    ./dev test\n\n## y\n`docs/a.md`\n", "docs/a.md": ""}}
