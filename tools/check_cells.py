#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the three cells made from tables (tools/models/make_cells.py) against other cells and sheets, and the cheap models
against the accurate ones: two tables in docs/cells.md and three plots.

    tools/check_cells.py DATA_DIR [--bmstwin build/release/bin/bmstwin]
"""
import argparse
import csv
import json
import pathlib

import marked
from assemble_cells import CELL_DIR, ROOT, at, big_ocv, cell_pouch, CELLS, rms, run, svg, table, worst

SOURCES = CELL_DIR / "data"
PAIRS = [("nmc-lgm50", "chen2020", "the same cell type, other specimens"), ("nmc-lgm50", "okane2022", "the same cell type, other specimens"),
         ("lfp-a123-26650", "prada2013", "the same cell type; the set is weak on the plateau and at the end"),
         ("lto-20ah", "lto-nmc-20ah", "both assembled from the same facts")]


def model(name):
    return json.loads((CELL_DIR / f"{name}.json").read_text())


def ocv_of(m, soc, side=0):
    """OCV, with side -1 and +1 after a discharge and a charge."""
    v = at(soc, m["ocv"]["soc"], m["ocv"]["v_V"])
    return v + side * 1e-3 * at(soc, m["hysteresis"]["soc"], m["hysteresis"]["m_mV"])


def pulse_mohm(program, name, soc, temp, amps):
    """What 10 s of current show, of a cell that was discharged to that charge."""
    history = ["--hysteresis", "-1"] if any(model(name)["hysteresis"]["m_mV"]) else []
    got = run(program, "cell", name, "--soc", str(soc), "--temp", str(temp), *history, "--do", "Rest for 1 s", "--do",
              f"Discharge at {amps} A for 10 s")
    slope = ocv_of(model(name), soc / 100, -1) - ocv_of(model(name), soc / 100 - amps * 10 / 3600 / model(name)["capacity_Ah"], -1)
    return 1e3 * (got["voltage_V"][0] - slope - got["voltage_V"][-1]) / amps


def check_lfp(data, program):
    m, name = model("lfp-100ah"), "lfp-100ah"
    soc, v = big_ocv(data)
    inside = [(s, x) for s, x in zip(soc, v) if 0.2 <= s <= 0.95]
    for side, what in ((-1, "OCV after a discharge, 20..95 %"), (0, "mean OCV, 20..95 %")):
        gap = [1e3 * (ocv_of(m, s, side) - x) for s, x in inside]
        yield what, "314 Ah cell after 1 h, 25 degC: another cell", f"rms {rms(gap):.1f} mV, max {worst(gap):.1f} mV"
    fit = table(data / "derived_by_us" / "lfp314Ah_eis_3rc_fit.csv")
    by_t = {t: [r for a, s, r in zip(fit["temp_or_set"], fit["soc_pct"], fit["R_10s_mOhm"]) if (a, s) == (t, 50)][0] * 3.14 for t in (20, 25, 30)}
    own = {t: pulse_mohm(program, name, 50, t, 100) for t in by_t}
    yield ("drop over 10 s at 50 %, 20, 25, 30 degC", "314 Ah cell's spectra, by capacity: " + ", ".join(f"{r:.2f}" for r in by_t.values()) + " mOhm",
           ", ".join(f"{own[t]:.2f}" for t in by_t) + " mOhm")
    cold = a123(data)
    ratio = {t: pulse_mohm(program, name, 50, t, 20) / pulse_mohm(program, name, 50, 25, 20) for t in cold}
    yield ("resistance over that at 25 degC: " + ", ".join(f"{t:g}" for t in cold) + " degC", "A123 26650 over 1 s (gave the cold): " +
           ", ".join(f"{r / cold[25]:.2f}" for r in cold.values()), ", ".join(f"{r:.2f}" for r in ratio.values()))
    grid = [k / 200 for k in range(201)]
    svg(ROOT / "docs" / "img" / "cell-lfp-100ah.svg", "lfp-100ah: OCV at 25 degC", ("soc", "V"),
        [("314 Ah cell after 1 h", "#1f77b4", [p[0] for p in inside], [p[1] for p in inside], True),
         ("model after a discharge", "#d62728", grid[4:196], [ocv_of(m, s, -1) for s in grid[4:196]], False),
         ("model after a charge", "#2ca02c", grid[4:196], [ocv_of(m, s, 1) for s in grid[4:196]], False)])


def a123(data):
    rows = csv.DictReader((data / "derived_by_us" / "R_1s_vs_temp.csv").open())
    return {float(r["temp_C"]): float(r["R_1s_median_mOhm"]) for r in rows if r["dataset"] == "a123_esc"}


def sheet_94():
    """Resistance (mOhm) of the source's table at 50 % and 1C, mean of both directions as in the model, over degC."""
    rows = list(csv.DictReader((SOURCES / "NMC_Samsung_LabTest_cell_00_Ri.csv").open()))
    half = next(r for r in rows if float(r["SOC"]) == 0.5)
    plain = {key.replace(" ", ""): value for key, value in half.items()}
    return {round(t - 273.15): (float(plain[f"R_Ch(T={t}K,1C)"]) + float(plain[f"R_DCh(T={t}K,1C)"])) / 2
            for t in (278.15, 288.15, 298.15, 308.15)}


