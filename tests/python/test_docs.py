# SPDX-License-Identifier: Apache-2.0
"""The Python of the pages about cells runs as it is printed."""
import pathlib
import re

import pytest

import bmstwin

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["protocols.md"])
def test_examples_run(page):
    pytest.importorskip("pandas")
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {"bmstwin": bmstwin})
