#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the measured cells of the library from a folder of data: model files, residual plots and docs/cells.md.

    tools/fit_cells.py DATA_DIR [--bmstwin build/release/bin/bmstwin]

DATA_DIR holds the folders a123_esc, lfp_1p2Ah_hysteresis_soc, stanford_lgm50t and panasonic_18650pf: CSV files with time_s, current_A (+ discharge),
voltage_V and temp_C. Only the fitted figures go into the project, never the data.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import marked

ROOT = pathlib.Path(__file__).resolve().parent.parent

A123, LGM50, NCR, LFP18650 = "a123_esc/", "stanford_lgm50t/", "panasonic_18650pf/", "lfp_1p2Ah_hysteresis_soc/"
CELLS = [
    dict(id="lfp-a123-26650", title="A123 ANR26650M1, LFP/graphite, 2.06 Ah", chemistry="LFP",
         # charged less than the others (10 mV less at rest before the test, 24 mAh less counted to empty): 98.7 %
         files=[f"{A123}dyn_{t}C_script1.csv@{float(t):g}{'@0.987' if t in ('-25', '+25') else ''}"
                for t in ("-25", "-15", "+15", "+25", "+45")], validate=[],
         ocv=f"{A123}ocv_table_by_temp.csv", capacity=2.04, ocv_capacity=2.0725, leave_out=("-15", "+15", "+25"), nameplate=2.3, mass=0.076, v=(2.0, 3.6), thermal=(76, 8.0),
         source="own fit to UDDS-based tests at -25..45 degC and C/30 tests; data: G. Plett, Battery Management Systems vol. 1 "
                "(CC BY-NC-SA, not copied)"),
    dict(id="lfp-18650-1ah2", title="18650 LFP/graphite, 1.2 Ah", chemistry="LFP", files=[f"{LFP18650}with_cc_25C.csv@25"], validate=[],
         ocv=f"{LFP18650}ocv_charge_discharge.csv", capacity=1.198, columns="soc=soc_true", split_s=14000, nameplate=1.2, mass=0.039,
         v=(2.0, 3.6), thermal=None,
         source="own fit to a drive cycle of 80..20..80 % soc and the OCV of charge and discharge at 25 degC; data: "
                "github.com/terencetaothucb/LFP-SOC-Estimation-Fisher-Information-Fusion (MIT)"),
    dict(id="nmc-lgm50", rc=3, title="LG INR21700-M50T, NMC811/graphite-SiOx, 4.88 Ah", chemistry="NMC",
         files=[f"{LGM50}c20_discharge_23C.csv@23", f"{LGM50}hppc_23C.csv@23@1"], validate=[], ocv=None, capacity=0, nameplate=5,
         mass=0.0685, v=(2.5, 4.2), thermal=(66, 9.0),
         source="own fit to C/20 and HPPC at 23 degC; data: Pozzato, Allam, Onori 2022, doi:10.1016/j.dib.2022.107995 (repository MIT)"),
    dict(id="nca-ncr18650pf", rc=3, title="Panasonic NCR18650PF, NCA/graphite, 2.9 Ah", chemistry="NMC",
         files=[f"{NCR}c20_ocv_+25C.csv"] + [f"{NCR}{c}_{t}C.csv@{float(t):g}" for t in ("+25", "+10", "+00", "-10")
                                            for c in ("hwfet", "la92")],
         validate=[f"{NCR}udds_{t}C.csv@{float(t):g}" for t in ("+00", "-10")], ocv=None, capacity=0, nameplate=2.9, mass=0.047, v=(2.5, 4.2),
         thermal=None,
         source="own fit to C/20, HWFET and LA92 at -10..25 degC; data: P. Kollmeyer 2018, doi:10.17632/wykht8y7tg (CC BY 4.0)"),
]


def fit(cell, data, program, without=None):
    """Runs one fit; returns its printed report. `without`: the one file that is held back, and no model is written."""
    def place(f):
        return str(data / f)
    model = ROOT / "models" / "cells" / f"{cell['id']}.json"
    files = [f for f in cell["files"] if f != without]
    command = [program, "fit", *map(place, files), "--id", cell["id"], "--title", cell["title"], "--chemistry",
               cell["chemistry"], "--nameplate-Ah", str(cell["nameplate"]), "--mass-kg", str(cell["mass"]), "--v-min",
               str(cell["v"][0]), "--v-max", str(cell["v"][1]), "--source", cell["source"], "--rc", str(cell.get("rc", 2))]
    if cell["thermal"]:
        command += ["--heat-capacity", str(cell["thermal"][0]), "--cooling", str(cell["thermal"][1])]
    if without is None:
        command += ["--out", str(model), "--svg", str(ROOT / "docs" / "img" / f"fit-{cell['id']}.svg")]
    held = [without] if without else cell["validate"]
    if held:
        command += ["--validate", *map(place, held)]
    if cell["ocv"]:
        command += ["--ocv-table", place(cell["ocv"]), "--capacity-Ah", str(cell["capacity"])]
    if cell.get("columns"):
        command += ["--columns", cell["columns"]]
    if cell.get("ocv_capacity"):
        command += ["--ocv-capacity-Ah", str(cell["ocv_capacity"])]
    text = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    if without is not None:
        return text
    # the path of the data is this machine's affair
    model.write_text(model.read_text().replace(str(data) + "/", ""))
    return text


