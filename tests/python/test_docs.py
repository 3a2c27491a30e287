# SPDX-License-Identifier: Apache-2.0
"""The Python of the pages runs as it is printed."""
import pathlib
import re

import pytest

import bmstwin

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["README.md", "docs/protocols.md", "docs/eis.md", "docs/python.md"])
def test_examples_run(page, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {"bmstwin": bmstwin})
