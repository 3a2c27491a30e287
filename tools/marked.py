# SPDX-License-Identifier: Apache-2.0
"""Parts of a page that a tool writes: what stands between two or more lines <!-- mark -->."""
import pathlib


def parts(page, mark):
    """The texts between the marks of the page, in order."""
    return _cut(page, mark)[1:-1]


def replace(page, mark, *texts):
    """Writes the page with these texts (whole lines) between its marks; there must be one mark more than texts."""
    whole, line = _cut(page, mark), f"<!-- {mark} -->\n"
    if len(whole) != len(texts) + 2:
        raise SystemExit(f"{page}: {len(whole) - 1} marks <!-- {mark} -->, expected {len(texts) + 1}")
    pathlib.Path(page).write_text(line.join([whole[0], *texts, whole[-1]]))


def _cut(page, mark):
    return pathlib.Path(page).read_text().split(f"<!-- {mark} -->\n")
