# SPDX-License-Identifier: Apache-2.0
"""Ageing laws, abuse models, spreads and electrochemical sets: named after their id, with source, label, confidence, range and tolerance; values that can be."""
import json
from source import Finding

NEEDED = {"ageing": ("id", "title", "chemistry", "label", "confidence", "sources"), "abuse": ("id", "title", "chemistry", "label", "confidence", "sources"),
          "spread": ("id", "title", "chemistry", "label", "confidence", "sources")}
KIND = {"ageing": "bmstwin_ageing", "abuse": "bmstwin_abuse", "spread": "bmstwin_spread"}
HEADER = ("Title", "References", "source", "label", "valid_range", "tolerance", "confidence")
OCP_NOISE_V = 0.005
UNITS = {"m", "m2", "m3", "m-1", "V", "K", "A.h", "A.h.m-2", "kg.m-3", "J.K-1.kg-1", "W.m-2.K-1", "W.m-1.K-1", "W.K-1", "mol.m-3", "m2.s-1", "S.m-1", "mol.m-2.s-1",
         "J.mol-1", "V.K-1", "m3.mol-1", "Ohm.m", "A.m-2", "m.s-1", "s-1", "Ohm", "c_e, x, 1-x", "m3.m-3", "K-1", "kg", "A"}


def common(part, model):
    """Findings of what every file of our own formats has."""
    if KIND[part] not in model:
        yield f"no '{KIND[part]}': which format is it?"
    for key in NEEDED[part]:
        value = model.get(key)
        if not value or (isinstance(value, list) and not all(value)):
            yield f"no '{key}'"
    if model.get("confidence", "").split(":")[0].split(" ")[0].rstrip(",;") not in {"high", "medium", "low"}:
        yield "confidence must begin with high, medium or low"
    if model.get("chemistry") not in {"LFP", "NMC", "LTO", "LCO"}:
        yield f"chemistry '{model.get('chemistry')}' is not LFP, NMC, LTO or LCO"


def ageing(model):
    """Findings of an ageing law."""
    valid = model.get("valid", {})
    if not valid.get("t_min_degC", 0) < valid.get("t_max_degC", 0) or not valid.get("c_chg_max", 0) > 0 or not valid.get("c_dis_max", 0) > 0:
        yield "valid: needs t_min_degC < t_max_degC and positive c_chg_max, c_dis_max"
    if not 0 < model.get("tolerance", {}).get("loss_pct", 0) <= 100:
        yield "tolerance: loss_pct must be in 0..100"
    if not model.get("terms") or not model.get("capacity") or not model.get("resistance") or not model.get("capacity_Ah", 0) > 0:
        yield "needs terms, capacity, resistance and capacity_Ah"
    for term in model.get("terms", []):
        if term.get("name", "") not in model.get("capacity", "") + model.get("resistance", ""):
            yield f"term '{term.get('name')}' is used by neither capacity nor resistance"


def abuse(model):
    """Findings of an abuse model."""
    if not all(value > 0 for value in model.get("tolerance", {"": 0}).values()):
        yield "tolerance: must be stated, and positive"
    window = model.get("window", {})
    if not window.get("v_reverse_V", 0) < 2 < window.get("v_top_V", 0):
        yield "window: v_reverse_V below and v_top_V above 2 V"
    for name in ("sei", "negative", "positive", "electrolyte"):
        reaction = model.get("runaway", {}).get(name, {})
        if not 50 <= reaction.get("ea_kJ_per_mol", 0) <= 400:
            yield f"runaway: {name} has {reaction.get('ea_kJ_per_mol')} kJ/mol; decomposition has 50..400"


def spread(model):
    """Findings of a spread."""
    if not model.get("tolerance_pct", 0) > 0:
        yield "tolerance_pct: must be positive"
    for name, most in (("capacity", 20), ("resistance", 60), ("self_discharge", 150)):
        part = model.get(name, {})
        if part.get("kind", "normal") != "weibull" and not 0 < part.get("cv_pct", 0) <= most:
            yield f"{name}: cv_pct must be in 0..{most}"
        if not 0.3 <= part.get("mean", 1) <= 5:
            yield f"{name}: mean {part.get('mean')} is relative to the model"
    if not 0 < model.get("self_discharge_pct_per_month", 0) <= 20:
        yield "self_discharge_pct_per_month must be in 0..20"


