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


def figures(value, pointer=""):
    """Yields (pointer, object) of every object that holds one figure: {"value": .., "tol..": .., "label": .., "source": ..}."""
    if isinstance(value, dict):
        if "value" in value:
            yield pointer, value
        for key, inner in value.items():
            yield from figures(inner, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from figures(inner, f"{pointer}/{index}")


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
    if not keys & {"source", "sources"}:
        yield Finding(path, 0, "no 'source': where do the numbers come from?")
    parts = path.split("/")
    raw = len(parts) != 3           # raw data beside the models: the model that uses it has label and tolerance
    for pointer, number in figures(model):
        for needed in ("source",) if raw else ("label", "source"):
            if not number.get(needed):
                yield Finding(path, 0, f"{pointer} has a value, but no {needed}")
        if not raw and not any(key.startswith("tol") for key in number):
            yield Finding(path, 0, f"{pointer} has a value, but no tolerance")
    if raw:
        return
    if parts[1] != "profiles" and not keys & {"label", "labels"}:   # a profile is a requirement, not a figure
        yield Finding(path, 0, "no 'label': measured, datasheet, fitted, typical or assumed?")
    if parts[1] in {"cells", "mosfets"} and not any("valid" in k for k in keys):
        yield Finding(path, 0, "no valid range")
    if parts[1] in {"cells", "mosfets", "afes"} and not any(k.startswith("tol") for k in keys):
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
    "a figure without a source": {"models/boards/a.json": '{"source": "x", "label": "y", "r_mohm": {"value": 1, "tol_pct": 1, "label": "z"}}'},
    "a figure without a tolerance": {"models/boards/a.json": '{"r_mohm": {"value": 1, "label": "z", "source": "x"}}'},
    "broken": {"models/cells/a.json": "{"},
    "a key twice": {"models/boards/a.json": '{"source": "x", "source": "y", "label": "z"}'},
}
GREEN = {
    "whole": {"models/cells/a.json": _GOOD},
    "figures": {"models/boards/a.json": '{"r_mohm": {"value": 1, "tol_pct": 1, "label": "z", "source": "x"}}'},
    "raw data": {"models/cells/data/facts.json": '{"source": "x", "capacity_Ah": 105}'},
}