def rows(text):
    """(file, kind, temperature, rms, max, held back) of each file in a report."""
    for line in text.split("\nparameters")[0].splitlines()[1:]:
        m = re.match(r"(\S+)\s+(\S.*?)\s{2,}(-?[\d.]+)\s+[\d.]+\s+\d+\s+([\d.]+)\s+([\d.]+)(  held back)?$", line)
        if m:
            yield m.groups()


def table_of(cell, text):
    """One row of the page per file of a cell."""
    return "".join(f"| `{cell['id']}` | {name} | {temp} | {'held back' if held else 'fitted'} | {rms} | {most} |\n"
                   for name, kind, temp, rms, most, held in rows(text))


def thermal_of(cell, text):
    """One row per file whose temperature was simulated too."""
    part = text.split("with the temperature simulated\n")
    if len(part) < 2:
        return ""
    found = re.findall(r"^(\S+)\s+([\d.]+)\s+([\d.]+)\s+([-+][\d.]+)(  held back)?$", part[1].split("\nparameters")[0], re.M)
    return "".join(f"| `{cell['id']}` | {name} | {'held back' if held else 'fitted'} | {rms} | {kelvin} | {end} |\n"
                   for name, rms, kelvin, end, held in found)


def split(cell, data, program):
    """Row of the end of a cell's only file, by a model fitted to its beginning."""
    lines = (data / cell["files"][0].split("@")[0]).read_text().splitlines(True)
    late = [float(x.split(",")[0]) > cell["split_s"] for x in lines[1:]]
    with tempfile.TemporaryDirectory() as folder:
        begin, end = pathlib.Path(folder) / "begin.csv", pathlib.Path(folder) / f"after {cell['split_s']} s"
        begin.write_text(lines[0] + "".join(x for x, is_late in zip(lines[1:], late) if not is_late))
        end.write_text(lines[0] + "".join(x for x, is_late in zip(lines[1:], late) if is_late))
        parts = dict(cell, files=[f"{begin}@25", f"{end}@25"])
        for line in fit(parts, data, program, f"{end}@25").split("\nparameters")[0].splitlines():
            if line.endswith("held back") and (m := re.search(r"([\d.]+)\s+([\d.]+)  held back$", line)):
                yield f"| `{cell['id']}` | {end.name} | 25.0 | left out | {m[1]} | {m[2]} |\n"


def left_out(cell, data, program):
    """Rows of the files that are left out of the fit one by one."""
    if cell.get("split_s"):
        yield from split(cell, data, program)
    for temp in cell.get("leave_out", ()):
        (held,) = [f for f in cell["files"] if f"_{temp}C_" in f]
        for name, kind, degc, rms, most, out in rows(fit(cell, data, program, held)):
            if out:
                yield f"| `{cell['id']}` | {name} | {degc} | left out | {rms} | {most} |\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--bmstwin", default=str(ROOT / "build" / "release" / "bin" / "bmstwin"))
    parser.add_argument("--only", nargs="*", default=[], help="ids; the rows of the others stay")
    a = parser.parse_args()
    page = ROOT / "docs" / "cells.md"
    before = marked.parts(page, "table")
    table = "| model | file | degC | use | rms, mV | max, mV |\n|---|---|---|---|---|---|\n"
    heat = "| model | file | use | voltage rms, mV | temperature rms, K | at the end, K |\n|---|---|---|---|---|---|\n"
    for cell in CELLS:
        if a.only and cell["id"] not in a.only:
            kept = [[x for x in p.splitlines(True) if x.startswith(f"| `{cell['id']}`")] for p in before]
            table, heat = table + "".join(kept[0]), heat + "".join(kept[1])
            continue
        text = fit(cell, a.data, a.bmstwin)
        heat += thermal_of(cell, text)
        table += table_of(cell, text) + "".join(left_out(cell, a.data, a.bmstwin))
    marked.replace(page, "table", table, heat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
