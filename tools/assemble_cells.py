#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Assembles cells of the library from published parameters: model files, check plots and a table in docs/cells.md.

    tools/assemble_cells.py DATA_DIR [--bmstwin build/release/bin/bmstwin]

DATA_DIR holds the folders named in CELLS. Only figures go into the project, never the data. Resistances in ohm and soc from
0 to 1 inside, mOhm in the files; current is positive on discharge.
"""
import argparse
import bisect
import csv
import json
import math
import pathlib
import statistics
import subprocess
import tempfile

import marked

ROOT = pathlib.Path(__file__).resolve().parent.parent
CELL_DIR = ROOT / "models" / "cells"
KOKAM_AH = 2.675  # charge of the 0.2C curve of the small Kokam cell
T_DEGC = [-20, -15, -10, -5, 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60]
EVE = "EVE LF280, R0 and 3 RC pairs at 25 degC: github.com/wenlinzhangzwl/Li-ion-Battery-Parameterization, commit e1520a89 (McMaster; no licence stated; parameters as facts)"
BIG = ("314 Ah prismatic LFP, impedance spectra and voltages after 1 h: github.com/CccLeo/Dataset-for-SOC-Estimation-for-"
       "Large-Format-LFP-Batteries, commit 0038e9f5 (no licence stated; figures only)")
SONY = "entropy: Sony US26650, SimSES, BSD-3-Clause (TUM)"
SHEET = "mass and size: data sheets, battery-data, CC BY 4.0"
POUCH = ("NMC111/graphite pouch of 12.5 Ah, discharges and thermal facts: About:Energy BPX parameterisation, commit 8efd45a7, CC BY-SA 4.0; "
         "figures derived from it in this file are under the same licence")
COLD = "R below 15 degC: activation energies of A123 26650 cells (32.2 kJ/mol, below -15 degC 39.4), own evaluation; not of this cell"
CELLS = {
    "lfp-eve-280ah": dict(
        title="EVE LF280, LFP/graphite prismatic, 280 Ah", chemistry="LFP", label="published parameters", sources=[EVE, BIG, SONY, SHEET],
        capacity=280, mass=5.48, v=(2.5, 3.65), i_max=280, soc=(0.05, 1), t=(10, 45), tolerance=(3, 35, 15), tau=(1.0, 26.0, 1000.0),
        e_act=(11.7, 21.9, 16.1, 16.1), m_mV=15, gamma=50, thermal=(5480, 0.17, 2.0), like="lfp-100ah",
        notes=["soc 0 and 1 of the source's resistances are bounds of its fit: dropped, the nearest are carried on; means over 5 % of soc",
               "OCV: the source's is rounded to 10 mV; the 314 Ah cell's after 1 h is moved the least way into the rounding band, plus 15 mV",
               "hysteresis 15 mV is assumed (A123 10..24 mV, Sony 17..30 mV), gamma too; the source's OCV is taken as that after discharging",
               "the 3 time constants are the medians of the source's; it bounded the first at 1 s, so R0 may hold part of a faster process",
               "R over temperature: activation energies of the 314 Ah cell's spectra (20..30 degC)", COLD,
               "mass is a REPT cell's of 280 Ah; heat capacity 1000 J/(kg K) and cooling 10 W/(m2 K) over 0.05 m2 are assumed"]),
    "lfp-314ah": dict(
        title="LFP/graphite prismatic, 314 Ah", chemistry="LFP", label="own fit of impedance spectra; assembled", sources=[BIG, EVE, SONY, SHEET],
        capacity=314, mass=5.6, v=(2.5, 3.65), i_max=314, soc=(0.2, 0.95), t=(15, 35), tolerance=(3, 25, 15), tau=None,
        e_act=(11.7, 38.7, 21.9, 16.1), m_mV=15, gamma=50, thermal=(5600, 0.17, 2.0), like="lfp-100ah",
        notes=["R0 and 3 RC pairs: own fit to spectra of 0.01..25 Hz at 20, 25, 30 degC and 20..95 % soc; beyond, the last slope over soc is carried on",
               "what is slower than 0.01 Hz is not in it: after minutes of current the voltage drop is too small (the 280 Ah cell has 0.2 mOhm more at 1000 s)",
               "OCV at 20..95 %: voltage after 1 h at 25 degC, taken as after discharging (not stated), plus 15 mV; below and above: the 280 Ah cell's",
               "hysteresis 15 mV is assumed (A123 10..24 mV, Sony 17..30 mV), gamma too", COLD,
               "mass is the EVE MB31's; heat capacity 1000 J/(kg K) and cooling 10 W/(m2 K) over 0.05 m2 are assumed"]),
    "nmc-kokam-16ah": dict(
        title="Kokam NMC/graphite pouch, 16 Ah", chemistry="NMC", label="assembled, R scaled by capacity from a 2.7 Ah cell", sources=[
            "pseudo-OCV, entropy and discharges at 0.2..3C: Kokam NMC, SLIDE, commit 847fec7a, BSD-3-Clause (University of Oxford, VITO nv)",
            "mass and heat capacity: Kokam 12 and 27.6 Ah pouches of a published example, as facts"],
        capacity=16, mass=0.45, v=(2.7, 4.2), i_max=48, soc=(0.1, 1), t=(15, 40), tolerance=(4, 50, 15), tau=(30.0,), e_act=(11.7, 30.0),
        m_mV=0, gamma=50, thermal=(365, 0.4, 2.0), like="nmc-94ah",
        notes=["OCV: the published pseudo-OCV, thinned to 0.5 mV",
               "R over soc: mean of 1C, 2C and 3C of the drop below the pseudo-OCV after the same share of the charge (2.675 Ah), times 2.675/16; "
               "no resistance of a 16 Ah cell was found. The rates disagree (1C is 1.5 times 2C), hence the tolerance",
               "R0 is the median of the drops at the curves' first point; one pair takes the rest, 30 s is assumed",
               "resistances of two other Kokam pouches (8 mOhm at 27.6 and 31 Ah) seem to hold the fixture's and are not used",
               "one temperature was measured: R over temperature is assumed (30 kJ/mol, R0 11.7)",
               "mass is interpolated (12 Ah 0.354 kg, 27.6 Ah 0.72 kg), 810 J/(kg K); cooling 10 W/(m2 K) over 0.05 m2 is assumed"]),
    "nmc-pouch-12ah": dict(
        title="NMC111/graphite pouch, 12.5 Ah", chemistry="NMC", label="own evaluation of published curves", sources=[
            POUCH, "entropy: Kokam NMC cell, SLIDE, BSD-3-Clause"],
        capacity=13.098, nameplate=12.5, mass=0.236, v=(2.7, 4.2), i_max=12.5, soc=(0.02, 1), t=(15, 40), tolerance=(2, 20, 10), tau=(0.5, 40.0),
        e_act=(11.7, 30.0, 30.0), m_mV=0, gamma=50, thermal=(216, 0.6, 2.6), like="nmc-94ah",
        notes=["OCV: C/20 discharge with its drop taken off; thinned to 0.5 mV. A discharge only, so half the hysteresis gap is in it; the model has none",
               "R over soc: C/2 discharge against C/20 at the same charge; steps of its first 0, 1 and 100 s give R0, R1 and R2",
               "what happens within 1 s is one time constant of 0.5 s (assumed)", "one temperature was measured: R over temperature is assumed (30 kJ/mol, R0 11.7)",
               "mass and heat capacity are density x volume and 913 J/(kg K) of the BPX file (estimated there); cooling 10 W/(m2 K) over 0.038 m2 is assumed"]),
}


def table(path):
    """Columns of a CSV file as lists of floats (rows whose first field is not a number are left out)."""
    rows = [r for r in csv.DictReader(path.open()) if r[next(iter(r))].replace(".", "").replace("-", "").isdigit()]
    return {key: [float(r[key]) for r in rows] for key in rows[0]}


def at(x, xs, ys):
    """Linear interpolation, carried on flat."""
    if not xs[0] < x < xs[-1]:
        return ys[0] if x <= xs[0] else ys[-1]
    i = bisect.bisect_right(xs, x) - 1
    return ys[i] + (ys[i + 1] - ys[i]) * (x - xs[i]) / (xs[i + 1] - xs[i])


def rising(values, least=5e-5):
    """The values, lifted where they do not rise by `least`."""
    out = [values[0]]
    for v in values[1:]:
        out.append(max(v, out[-1] + least))
    return out


def arrhenius(e_kjpermol, t_degc, ref_degc):
    """R(t) / R(ref); below 15 and -15 degC the energies of COLD unless the own one is larger."""
    def log(t):  # integral of E / R over 1/T from 15 degC
        inverse = [1 / (x + 273.15) for x in (15, -15, t)]
        k = 1000 / 8.314462618
        if t >= 15:
            return k * e_kjpermol * (inverse[2] - inverse[0])
        cold = max(e_kjpermol, 32.2)
        if t >= -15:
            return k * cold * (inverse[2] - inverse[0])
        return k * (cold * (inverse[1] - inverse[0]) + max(cold, 39.4) * (inverse[2] - inverse[1]))
    return math.exp(log(t_degc) - log(ref_degc))


def big_ocv(data):
    """(soc, V) after 1 h: the 314 Ah cell's plateau, the 280 Ah cell's ends."""
    eve = table(data / "eve_lf280_3rc_params" / "eve_lf280_25C_3rc.csv")
    big = table(data / "lfp_314Ah_prismatic_eis" / "ocv_1h_and_ohmic.csv")
    low = [(s, v) for s, v in zip(eve["soc"], eve["ocv_V"]) if s < 0.07 or 0.09 < s < 0.15 and v != 3.19]
    mid = [(s / 100, v) for t, s, v in zip(big["temp_or_set"], big["soc_pct"], big["rest_V_1h"]) if t == 25]
    points = low + mid + [(0.99, 3.33), (1.0, 3.61)]
    return [p[0] for p in points], rising([p[1] for p in points])


def cell_280(data, cell):
    """OCV, knots and resistances of the 280 Ah cell: (soc, V), soc, {kind: mOhm[soc][t]}."""
    eve = table(data / "eve_lf280_3rc_params" / "eve_lf280_25C_3rc.csv")
    xs, vs = big_ocv(data)
    ocv = rising([min(max(at(s, xs, vs), r - 0.005), r + 0.005) for s, r in zip(eve["soc"], eve["ocv_V"])])
    knots = [0, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]
    rows, maps = range(1, len(eve["soc"]) - 1), {}
    for k in range(4):
        r25 = []
        for s in knots:
            near = [eve[f"R{k}_ohm"][i] for i in rows if abs(eve["soc"][i] - s) < (0.055 if s >= 0.15 else 0.02)]
            r25.append(1e3 * statistics.mean(near))
        maps[f"r{k}_mohm"] = [[r * arrhenius(cell["e_act"][k], t, 25) for t in T_DEGC] for r in r25]
    return (eve["soc"], ocv), knots, maps


def cell_314(data, cell):
    """The same of the 314 Ah cell, from the fit of its spectra."""
    fit = table(data / "derived_by_us" / "lfp314Ah_eis_3rc_fit.csv")
    cell["tau"] = tuple(round(statistics.median(fit[f"tau{k}_s"]), 3) for k in (1, 2, 3))
    knots = [0] + [0.1, 0.15] + [round(0.2 + 0.05 * i, 2) for i in range(16)] + [1]
    maps = {}
    for k in range(4):
        own = {}
        for t0 in (20, 25, 30):
            soc = [s / 100 for t, s in zip(fit["temp_or_set"], fit["soc_pct"]) if t == t0]
            r = [x for t, x in zip(fit["temp_or_set"], fit[f"R{k}_mOhm"]) if t == t0]
            slope = [(r[1] - r[0]) / (soc[1] - soc[0]), (r[-1] - r[-2]) / (soc[-1] - soc[-2])]
            own[t0] = [r[0] + slope[0] * (s - soc[0]) if s < soc[0] else
                       r[-1] + slope[1] * (s - soc[-1]) if s > soc[-1] else at(s, soc, r) for s in knots]
        maps[f"r{k}_mohm"] = [[own[min(max(t, 20), 30)][i] * arrhenius(cell["e_act"][k], t, min(max(t, 20), 30)) for t in T_DEGC]
                              for i in range(len(knots))]
    return big_ocv(data), knots, maps


def discharge(data, name):
    """A discharge of the pouch: columns with the charge q in Ah."""
    d = table(data / "aboutenergy_nmc_pouch_12Ah" / f"NMC_25degC_{name}.csv")
    t, i, q = d["time_s"], d["current_A"], [0.0]
    for k in range(1, len(t)):
        q.append(q[-1] + (t[k] - t[k - 1]) * (i[k] + i[k - 1]) / 7200)
    return dict(d, q=q)


def thinned(xs, ys, tol):
    """Indices of knots whose straight lines stay within tol of all points (divided at the worst point)."""
    keep, todo = {0, len(xs) - 1}, [(0, len(xs) - 1)]
    while todo:
        a, b = todo.pop()
        far = max(((abs(ys[i] - at(xs[i], [xs[a], xs[b]], [ys[a], ys[b]])), i) for i in range(a + 1, b)), default=(0, 0))
        if far[0] > tol:
            keep.add(far[1])
            todo += [(a, far[1]), (far[1], b)]
    return sorted(keep)


def cell_pouch(data, cell):
    """The same of the pouch, from its C/20 and C/2 discharges."""
    slow, half = discharge(data, "Co20"), discharge(data, "Co2")
    points = [i for i in range(len(slow["q"])) if i == 0 or slow["q"][i] > slow["q"][i - 1]]
    q20, v20 = [slow["q"][i] for i in points], [slow["voltage_V"][i] for i in points]
    i20, full = 0.6258, q20[-1]
    dq, dv, di = half["q"][1:], half["voltage_V"][1:], 6.2503 - i20

    def drop(q):  # mOhm between both curves after the same charge
        return 1e3 * (at(q, q20, v20) - at(q, dq, dv)) / di
    start = [1e3 * (at(q, q20, v20) - v) / di for q, v in zip(dq[:2], dv[:2])]
    r0, r1 = start[0], start[1] / (1 - math.exp(-2)) - start[0] * math.exp(-2) / (1 - math.exp(-2)) - start[0]
    knots = [0, 0.012, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]
    total = []
    for s in knots:
        middle = min(max(s, 0.012), 0.96)
        total.append(statistics.mean(drop(full * (1 - middle + d * 0.05 * min(middle, 0.1))) for d in range(-4, 5)))
    soc = [1 - q / full for q in reversed(q20)]
    ocv = [v + i20 * 1e-3 * at(s, knots, total) for s, v in zip(soc, reversed(v20))]
    ocv[-1] = slow["voltage_V"][0]
    ocv = rising(ocv)
    soc[0], soc[-1] = 0.0, 1.0
    use = thinned(soc, ocv, 0.0005)
    maps = {"r0_mohm": [r0] * len(knots), "r1_mohm": [r1] * len(knots), "r2_mohm": [r - r0 - r1 for r in total]}
    for k, (name, r25) in enumerate(list(maps.items())):
        maps[name] = [[r * arrhenius(cell["e_act"][k], t, 25) for t in T_DEGC] for r in r25]
    return ([soc[i] for i in use], [ocv[i] for i in use]), knots, maps


def kokam(data):
    """Pseudo-OCV (soc, V) and {rate: (charge as a share, V, A of the 16 Ah cell)}."""
    folder = data / "kokam_nmc_16Ah"
    slow, curves = table(folder / "pseudo_ocv.csv"), {}
    for rate in ("0.2", "0.5", "1", "2", "3"):
        c = kokam_curve(folder / f"char_{rate}C_discharge_ah.csv")
        curves[rate] = ([x / KOKAM_AH for x in c[0]], c[1], float(rate) * 2.7 * 16 / KOKAM_AH)
    return ([s / 100 for s in slow["soc_pct"]], slow["ocv_V"]), curves


def kokam_curve(path):
    """x_Ah and V of a characterisation curve."""
    rows = list(csv.DictReader(path.open()))
    return [float(r["x_Ah"]) for r in rows], [float(r["V"]) for r in rows]


def cell_kokam(data, cell):
    """The same of the Kokam cell."""
    (soc, ocv), curves = kokam(data)
    knots = [0, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]
    total = [statistics.mean(1e3 * (at(s, soc, ocv) - at(1 - s, x, v)) / i for x, v, i in (curves[c] for c in "123"))
             for s in (min(max(s, 0.075), 0.95) for s in knots)]
    r0 = statistics.median(1e3 * (ocv[-1] - v[0]) / i for x, v, i in curves.values())
    use, ocv = thinned(soc, ocv, 0.0005), rising(ocv, 0.0)
    maps = {"r0_mohm": [r0] * len(knots), "r1_mohm": [r - r0 for r in total]}
    for k, (name, r25) in enumerate(list(maps.items())):
        maps[name] = [[r * arrhenius(cell["e_act"][k], t, 25) for t in T_DEGC] for r in r25]
    return ([soc[i] for i in use], [ocv[i] for i in use]), knots, maps


def model_of(name, cell, ocv, knots, maps):
    """The model file as a dictionary."""
    like = json.loads((CELL_DIR / f"{cell['like']}.json").read_text())
    heat, inner, outer = cell["thermal"]
    capacity, r_pct, ocv_mv = cell["tolerance"]
    resistance = {"soc": knots, "t_degC": T_DEGC}
    resistance |= {key: [float(f"{r:.4g}") for row in rows for r in row] for key, rows in maps.items()}
    resistance |= {f"tau{k + 1}_s": tau for k, tau in enumerate(cell["tau"])}
    model = {"bmstwin_cell": 1, "id": name, "title": cell["title"], "chemistry": cell["chemistry"], "label": cell["label"],
             "fit_error": "see docs/cells.md, assembled cells", "sources": cell["sources"], "notes": cell["notes"],
             "tolerance": {"capacity_pct": capacity, "r_pct": r_pct, "ocv_mV": ocv_mv}, "capacity_Ah": cell["capacity"],
             "nameplate_Ah": cell.get("nameplate", cell["capacity"]), "mass_kg": cell["mass"], "v_min_V": cell["v"][0], "v_max_V": cell["v"][1],
             "valid": {"soc_min": cell["soc"][0], "soc_max": cell["soc"][1], "t_min_degC": cell["t"][0], "t_max_degC": cell["t"][1],
                       "i_max_A": cell["i_max"]},
             "ocv": {"t_ref_degC": 25, "soc": [round(s, 6) for s in ocv[0]], "v_V": [round(v + 1e-3 * cell["m_mV"], 6) for v in ocv[1]]},
             "entropy": like["entropy"],
             "hysteresis": {"gamma": cell["gamma"], "soc": [0, 1], "m_mV": [cell["m_mV"]] * 2}, "resistance": resistance,
             "thermal": {"core_J_per_K": round(0.85 * heat, 1), "surface_J_per_K": round(0.15 * heat, 1), "core_surface_K_per_W": inner,
                         "surface_ambient_K_per_W": outer}}
    return model


def written(value, indent=0):
    """JSON, dictionaries over lines and lists on one."""
    if not isinstance(value, dict):
        return json.dumps(value)
    pad = "  " * (indent + 1)
    return "{\n" + ",\n".join(f'{pad}"{k}": {written(v, indent + 1)}' for k, v in value.items()) + "\n" + "  " * indent + "}"


def run(program, *words):
    """Samples that a verb of the program writes."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.csv"
        subprocess.run([program, *words, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        return table(out)


def svg(path, title, labels, series, legend_y=58):
    """Plot of series (name, colour, xs, ys, dotted); the names begin at legend_y."""
    xs, ys = [x for s in series for x in s[2]], [y for s in series for y in s[3]]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    y0, y1 = y0 - 0.05 * (y1 - y0), y1 + 0.05 * (y1 - y0)

    def px(x, y):
        return f"{60 + 560 * (x - x0) / (x1 - x0):.1f},{350 - 310 * (y - y0) / (y1 - y0):.1f}"
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400" font-family="sans-serif" font-size="12">',
           '<rect width="640" height="400" fill="#fff"/>', f'<text x="60" y="24" font-size="14">{title}</text>',
           '<rect x="60" y="40" width="560" height="310" fill="none" stroke="#888"/>', f'<text x="280" y="392">{labels[0]}</text>',
           f'<text transform="translate(14,220) rotate(-90)">{labels[1]}</text>']
    for k in range(6):
        x, y = x0 + k * (x1 - x0) / 5, y0 + k * (y1 - y0) / 5
        out += [f'<text x="{60 + 112 * k}" y="368" text-anchor="middle">{x:.3g}</text>',
                f'<text x="56" y="{354 - 62 * k}" text-anchor="end">{y:.3g}</text>']
    for k, (name, colour, sx, sy, dotted) in enumerate(series):
        if dotted:
            out += [f'<circle cx="{p[0]}" cy="{p[1]}" r="2" fill="{colour}"/>' for p in (px(x, y).split(",") for x, y in zip(sx, sy))]
        else:
            out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{" ".join(px(x, y) for x, y in zip(sx, sy))}"/>')
        out.append(f'<text x="70" y="{legend_y + 15 * k}" fill="{colour}">{name}</text>')
    path.write_text("\n".join(out) + "\n</svg>\n")


def check_280(data, program, file, model):
    """OCV after a discharge against the rounded one; total R against the source."""
    eve = table(data / "eve_lf280_3rc_params" / "eve_lf280_25C_3rc.csv")
    nt, i25, res = len(T_DEGC), T_DEGC.index(25), model["resistance"]
    own = [sum(res[f"r{k}_mohm"][j * nt + i25] for k in range(4)) for j in range(len(res["soc"]))]
    rows = range(1, len(eve["soc"]) - 1)
    src = [1e3 * sum(eve[f"R{k}_ohm"][i] for k in range(4)) for i in rows]
    soc = [eve["soc"][i] for i in rows]
    rel = [100 * (at(s, res["soc"], own) / r - 1) for s, r in zip(soc, src)]
    gap = [1e3 * (at(s, model["ocv"]["soc"], model["ocv"]["v_V"]) - v) - 15 for s, v in zip(eve["soc"], eve["ocv_V"])]
    got = run(program, "cell", file, "--soc", "50", "--do", "Discharge at 280 A for 10 seconds")
    r10 = 1e3 * (at(0.5, model["ocv"]["soc"], model["ocv"]["v_V"]) - got["voltage_V"][-1]) / 280
    svg(ROOT / "docs" / "img" / "cell-lfp-eve-280ah.svg", "lfp-eve-280ah: R0 + R1 + R2 + R3 at 25 degC", ("soc", "mOhm"),
        [("published parameters", "#1f77b4", soc, src, True), ("model", "#d62728", res["soc"], own, False)])
    yield "sum of R, 25 degC, 0.8..99 % soc", "source of the figures", f"rms {rms(rel):.1f} %, max {worst(rel):.1f} %"
    yield "OCV after discharge, all soc", "source, rounded to 10 mV", f"rms {rms(gap):.1f} mV, max {worst(gap):.1f} mV"
    fit = table(data / "derived_by_us" / "lfp314Ah_eis_3rc_fit.csv")
    big = [r for t, s, r in zip(fit["temp_or_set"], fit["soc_pct"], fit["R_10s_mOhm"]) if (t, s) == (25, 50)][0] * 314 / 280
    yield "drop after 10 s of 1C at 50 %, 25 degC", f"the 314 Ah cell's R_10s by capacity: {big:.3f} mOhm", f"{r10:.3f} mOhm"


def check_314(data, program, file, model):
    """Impedance against the measured spectra, from 0.01 to 10 Hz."""
    eis, plot = table(data / "lfp_314Ah_prismatic_eis" / "eis.csv"), []
    for t, s, colour in ((25, 50, "#d62728"), (20, 50, "#1f77b4"), (30, 50, "#2ca02c"), (25, 20, "#9467bd"), (25, 90, "#8c564b")):
        rows = [i for i in range(len(eis["freq_Hz"])) if eis["temp_or_set"][i] == t and eis["soc_pct"][i] == s and eis["freq_Hz"][i] <= 10]
        freq = sorted(eis["freq_Hz"][i] for i in rows)
        z = run(program, "eis", file, "--soc", str(s), "--temp", str(t), "--freq", ",".join(map(str, freq)))
        rows.sort(key=lambda i: eis["freq_Hz"][i])
        meant = [complex(eis["Zre_mOhm"][i], eis["Zim_mOhm"][i]) for i in rows]
        got = [1e3 * complex(a, b) for a, b in zip(z["z_re_Ohm"], z["z_im_Ohm"])]
        rel = [100 * abs(g - m) / abs(m) for g, m in zip(got, meant)]
        yield f"impedance, {t} degC, {s} %, 0.01..10 Hz", "measured, fitted", f"rms {rms(rel):.1f} %, max {worst(rel):.1f} % of abs(Z)"
        if s == 50:
            plot += [(f"measured {t} degC", colour, [m.real for m in meant], [-m.imag for m in meant], True),
                     (f"model {t} degC", colour, [g.real for g in got], [-g.imag for g in got], False)]
    svg(ROOT / "docs" / "img" / "cell-lfp-314ah.svg", "lfp-314ah: impedance at 50 %, 0.01..10 Hz", ("Re Z, mOhm", "-Im Z, mOhm"), plot)


def check_pouch(data, program, file, model):
    """Constant-current discharges replayed; the 1C one was not used."""
    plot = []
    for name, rate, use, colour in (("Co20", "0.62575 A", "gave the OCV", "#2ca02c"), ("Co2", "6.2503 A", "gave R", "#1f77b4"),
                                    ("1C", "12.4998 A", "held back", "#d62728")):
        d = discharge(data, name)
        got = run(program, "cell", file, "--do", f"Discharge at {rate} until 2.7 V")
        end = min(d["time_s"][-1], got["time_s"][-1])
        rows = [i for i in range(2, len(d["q"])) if 1 <= d["time_s"][i] <= end]
        gap = [1e3 * (at(d["time_s"][i], got["time_s"], got["voltage_V"]) - d["voltage_V"][i]) for i in rows]
        above = [g for g, i in zip(gap, rows) if d["q"][i] < 0.95 * model["capacity_Ah"]]
        warm = f", {got['temp_degC'][-1]:.1f} degC at the end" if name == "1C" else ""
        yield (f"discharge {name.replace('Co', 'C/')} at 25 degC", use, f"rms {rms(above):.1f} mV, max {worst(above):.1f} mV above 5 % soc; all rms {rms(gap):.1f} mV; "
               f"charge {got['time_s'][-1] / d['time_s'][-1] * 100 - 100:+.2f} %{warm}")
        plot += [(f"measured {name}", colour, [d["q"][i] for i in rows[::8]], [d["voltage_V"][i] for i in rows[::8]], True),
                 (f"model {name}", "#000" if name == "1C" else colour, [t * float(rate.split()[0]) / 3600 for t in got["time_s"]], got["voltage_V"], False)]
    svg(ROOT / "docs" / "img" / "cell-nmc-pouch-12ah.svg", "nmc-pouch-12ah: discharges at 25 degC", ("Ah", "V"), plot, 250)


def check_kokam(data, program, file, model):
    """The small cell's discharges, its charge scaled to 16 Ah."""
    plot = []
    for (rate, (x, v, amps)), colour in zip(kokam(data)[1].items(), ("#2ca02c", "#9467bd", "#d62728", "#1f77b4", "#8c564b")):
        got = run(program, "cell", file, "--do", f"Discharge at {amps:.5f} A until 2.7 V")
        q = [t * amps / 3600 / 16 for t in got["time_s"]]
        gap = [1e3 * (at(a, q, got["voltage_V"]) - b) for a, b in zip(x, v) if 0.01 < a < 0.9]
        yield (f"discharge {rate}C, 25 degC at the start", "2.7 Ah cell, " + ("gave R" if rate in "123" else "held back"),
               f"rms {rms(gap):.1f} mV, max {worst(gap):.1f} mV of 10..99 % soc; charge {100 * (q[-1] / x[-1] - 1):+.1f} %")
        plot += [(f"measured {rate}C (2.7 Ah cell)", colour, x[::1 + len(x) // 60], v[::1 + len(v) // 60], True),
                 (f"model {rate}C", colour, q, got["voltage_V"], False)]
    svg(ROOT / "docs" / "img" / "cell-nmc-kokam-16ah.svg", "nmc-kokam-16ah: discharges", ("share of the charge", "V"), plot, 190)


WORK = {"lfp-eve-280ah": (cell_280, check_280), "lfp-314ah": (cell_314, check_314), "nmc-kokam-16ah": (cell_kokam, check_kokam),
        "nmc-pouch-12ah": (cell_pouch, check_pouch)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--bmstwin", default=str(ROOT / "build" / "release" / "bin" / "bmstwin"))
    a = parser.parse_args()
    page = ROOT / "docs" / "cells.md"
    lines = "| model | what | reference | model against it |\n|---|---|---|---|\n"
    for name, (make, check) in WORK.items():
        cell = CELLS[name]
        model = model_of(name, cell, *make(a.data, cell))
        file = CELL_DIR / f"{name}.json"
        file.write_text(written(model) + "\n")
        for what, reference, result in check(a.data, a.bmstwin, str(file), model):
            lines += f"| `{name}` | {what} | {reference} | {result} |\n"
    print(lines)
    marked.replace(page, "assembled", lines)
    return 0


def rms(values):
    """Root of the mean square."""
    return math.sqrt(statistics.mean(v * v for v in values))


def worst(values):
    """The one farthest from zero, with its sign."""
    return max(values, key=abs)


if __name__ == "__main__":
    raise SystemExit(main())
