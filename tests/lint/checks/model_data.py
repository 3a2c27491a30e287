# SPDX-License-Identifier: Apache-2.0
"""Every model file says where its numbers come from, how sure they are, and where they hold."""
import json
from source import Finding


def keys_of(value):
    """All keys at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def refuse_duplicates(pairs):
    """object_pairs_hook: a key twice in one object is an error."""
    seen = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"key '{key}' appears twice")
        seen[key] = value
    return seen


def check_file(path, text):
    """Findings of one model file."""
    try:
        model = json.loads(text, object_pairs_hook=refuse_duplicates)
    except ValueError as error:
        yield Finding(path, 0, f"no JSON: {error}")
        return
    if not isinstance(model, dict):
        yield Finding(path, 0, "a model is an object")
        return
    keys = set(keys_of(model))
    if not any(k == "source" or k == "sources" or k.endswith("_source") for k in keys):
        yield Finding(path, 0, "no 'source': where do the numbers come from?")
    if not any(k in {"label", "labels", "title"} or k.endswith("_label") for k in keys):
        yield Finding(path, 0, "no 'label': measured, datasheet, fitted, typical or assumed?")
    if path.split("/")[1] in {"cells", "mosfets"} and not any("valid" in k for k in keys):
        yield Finding(path, 0, "no valid range")
    if path.split("/")[1] in {"cells", "mosfets", "afes"} and not any("tol" in k for k in keys):
        yield Finding(path, 0, "no tolerance")


def check(tree):
    """All findings."""
    for path in tree.glob("models/*.json"):
        yield from check_file(path, tree.read(path))


_GOOD = '{"label": "fitted", "source": "x p. 3", "valid_range": {"soc": [0, 1]}, "tolerance": {"r_pct": 5}}'
RED = {
    "no source": {"models/cells/a.json": '{"label": "x", "valid_range": 1, "tolerance": 1}'},
    "no label": {"models/cells/a.json": '{"source": "x", "valid_range": 1, "tolerance": 1}'},
    "no valid range": {"models/cells/a.json": '{"source": "x", "label": "y", "tolerance": 1}'},
    "no tolerance": {"models/mosfets/a.json": '{"source": "x", "label": "y", "valid_range": 1}'},
    "broken": {"models/cells/a.json": "{"},
    "a key twice": {"models/boards/a.json": '{"source": "x", "source": "y", "label": "z"}'},
}
GREEN = {"whole": {"models/cells/a.json": _GOOD}}