def check_nmc(data, program):
    m, name = model("nmc-94ah"), "nmc-94ah"
    meant = sheet_94()
    own = {t: pulse_mohm(program, name, 50, t, 94) for t in meant}
    text = ", ".join(str(t) for t in meant)
    yield (f"drop over 10 s at 50 %, 1C, {text} degC", "the table's, measured (gave R): " + ", ".join(f"{r:.2f}" for r in meant.values()) + " mOhm",
           ", ".join(f"{own[t]:.2f}" for t in meant) + " mOhm")
    (soc, ocv), knots, maps = cell_pouch(data, dict(CELLS["nmc-pouch-12ah"]))
    grid = [k / 100 for k in range(10, 96)]
    gap = [1e3 * (ocv_of(m, s, -1) - at(s, soc, ocv)) for s in grid]
    yield "OCV after a discharge, 10..95 %", "12.5 Ah NMC111 pouch: another cell and window", f"rms {rms(gap):.1f} mV, max {worst(gap):.1f} mV"
    pouch = pulse_mohm(program, "nmc-pouch-12ah", 50, 25, 12.5) * 12.5 / 94
    yield "drop over 10 s at 50 %, 25 degC", f"the same pouch by capacity: {pouch:.2f} mOhm", f"{pulse_mohm(program, name, 50, 25, 94):.2f} mOhm"
    temps = list(range(0, 46, 3))
    svg(ROOT / "docs" / "img" / "cell-nmc-94ah.svg", "nmc-94ah: drop over 10 s at 50 % and 1C", ("degC", "mOhm"),
        [("measured table", "#1f77b4", list(meant), list(meant.values()), True),
         ("model", "#d62728", temps, [pulse_mohm(program, name, 50, t, 94) for t in temps], False)])


def check_lto(data, program):
    m, name = model("lto-20ah"), "lto-20ah"
    folder = data / "lto_full_cell_ocv_tables"
    sheet, other = table(folder / "gree_yinlong_LTO_datasheet_25C.csv"), table(folder / "lto_bms_firmware_table.csv")
    # the sheet's 0 and 100 % are 1 and 99 % of the model's window
    for what, t, use in (("data sheet (gave the OCV)", sheet, "all"), ("table of a BMS: another maker", other, "10..90 %")):
        rows = [(0.01 + 0.0098 * s, v) for s, v in zip(t["soc_pct"], t["ocv_V"]) if use == "all" or 10 <= s <= 90]
        gap = [1e3 * (ocv_of(m, s) - v) for s, v in rows]
        yield f"OCV, {use}", what, f"rms {rms(gap):.1f} mV, max {worst(gap):.1f} mV"
    got = run(program, "cell", name, "--soc", "50", "--do", "Discharge at 1200 W for 10 s")
    yield "voltage after 10 s of 1200 W at 50 %, 25 degC", "SCiB 20 Ah sheet: at least 1.5 V (gave R)", f"{got['voltage_V'][-1]:.2f} V"
    r23 = 1e3 * 1.5 * (ocv_of(m, 0.5) - 1.5) / 1000 * 23 / 20
    yield "drop over 10 s at 50 %, 25 degC", f"SCiB 23 Ah sheet (1000 W), by capacity: {r23:.2f} mOhm", f"{pulse_mohm(program, name, 50, 25, 100):.2f} mOhm"
    svg(ROOT / "docs" / "img" / "cell-lto-20ah.svg", "lto-20ah: OCV at 25 degC", ("soc", "V"),
        [("data sheet", "#1f77b4", [0.01 + 0.0098 * s for s in sheet["soc_pct"]], sheet["ocv_V"], True),
         ("table of a BMS", "#2ca02c", [0.01 + 0.0098 * s for s in other["soc_pct"]], other["ocv_V"], True),
         ("model", "#d62728", [k / 100 for k in range(101)], [ocv_of(m, k / 100) for k in range(101)], False)])


def discharge(program, name, rate, kind, low):
    """Share of the charge at 1 % steps, and V, of a discharge from full."""
    got = run(program, "cell", name, "--kind", kind, "--do", f"Discharge at {rate}C until {low} V")
    end = got["time_s"][-1]
    return end * rate / 3600, got["time_s"], got["voltage_V"]


def pairs(program):
    for cheap, fine, why in PAIRS:
        low = model(cheap)["v_min_V"]
        text = []
        for rate in (0.5, 1, 2):
            a, b = discharge(program, cheap, rate, "ecm", low), discharge(program, fine, rate, "dfn", low)
            # over the charge in nameplate capacities; what both deliver but the last tenth
            until = 0.9 * min(a[1][-1], b[1][-1])
            grid = [10 + k * (until - 10) / 400 for k in range(401)]
            gap = [1e3 * (at(t, a[1], a[2]) - at(t, b[1], b[2])) for t in grid]
            text.append(f"{rms(gap):.0f} mV, charge {100 * (a[0] / b[0] - 1):+.1f} %")
        yield cheap, fine, *text, why


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--bmstwin", default=str(ROOT / "build" / "release" / "bin" / "bmstwin"))
    a = parser.parse_args()
    page = ROOT / "docs" / "cells.md"
    lines = "| model | what | reference | model against it |\n|---|---|---|---|\n"
    for name, check in (("lfp-100ah", check_lfp), ("nmc-94ah", check_nmc), ("lto-20ah", check_lto)):
        for what, reference, result in check(a.data, a.bmstwin):
            lines += f"| `{name}` | {what} | {reference} | {result} |\n"
    both = "| cheap | accurate (DFN) | C/2 | 1C | 2C | |\n|---|---|---|---|---|---|\n"
    for row in pairs(a.bmstwin):
        both += f"| `{row[0]}` | `{row[1]}` | {' | '.join(row[2:5])} | {row[5]} |\n"
    print(lines + both)
    marked.replace(page, "tables", lines)
    marked.replace(page, "pairs", both)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
