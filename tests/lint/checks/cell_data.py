# SPDX-License-Identifier: Apache-2.0
"""Every equivalent-circuit file holds tables that a cell can have: rising OCV, positive resistances, sizes, ranges, sources."""
import json
from source import Finding


def rising(values):
    """True if strictly increasing."""
    return all(a < b for a, b in zip(values, values[1:]))


def curve(model, section, knots, values):
    """Findings of a curve over state of charge."""
    part = model.get(section)
    if part is None:
        return
    x, y = part.get(knots, []), part.get(values, [])
    if len(x) < 2 or len(x) != len(y):
        yield f"{section}: {len(x)} knots and {len(y)} of {values}"
    elif not rising(x) or x[0] != 0 or x[-1] != 1:
        yield f"{section}: soc must rise from 0 to 1"


def resistances(model):
    """Findings of the tables over state of charge and temperature."""
    table = model.get("resistance", {})
    ns, nt = len(table.get("soc", [])), len(table.get("t_degC", []))
    if ns < 2 or nt < 2 or not rising(table["soc"]) or not rising(table["t_degC"]):
        yield "resistance: soc and t_degC need two or more rising knots"
    taus = [table[k] for k in ("tau1_s", "tau2_s", "tau3_s") if table.get(k)]
    if not taus or not rising(taus):
        yield f"resistance: time constants {taus} must rise"
    for name, values in table.items():
        if not name.endswith("_mohm") or not values:
            continue
        if len(values) != ns * nt:
            yield f"resistance: {name} has {len(values)} values, not {ns} x {nt}"
        if min(values) <= 0:
            yield f"resistance: {name} has {min(values)}; a resistance is positive"


def faults(model):
    """Everything wrong with one model, in words."""
    for section, values in (("ocv", "v_V"), ("entropy", "dudt_mV_per_K"), ("hysteresis", "m_mV")):
        yield from curve(model, section, "soc", values)
    ocv = model.get("ocv", {}).get("v_V", [0])
    if not rising(ocv):
        yield "ocv: the voltage must rise strictly"
    yield from resistances(model)
    if not model.get("v_min_V", 0) < model.get("v_max_V", 0):
        yield "v_min_V must be less than v_max_V"
    if not 1.0 < ocv[0] < ocv[-1] < 5.0:
        yield f"ocv: {ocv[0]}..{ocv[-1]} V is no cell"
    valid, tolerance = model.get("valid", {}), model.get("tolerance", {})
    if not valid.get("t_min_degC", 0) < valid.get("t_max_degC", 0) or not valid.get("i_max_A", 0) > 0:
        yield "valid: needs t_min_degC < t_max_degC and i_max_A > 0"
    if not all(tolerance.get(key, 0) > 0 for key in ("capacity_pct", "r_pct", "ocv_mV")):
        yield "tolerance: capacity_pct, r_pct and ocv_mV must be positive"
    if not model.get("capacity_Ah", 0) > 0 or abs(model["capacity_Ah"] / model.get("nameplate_Ah", 1e-9) - 1) > 0.2:
        yield "capacity_Ah and nameplate_Ah must agree within 20 %"
    if not all(model.get(key) for key in ("id", "title", "chemistry", "label", "fit_error")) or not all(model.get("sources", [""])):
        yield "id, title, chemistry, label, fit_error and sources must say something"


def check(tree):
    """All findings."""
    for path in tree.glob("models/cells/*.json"):
        if path.count("/") != 2:
            continue
        try:
            model = json.loads(tree.read(path))
        except ValueError:
            continue  # model_data says so
        if "bmstwin_cell" not in model:
            continue
        if path.rsplit("/", 1)[1] != f"{model.get('id')}.json":
            yield Finding(path, 0, f"the file is not named after its id '{model.get('id')}'")
        for fault in faults(model):
            yield Finding(path, 0, fault)


_MODEL = {
    "bmstwin_cell": 1, "id": "a", "title": "t", "chemistry": "NMC", "label": "fitted", "fit_error": "no data", "sources": ["s"],
    "tolerance": {"capacity_pct": 2, "r_pct": 10, "ocv_mV": 5}, "capacity_Ah": 2, "nameplate_Ah": 2, "v_min_V": 2.5, "v_max_V": 4.2,
    "valid": {"t_min_degC": 0, "t_max_degC": 40, "i_max_A": 5}, "ocv": {"soc": [0, 0.5, 1], "v_V": [3, 3.6, 4.2]},
    "resistance": {"soc": [0, 1], "t_degC": [0, 40], "r0_mohm": [1, 1, 1, 1], "r1_mohm": [1, 1, 1, 1], "tau1_s": 5},
}


def _with(section, **changes):
    part = dict(_MODEL[section], **changes) if isinstance(_MODEL[section], dict) else changes["to"]
    return {"models/cells/a.json": json.dumps(dict(_MODEL, **{section: part}))}


RED = {
    "falling OCV": _with("ocv", v_V=[3, 3.7, 3.6]),
    "OCV that begins above 0": _with("ocv", soc=[0.1, 0.5, 1]),
    "negative resistance": _with("resistance", r0_mohm=[1, 1, -1, 1]),
    "a table too short": _with("resistance", r1_mohm=[1, 1]),
    "time constants that fall": _with("resistance", tau2_s=1),
    "no tolerance": _with("tolerance", r_pct=0),
    "no current it holds for": _with("valid", i_max_A=0),
    "millivolts for volts": _with("ocv", v_V=[3000, 3600, 4200]),
    "a capacity in mAh": _with("capacity_Ah", to=2000),
    "another name": _with("id", to="b"),
    "no fit error": _with("fit_error", to=""),
}
GREEN = {"whole": {"models/cells/a.json": json.dumps(_MODEL)}}
