#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes models/cells/*.json from the tables and facts in models/cells/data.

    make_cells.py           writes the three files
    make_cells.py --check   writes nothing, exit 1 if a file differs from what would be written

Resistances: R_10s is the response 10 s after a current step, R0 + R1 (1 - e^(-10/tau1)) + R2 (1 - e^(-10/tau2)). R0 is the
ohmic part with its own activation energy; what R_10s leaves is shared between R1 and R2 in the ratio of facts.json.
"""
import csv
import json
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CELLS = ROOT / "models" / "cells"
DATA = CELLS / "data"
GAS = 8.314462618
FACTS = json.loads((DATA / "facts.json").read_text(encoding="utf-8"))


def table(name):
    with open(DATA / name, encoding="utf-8") as f:
        return list(csv.reader(f))[1:]


def interp(x, xs, ys):
    """Linear, constant outside."""
    if x <= xs[0]:
        return ys[0]
    for k in range(1, len(xs)):
        if x <= xs[k]:
            w = (x - xs[k - 1]) / (xs[k] - xs[k - 1])
            return ys[k - 1] + w * (ys[k] - ys[k - 1])
    return ys[-1]


def arrhenius(e_kJ, t_degC, t_ref_degC):
    return math.exp(e_kJ * 1e3 / GAS * (1 / (t_degC + 273.15) - 1 / (t_ref_degC + 273.15)))


def over_temperature(t_degC, knots, values):
    """Log-linear in 1/T between the knots; outside by the law of the outermost pair."""
    inv = [-1 / (t + 273.15) for t in knots]
    x = -1 / (t_degC + 273.15)
    k = 1
    while k + 1 < len(knots) and t_degC > knots[k]:
        k += 1
    slope = (math.log(values[k]) - math.log(values[k - 1])) / (inv[k] - inv[k - 1])
    return values[k - 1] * math.exp(slope * (x - inv[k - 1]))


def share(r10s, r0, tau, ratio):
    """R1 and R2 = ratio R1 such that R_10s comes out."""
    weight = (1 - math.exp(-10 / tau[0])) + ratio * (1 - math.exp(-10 / tau[1]))
    r1 = (r10s - r0) / weight
    if r1 <= 0:
        raise ValueError(f"R_10s {r10s} mOhm is not above R0 {r0} mOhm")
    return r1, ratio * r1


def fact(cell, name):
    return FACTS[cell][name]["value"]


def resistances(cell, socs, temps, r10s):
    """r10s(soc, t) in mOhm -> the three tables, row by row over soc."""
    tau, ratio = fact(cell, "tau_s"), fact(cell, "r2_to_r1")
    r0s, r1s, r2s = [], [], []
    for soc in socs:
        for t in temps:
            r0 = fact(cell, "r0_mohm") * arrhenius(fact(cell, "e_act_r0_kJpermol"), t, 25)
            r1, r2 = share(r10s(soc, t), r0, tau, ratio)
            r0s.append(sig(r0))
            r1s.append(sig(r1))
            r2s.append(sig(r2))
    return {"soc": socs, "t_degC": temps, "r0_mohm": r0s, "r1_mohm": r1s, "r2_mohm": r2s, "tau1_s": tau[0], "tau2_s": tau[1]}


def sig(x, digits=5):
    return float(f"{x:.{digits}g}")


def thermal(cell):
    c = fact(cell, "mass_kg") * fact(cell, "cp_JperkgK")
    s = fact(cell, "surface_share")
    return {"core_J_per_K": sig(c * (1 - s)), "surface_J_per_K": sig(c * s),
            "core_surface_K_per_W": fact(cell, "r_core_surf_KperW"), "surface_ambient_K_per_W": fact(cell, "r_surf_env_KperW")}


def head(cell, title, chemistry, label, sources, notes, tolerance):
    t = fact(cell, "t_valid_degC")
    return {
        "bmstwin_cell": 1, "id": cell, "title": title, "chemistry": chemistry, "label": label, "fit_error": "see docs/cells.md, cells made from tables",
        "sources": sources, "notes": notes,
        "tolerance": tolerance,
        "capacity_Ah": fact(cell, "capacity_Ah"), "nameplate_Ah": fact(cell, "nameplate_Ah"), "mass_kg": fact(cell, "mass_kg"),
        "v_min_V": fact(cell, "v_min_V"), "v_max_V": fact(cell, "v_max_V"),
        "valid": {"soc_min": 0, "soc_max": 1, "t_min_degC": t[0], "t_max_degC": t[1], "i_max_A": fact(cell, "i_valid_A")},
    }


COLD_TO_HOT = [-30, -25, -20, -15, -10, -5, 0, 5, 10, 15, 20, 25, 30, 35, 40, 50, 60]


def lfp():
    cell = "lfp-100ah"
    rows = [(float(a), float(b)) for a, b in table("CLFP_Sony_US26650_OCV.csv")]
    # The source ends at 3.530 V; cells are charged to 3.65 V. The last slope is carried on to it and soc 1 is put there.
    slope = (rows[-1][1] - rows[-2][1]) / (rows[-1][0] - rows[-2][0])
    stretch = 1 + (3.65 - rows[-1][1]) / slope
    soc = [round(s / stretch, 7) for s, _ in rows] + [1.0]
    ocv = [round(v, 6) for _, v in rows] + [3.65]
    hyst = [(float(a), float(b) * 1e3) for a, b in table("CLFP_Sony_US26650_HystV.csv")]
    entropy = [(float(a), float(b) * 1e3) for a, b in table("CLFP_Sony_US26650_entropy.csv")]
    rint = table("CLFP_Sony_US26650_Rint.csv")
    socs = [float(r[0]) for r in rint]
    e = fact(cell, "e_act_r10s_kJpermol")
    knots = [10.0, 25.0, 40.0]
    mean = [[0.5 * (float(r[2 + k]) + float(r[6 + k])) * 1e3 * 3.0 / 105.0 for k in range(3)] for r in rint]

    def r10s(s, t):
        v = [interp(s, socs, [m[k] for m in mean]) for k in range(3)]
        if t > 40:
            return v[2] * arrhenius(e["above_40"], t, 40)
        if t >= 10:
            return over_temperature(t, knots, v)
        if t >= -15:
            return v[0] * arrhenius(e["-15_to_10"], t, 10)
        return v[0] * arrhenius(e["-15_to_10"], -15, 10) * arrhenius(e["below_-15"], t, -15)

    m = head(cell, "LFP/graphite prismatic, 105 Ah (nameplate 100 Ah)", "LFP", "assembled",
             ["capacity, mass, 1 kHz resistance: EVE LF105, battery-data, CC BY 4.0",
              "shapes of OCV, hysteresis, entropy, R(SOC, T): Sony US26650, SimSES, BSD-3-Clause (TUM, Naumann 2018)",
              "see models/cells/data/README.md and facts.json"],
             [f"soc 1 is the OCV 3.65 V: the source's last slope was carried on from 3.530 V, which stretches soc by {stretch:.5f}",
              "R_10s is the mean of the source's charge and discharge resistance times 3/105; R0 is the 1 kHz value",
              "scaling R_10s by the maker's ratio of R_10s to 1 kHz (314 Ah cell, own fit) would give 0.72 mOhm at 50 %, 25 degC instead of 1.32",
              "hysteresis is the half gap of the source's slow charge and discharge; its rate is assumed"],
             {"capacity_pct": 2, "r_pct": 45, "ocv_mV": 20})
    m["ocv"] = {"t_ref_degC": 25, "soc": soc, "v_V": ocv}
    m["entropy"] = {"soc": [s for s, _ in entropy], "dudt_mV_per_K": [sig(v) for _, v in entropy]}
    m["hysteresis"] = {"gamma": fact(cell, "gamma"), "soc": [round(0.02 * k, 2) for k in range(51)],
                       "m_mV": [sig(interp(0.02 * k, *zip(*hyst)), 4) for k in range(51)]}
    m["resistance"] = resistances(cell, socs, COLD_TO_HOT, r10s)
    m["thermal"] = thermal(cell)
    return m


def nmc():
    cell = "nmc-94ah"
    rows = [(float(r[5]) / 100, float(r[6])) for r in table("NMC_Samsung_LabTest_cell_00_OCV.csv")]  # 298.15 K
    keep = [k for k in range(1001) if k <= 20 or k >= 990 or k % 5 == 0]
    soc = [round(rows[k][0], 4) for k in keep]
    ocv = [rows[k][1] for k in keep]
    worst = max(abs(interp(s, soc, ocv) - v) for s, v in rows) * 1e3
    hyst = [(float(a), float(b) * 1e3) for a, b in table("NMC_Samsung_LabTest_allcells_HystV.csv")]
    entropy = [(float(a), float(b) * 1e3) for a, b in table("Kokam_entropic_cell.csv")]
    ri = table("NMC_Samsung_LabTest_cell_00_Ri.csv")
    socs = [float(r[0]) for r in ri]
    knots = [5.0, 15.0, 25.0, 35.0]
    # Columns: 4 temperatures x 6 rates charging from 3, then discharging from 27; the rate 1 C is the fourth.
    mean = [[0.5 * (float(r[3 + 6 * k + 3]) + float(r[27 + 6 * k + 3])) for k in range(4)] for r in ri]

    def r10s(s, t):
        return over_temperature(t, knots, [interp(s, socs, [m[k] for m in mean]) for k in range(4)])

    m = head(cell, "NMC/graphite prismatic, 94 Ah", "NMC", "measured tables",
             ["OCV, hysteresis, R(SOC, T), thermal: Samsung 94 Ah, SimSES, BSD-3-Clause (TUM)",
              "entropy: Kokam NMC cell, SLIDE, BSD-3-Clause", "see models/cells/data/README.md and facts.json"],
             [f"OCV of cell 0 at 25 degC, thinned to {len(soc)} knots (at most {worst:.2f} mV off the source)",
              "the source's OCV at other temperatures holds rate effects, so the entropic coefficient is another NMC cell's",
              "R_10s is the mean of charge and discharge resistance at 1 C; its split into R0, R1, R2 is assumed",
              "the half gap of charge and discharge contains some polarisation: an upper bound of the hysteresis; its rate is assumed",
              "resistances below 5 and above 35 degC are carried on, not measured"],
             {"capacity_pct": 2, "r_pct": 20, "ocv_mV": 5})
    m["ocv"] = {"t_ref_degC": 25, "soc": soc, "v_V": ocv}
    m["entropy"] = {"soc": [s for s, _ in entropy], "dudt_mV_per_K": [sig(v) for _, v in entropy]}
    m["hysteresis"] = {"gamma": fact(cell, "gamma"), "soc": [round(0.02 * k, 2) for k in range(51)],
                       "m_mV": [sig(interp(0.02 * k, *zip(*hyst)), 4) for k in range(51)]}
    m["resistance"] = resistances(cell, socs, [-20, -10, -5, 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60], r10s)
    m["thermal"] = thermal(cell)
    return m


def lto():
    cell = "lto-20ah"
    rows = [(float(a) / 100, float(b)) for a, b in table("gree_yinlong_LTO_datasheet_25C.csv")]
    tail = fact(cell, "tail_soc")
    soc = [0.0] + [round(tail + (1 - 2 * tail) * s, 6) for s, _ in rows] + [1.0]
    ocv = [fact(cell, "v_min_V")] + [v for _, v in rows] + [fact(cell, "v_max_V")]
    r0, rest = fact(cell, "r0_mohm"), fact(cell, "r10s_mohm") - fact(cell, "r0_mohm")

    def r10s(_, t):
        return r0 * arrhenius(fact(cell, "e_act_r0_kJpermol"), t, 25) + rest * arrhenius(fact(cell, "e_act_rest_kJpermol"), t, 25)

    m = head(cell, "LTO/NMC prismatic, 20 Ah", "LTO", "assembled",
             ["OCV: Gree/Yinlong data sheet, 25 degC (facts)", "capacity, mass, peak power: Toshiba SCiB 20 Ah, battery-data, CC BY 4.0",
              "heat capacity: LTO/NMC 10 Ah, SimSES, BSD-3-Clause", "see models/cells/data/README.md and facts.json"],
             ["R_10s 1.0 mOhm is inferred from peak power; flat over soc; its temperature law and split are assumed",
              "the sheet's 0..100 % are put on 1..99 %; both tails to 1.5 and 2.8 V are assumed",
              "no hysteresis and no entropy data were found: both are zero"],
             {"capacity_pct": 5, "r_pct": 25, "ocv_mV": 30})
    m["ocv"] = {"t_ref_degC": 25, "soc": soc, "v_V": ocv}
    m["entropy"] = {"soc": [0, 1], "dudt_mV_per_K": [0, 0]}
    m["hysteresis"] = {"gamma": 0, "soc": [0, 1], "m_mV": [0, 0]}
    m["resistance"] = resistances(cell, [0, 1], COLD_TO_HOT, r10s)
    m["thermal"] = thermal(cell)
    return m


def text(value, indent=0):
    """JSON with lists of numbers wrapped at 120 columns."""
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        if not any(isinstance(v, (dict, list)) for v in value.values()) and indent > 0:
            return json.dumps(value)
        body = ",\n".join(f"{pad}{json.dumps(k)}: {text(v, indent + 2)}" for k, v in value.items())
        return "{\n" + body + "\n" + " " * indent + "}"
    if isinstance(value, list) and value and not isinstance(value[0], (str, dict, list)):
        lines, line = [], pad
        for k, x in enumerate(value):
            item = json.dumps(x) + ("," if k + 1 < len(value) else "")
            if len(line) + len(item) + 1 > 120:
                lines.append(line.rstrip())
                line = pad
            line += item + " "
        lines.append(line.rstrip())
        return "[\n" + "\n".join(lines) + "]" if len(lines) > 1 else "[" + lines[0].strip() + "]"
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + text(x, indent + 2) for x in value) + "\n" + " " * indent + "]"
    return json.dumps(value)


def main():
    check = sys.argv[1:] == ["--check"]
    stale = 0
    for make in (lfp, nmc, lto):
        model = make()
        ocv = model["ocv"]["v_V"]
        if any(b <= a for a, b in zip(ocv, ocv[1:])):
            raise ValueError(f"{model['id']}: OCV is not strictly increasing")
        path = CELLS / (model["id"] + ".json")
        new = text(model) + "\n"
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != new:
                print(f"{path.relative_to(ROOT)} differs from what make_cells.py writes", file=sys.stderr)
                stale = 1
        else:
            path.write_text(new, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