def units(value, pointer=""):
    """(pointer, unit) of every key with a unit in brackets."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("]") and "[" in key:
                yield f"{pointer}/{key}", key[key.rindex("[") + 1:-1]
            yield from units(inner, f"{pointer}/{key}")


def echem(model):
    """Findings of an electrochemical set in the form of BPX."""
    header, parts = model.get("Header", {}), model.get("Parameterisation", {})
    for key in HEADER:
        if not header.get(key):
            yield f"Header: no '{key}'"
    for pointer, unit in units(parts):
        if unit not in UNITS:
            yield f"{pointer}: unit '{unit}' is no unit of such a set"
    cell = parts.get("Cell", {})
    low, high = cell.get("Lower voltage cut-off [V]", 0), cell.get("Upper voltage cut-off [V]", 0)
    if not 1.0 < low < high < 5.0:
        yield f"Cell: {low} .. {high} V is no cell"
    for name in ("Negative electrode", "Positive electrode"):
        side = parts.get(name, {})
        if not 0 <= side.get("Minimum stoichiometry", -1) < side.get("Maximum stoichiometry", 2) <= 1:
            yield f"{name}: stoichiometries must lie in 0..1, the minimum below the maximum"
        if not 1e-8 < side.get("Particle radius [m]", 0) < 1e-4 or not 1e-6 < side.get("Thickness [m]", 0) < 1e-3:
            yield f"{name}: particle radius or thickness is no electrode's"
        if not 0 < side.get("Porosity", 0) < 1:
            yield f"{name}: porosity must be in 0..1"
        table = side.get("OCP [V]")
        if isinstance(table, dict) and not all(b - a < OCP_NOISE_V for a, b in zip(table["y"], table["y"][1:])):
            yield f"{name}: the OCP must fall with the stoichiometry (noise of a measured table: {OCP_NOISE_V} V)"


def check(tree):
    """All findings."""
    for path in tree.glob("models/*.json"):
        parts = path.split("/")
        if len(parts) != 3 or parts[1] not in {*NEEDED, "echem"}:
            continue
        try:
            model = json.loads(tree.read(path))
        except ValueError:
            continue  # model_data says so
        if parts[1] in NEEDED:
            if parts[2] != f"{model.get('id')}.json":
                yield Finding(path, 0, f"the file is not named after its id '{model.get('id')}'")
            for fault in common(parts[1], model):
                yield Finding(path, 0, fault)
        for fault in {"ageing": ageing, "abuse": abuse, "spread": spread, "echem": echem}[parts[1]](model):
            yield Finding(path, 0, fault)


_HEAD = {"id": "a", "title": "t", "chemistry": "LFP", "label": "published", "confidence": "low: one cell", "sources": ["s"]}
_AGEING = dict(_HEAD, bmstwin_ageing=1, capacity_Ah=2, valid={"t_min_degC": 0, "t_max_degC": 40, "c_chg_max": 1, "c_dis_max": 1}, tolerance={"loss_pct": 20},
               terms=[{"name": "q", "k": "1"}], capacity="1 - q", resistance="1 + q")
_REACTION = {"ea_kJ_per_mol": 130}
_ABUSE = dict(_HEAD, bmstwin_abuse=1, tolerance={"heat_pct": 20}, window={"v_reverse_V": -1, "v_top_V": 5},
              runaway={"sei": _REACTION, "negative": _REACTION, "positive": _REACTION, "electrolyte": _REACTION})
_SPREAD = dict(_HEAD, bmstwin_spread=1, tolerance_pct=50, capacity={"cv_pct": 1}, resistance={"cv_pct": 3}, self_discharge={"cv_pct": 30}, self_discharge_pct_per_month=1)
_SIDE = {"Minimum stoichiometry": 0.1, "Maximum stoichiometry": 0.9, "Particle radius [m]": 5e-6, "Thickness [m]": 7e-5, "Porosity": 0.3,
         "OCP [V]": {"x": [0, 0.5, 1], "y": [1, 0.2, 0.1]}}
_ECHEM = {"Header": {key: "x" for key in HEADER},
          "Parameterisation": {"Cell": {"Lower voltage cut-off [V]": 2.5, "Upper voltage cut-off [V]": 4.2}, "Negative electrode": _SIDE, "Positive electrode": _SIDE}}


def _file(part, model):
    return {f"models/{part}/a.json": json.dumps(model)}


RED = {
    "an ageing law without a tolerance": _file("ageing", dict(_AGEING, tolerance={})),
    "a term that nobody uses": _file("ageing", dict(_AGEING, terms=[{"name": "w", "k": "1"}])),
    "a law for no temperature": _file("ageing", dict(_AGEING, valid={"t_min_degC": 40, "t_max_degC": 0, "c_chg_max": 1, "c_dis_max": 1})),
    "confidence in other words": _file("ageing", dict(_AGEING, confidence="quite good")),
    "an energy in J/mol": _file("abuse", dict(_ABUSE, runaway=dict(_ABUSE["runaway"], sei={"ea_kJ_per_mol": 130000}))),
    "abuse without a tolerance": _file("abuse", dict(_ABUSE, tolerance={"heat_pct": 0})),
    "a spread named otherwise": _file("spread", dict(_SPREAD, id="b")),
    "a spread as a fraction": _file("spread", dict(_SPREAD, capacity={"cv_pct": 0})),
    "a spread without sources": _file("spread", dict(_SPREAD, sources=[])),
    "a set without a valid range": _file("echem", dict(_ECHEM, Header=dict(_ECHEM["Header"], valid_range=""))),
    "a radius in micrometres": _file("echem", {**_ECHEM, "Parameterisation": dict(_ECHEM["Parameterisation"], **{"Negative electrode": dict(_SIDE, **{"Particle radius [m]": 5})})}),
    "a unit that BPX has not": _file("echem", {**_ECHEM, "Parameterisation": dict(_ECHEM["Parameterisation"], Separator={"Thickness [um]": 20})}),
    "an OCP that rises": _file("echem", {**_ECHEM, "Parameterisation": dict(_ECHEM["Parameterisation"], **{"Positive electrode": dict(_SIDE, **{"OCP [V]": {"x": [0, 1], "y": [3, 4]}})})}),
}
GREEN = {"ageing": _file("ageing", _AGEING), "abuse": _file("abuse", _ABUSE), "spread": _file("spread", _SPREAD), "echem": _file("echem", _ECHEM)}
