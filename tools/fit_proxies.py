#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Predictions of tests that a fit never saw, from slow discharge and pulses alone: a table for docs/cells.md.

    tools/fit_proxies.py DATA_DIR [--only NAME ...] [--bmstwin build/release/bin/bmstwin] [--page docs/cells.md] [--keep DIR]

DATA_DIR holds the folders ncr18650_thermal_ufsc, lgm50_wmg, stanford_lgm50t, nissan_leaf_33Ah, tum_vtc5a_nca,
panasonic_18650pf and bpx. The `dfn-` ones are made by the project's own electrochemical models.
Each line is one held-back test: rms of the voltage above 10 % soc, with the measured temperature and with the simulated one,
and the simulated minus the measured surface temperature at the end.
"""
import argparse
import csv
import pathlib
import re
import subprocess
import sys
import tempfile

import marked

ROOT = pathlib.Path(__file__).resolve().parent.parent
OREGAN2022_HEAT = (60.58, 18.83)  # J/K, K/W: volume, density, specific heat, surface and coefficient of its file


def read(path):
    with open(path, newline="") as f:
        return [{k: float(v) if v not in ("", None) and re.match(r"^[-+\d.eE]+$", v) else v for k, v in row.items()}
                for row in csv.DictReader(f)]


def write(path, rows, names=("time_s", "current_A", "voltage_V", "temp_C", "ambient_C")):
    used = [n for n in names if n in rows[0]]
    with open(path, "w") as f:
        f.write(",".join(used) + "\n")
        for r in rows:
            f.write(",".join(f"{r[n]:.7g}" for n in used) + "\n")
    return str(path)


def first_discharge(rows, ambient=None, rest_s=0.0):
    """The first discharge of a recording, with `rest_s` of what follows; the current before it is left out."""
    big = max(r["current_A"] for r in rows)
    a = next(k for k, r in enumerate(rows) if r["current_A"] > 0.5 * big)
    b = a
    while b + 1 < len(rows) and rows[b + 1]["current_A"] > 0.02 * big:
        b += 1
    end = rows[b]["time_s"] + rest_s
    out = [dict(r) for k, r in enumerate(rows) if k >= max(a - 1, 0) and (k <= b or r["time_s"] <= end)]
    if ambient is not None:
        for r in out:
            r["ambient_C"] = ambient
    return out


def ufsc(data, work):
    d = data / "ncr18650_thermal_ufsc"
    # the file's ambient column is noisy by some tenths of a degree and taken as it is
    for f in ("CDch010.0", "CDch025.0", "CDch050.0", "CDch100.0", "CDch150.0", "CDch200.0", "DPDch", "MPDch"):
        rows = read(d / f"{f}.csv")
        for r in rows:
            r["ambient_C"] = r["amb_C"]
        write(work / f"{f}.csv", rows)
    yield dict(name="NCR18650 (UFSC), pulses of 55 s, 21 degC", files=["CDch010.0.csv", "MPDch.csv@@1"],
               validate=[f"CDch{c}.csv@@1" for c in ("025.0", "050.0", "100.0", "150.0", "200.0")] + ["DPDch.csv@@1"],
               chemistry="NMC", thermal=(188.0, 13.1), mass=0.047, v=(2.5, 4.2), nameplate=3.1)


def wmg(data, work):
    d = data / "lgm50_wmg"
    write(work / "c10.csv", first_discharge(read(d / "rate_25C_0p1C.csv")))
    cell, files = "Cell1", []
    for p in read(d / "pulse_10s_3cells.csv"):
        if p["temp_C"] == 25 and p["cell"] == cell:
            files.append(p)
    segments = sorted({p["soc_pct"] for p in files}, reverse=True)
    for s in segments:
        write(work / f"pulse_{s:.0f}.csv", [p for p in files if p["soc_pct"] == s], ("time_s", "current_A", "voltage_V"))
    held = []
    for t, rates in ((25, ("0p5C", "1C", "2C")), (0, ("0p5C", "1C", "2C")), (45, ("0p5C",))):
        for c in rates:
            rows = read(d / f"rate_{t}C_{c}.csv")
            write(work / f"wmg_{t}C_{c}.csv", first_discharge(rows, rows[0]["temp_C"]))
            held.append(f"wmg_{t}C_{c}.csv@@1")
    common = dict(chemistry="NMC", thermal=(61.0, 7.6), mass=0.0685, v=(2.5, 4.2), nameplate=5, validate=held)
    yield dict(name="LG M50 (WMG), pulses of 10 s only, 25 degC",
               files=["c10.csv"] + [f"pulse_{s:.0f}.csv@25@{s / 100:g}" for s in segments], **common)


def stanford(data, work):
    for _ in wmg(data, work):
        pass
    d = data / "stanford_lgm50t"
    yield dict(name="LG M50T (Stanford) for the LG M50 of WMG, 23 degC", files=[f"{d}/c20_discharge_23C.csv@23", f"{d}/hppc_23C.csv@23@1"],
               validate=[f"wmg_{t}C_{c}.csv@@1" for t, c in ((25, "0p5C"), (25, "1C"), (25, "2C"), (0, "1C"), (45, "0p5C"))],
               chemistry="NMC", thermal=(61.0, 7.6), mass=0.0685, v=(2.5, 4.2), nameplate=5)


def leaf(data, work):
    d = data / "nissan_leaf_33Ah"
    for t in (10, 25, 40):
        rows = read(d / f"hppc_{t}C.csv")
        full = next(k for k, r in enumerate(rows) if r["voltage_V"] >= 4.199 and r["current_A"] > -6.0)
        rest = next(k for k in range(full, len(rows)) if abs(rows[k]["current_A"]) < 0.01)
        write(work / f"hppc_{t}.csv", rows[rest:])
    # OCV: the last sample of each rest of 15 min or more, over the charge counted from the first one; the C/3 steps between
    # give no slow curve, so this table replaces it
    rows, q, points = read(work / "hppc_25.csv"), 0.0, []
    start = rows[0]["time_s"]
    for a, b in zip(rows, rows[1:]):
        q += b["current_A"] * (b["time_s"] - a["time_s"]) / 3600.0
        if abs(a["current_A"]) > 0.3:
            start = b["time_s"]
        if abs(b["current_A"]) > 0.3 and b["time_s"] - start > 900.0:
            points.append((q, a["voltage_V"]))
    capacity = q
    points.append((q, 3.3))
    with open(work / "leaf_ocv.csv", "w") as f:
        f.write("soc,ocv_V\n")
        for x, v in reversed(points):
            f.write(f"{max(0.0, 1.0 - x / capacity):.5f},{v}\n")
    for c in ("1C", "2C", "3C"):
        rows = read(d / f"cell_dis_{c}.csv")
        write(work / f"leaf_{c}.csv", first_discharge(rows))
    yield dict(name="Nissan Leaf 33 Ah, OCV of the HPPC's rests, 25 degC", files=["hppc_25.csv@25@1"], ocv="leaf_ocv.csv", capacity=capacity,
               validate=["leaf_1C.csv@25@1", "leaf_2C.csv@25@1", "leaf_3C.csv@25@1", "hppc_10.csv@10@1", "hppc_40.csv@40@1"],
               chemistry="NMC", thermal=(750.0, 3.0), mass=0.787, v=(3.0, 4.2), nameplate=33)


def vtc5a(data, work):
    d = data / "tum_vtc5a_nca"
    pulses = {t: f"{d}/current_pulses_{t:+03d}C.csv@{t}@0" for t in (-10, 5, 20, 35, 50)}
    held = [pulses[t] for t in (-10, 5, 35, 50)]
    yield dict(name="VTC5A NCA, C/100 and pulses at 20 degC", files=[f"{d}/c100_dis_+20C.csv@20", f"{d}/c100_ch_+20C.csv@20", pulses[20]],
               validate=[f"{d}/chg_1C_+20C.csv@20@0"] + held, chemistry="NMC", thermal=(42.0, 11.0), mass=0.047, v=(2.5, 4.2), nameplate=2.5)


def panasonic(data, work):
    d = data / "panasonic_18650pf"
    rows, files, part = read(d / "hppc_+25C.csv"), [], []
    capacity = 2.9974  # of the C/20 test's discharge

    def close(k):
        if len(part) > 20:
            soc = 1.0 - part[0]["ah_out"] / capacity
            if soc > 0.02:
                files.append(f"{pathlib.Path(write(work / f'pana_{k}.csv', part)).name}@@{soc:.5f}")
        part.clear()
    counted = 0.0
    for k, (a, b) in enumerate(zip(rows, rows[1:])):
        counted = b["current_A"] * (b["time_s"] - a["time_s"]) / 3600.0
        # the steps of soc between the pulses are not logged
        if abs(b["ah_out"] - a["ah_out"] - counted) > 0.01:
            close(k)
        part.append(b)
    close(len(rows))
    held = []
    for f in ("dis1C_+25C_start",):
        held.append(pathlib.Path(write(work / f"{f}.csv", first_discharge(read(d / f"{f}.csv"), 25.0))).name + "@@1")
    held += [f"{d}/{f}.csv@{t}" for f, t in (("la92_+25C", 25), ("hwfet_+25C", 25), ("la92_+10C", 10), ("hwfet_+00C", 0))]
    yield dict(name="NCR18650PF, pulses of 10 s, 25 degC", files=[f"{d}/c20_ocv_+25C.csv@25"] + files, validate=held, chemistry="NMC",
               thermal=(53.0, 8.8), mass=0.047, v=(2.5, 4.2), nameplate=2.9)


def recorded(rows):
    """What a cycler keeps of a run: a sample each second, in rests one in 10 s after the first minute, and both sides of a step."""
    out, due, since = [], 0.0, 0.0
    for a, b in zip(rows, rows[1:]):
        if abs(b["current_A"] - a["current_A"]) > 1e-3:
            since, due = a["time_s"], a["time_s"] + 1.0
            out.append(a)
            continue
        while due <= b["time_s"] and b["time_s"] > a["time_s"]:
            x = (due - a["time_s"]) / (b["time_s"] - a["time_s"])
            if x >= 0.0:
                out.append({k: a[k] + x * (b[k] - a[k]) for k in ("time_s", "current_A", "voltage_V", "temp_C", "ambient_C")})
            due += 10.0 if abs(b["current_A"]) < 1e-3 and due - since > 60.0 else 1.0
    return [*out, rows[-1]]


def made(program, work, model, kind, rates, v, title, chemistry, thermal, full=100):
    """Tests of an electrochemical model, as a laboratory would record them."""
    low, high = v

    def run(name, *steps, temp=25):
        out = work / f"{name}.csv"
        command = [program, "cell", model, "--kind", kind, "--soc", str(full), "--temp", str(temp), "--out", str(out)] + (["--thermal"] if thermal else [])
        for s in steps:
            command += ["--do", s]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = read(out)
        for r in rows:
            for a, b in (("i_A", "current_A"), ("v_V", "voltage_V"), ("t_degC", "temp_C"), ("temp_degC", "temp_C")):
                if a in r:
                    r[b] = r[a]
            r["ambient_C"] = temp
        write(out, recorded(rows))
        return out.name
    slow = run("c10", f"Discharge at C/10 until {low} V")
    step = ["Discharge at C/2 for 12 minutes", "Rest for 1 hour", "Discharge at 1C for 10 seconds", "Rest for 40 seconds",
            "Charge at 0.75C for 10 seconds", "Rest for 40 seconds"]
    pulses = run("hppc", "Rest for 1 minute", *(step * 9), f"Discharge at C/2 until {low} V", "Rest for 1 hour")
    held = [run(f"dis_{c}C", f"Discharge at {c}C until {low} V") + "@@1" for c in rates]
    return dict(name=title, files=[slow, f"{pulses}@@1"], validate=held, chemistry=chemistry, thermal=thermal, mass=0.0, v=v, nameplate=0)


def run_fit(job, program, work, one=()):
    command = [program, "fit", *job["files"], "--validate", *job["validate"], "--chemistry", job["chemistry"], "--soc-floor", "0.1",
               "--v-min", str(job["v"][0]), "--v-max", str(job["v"][1]), "--out", str(work / "model.json"), "--svg",
               str(work / "residuals.svg"), "--csv", str(work / "residuals.csv"), *one]
    if job.get("thermal"):
        command += ["--heat-capacity", str(job["thermal"][0]), "--cooling", str(job["thermal"][1])]
    if job.get("mass"):
        command += ["--mass-kg", str(job["mass"])]
    if job.get("nameplate"):
        command += ["--nameplate-Ah", str(job["nameplate"])]
    if job.get("ocv"):
        command += ["--ocv-table", job["ocv"], "--capacity-Ah", f"{job['capacity']:.5g}"]
    done = subprocess.run(command, text=True, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    (work / "report.txt").write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def rows_of(text):
    """name -> [rms, max, held back, rms own, rms K, end K]"""
    head, _, _ = text.partition("\nparameters")
    head = head.partition("\nsteps (")[0]
    first, _, own = head.partition("\nwith the temperature simulated\n")
    out = {}
    for line in first.splitlines()[1:]:
        m = re.match(r"(\S+)\s+(\S.*?)\s{2,}(-?[\d.]+)\s+([\d.]+)\s+\d+\s+([\d.]+)\s+([\d.]+)(  held back)?$", line)
        if m:
            out[m[1]] = [float(m[3]), float(m[5]), m[7] is not None, None, None, None]
    for line in own.splitlines()[1:]:
        m = re.match(r"(\S+)\s+([\d.]+)\s+(\S+)\s+(\S+?)(  held back)?$", line)
        if m and m[1] in out:
            out[m[1]][3:] = [float(m[2])] + [float(x) if x != "-" else None for x in (m[3], m[4])]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--bmstwin", default=str(ROOT / "build" / "release" / "bin" / "bmstwin"))
    parser.add_argument("--page", type=pathlib.Path, help="page whose part between two <!-- proxies --> marks is replaced")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the prepared files, reports, models and plots")
    parser.add_argument("--example", type=pathlib.Path, help="page whose part between two <!-- example --> marks gets the start of the report")
    parser.add_argument("--more", nargs="*", default=[], help="further options of every fit, e.g. rc=2")
    a = parser.parse_args()
    program, data = str(pathlib.Path(a.bmstwin).resolve()), a.data.resolve()
    jobs = {
        "dfn-chen2020": lambda w: [made(program, w, "chen2020", "dfn", ("1", "1.5", "2"), (2.5, 4.2), "Chen2020, DFN, 25 degC held", "NMC", None)],
        "dfn-oregan2022": lambda w: [made(program, w, "oregan2022", "dfn", ("1", "1.5", "2"), (2.5, 4.2), "ORegan2022, DFN", "NMC", OREGAN2022_HEAT)],
        "dfn-lfp": lambda w: [made(program, w, str(data / "bpx/AboutEnergy_lfp_18650_cell_BPX.json"), "spme", ("1", "2", "3"), (2.0, 3.65), "About:Energy LFP 18650, SPMe, 25 degC held", "LFP", None, 97)],
        "dfn-nmc": lambda w: [made(program, w, str(data / "bpx/AboutEnergy_nmc_pouch_cell_BPX.json"), "dfn", ("1", "2", "3"), (2.7, 4.2), "About:Energy NMC 12 Ah, DFN, 25 degC held", "NMC", None)],
        "ufsc": lambda w: ufsc(data, w), "wmg": lambda w: wmg(data, w), "stanford": lambda w: stanford(data, w),
        "leaf": lambda w: leaf(data, w), "vtc5a": lambda w: vtc5a(data, w), "panasonic": lambda w: panasonic(data, w)}
    table = "| fitted on | held back | degC | rms, mV | rms with simulated temperature, mV | temperature at the end, K |\n|---|---|---|---|---|---|\n"
    root = a.keep or pathlib.Path(tempfile.mkdtemp())
    for name, job in jobs.items():
        if a.only and name not in a.only:
            continue
        work = root / name
        work.mkdir(parents=True, exist_ok=True)
        for j in job(work):
            for file, (degc, rms, held, own, _, end) in rows_of(run_fit(j, program, work, [f"--{x}" for x in a.more])).items():
                line = (f"| {j['name']} | {'' if held else 'fitted: '}{file} | {degc:g} | {rms:.1f} | " +
                        (f"{own:.1f}" if own is not None else "") + " | " + (f"{end:+.1f}" if end is not None else "") + " |\n")
                if held:
                    table += line
                print(line, end="", flush=True)
            if a.example:
                text, _, rest = (work / "report.txt").read_text().partition("\nparameters (standard uncertainty)\n")
                some = [x for x in rest.splitlines() if re.match(r"\s+(R\d\(soc=0.[05]0|tau|dU/dT|ohmic part|temperature dep)", x)]
                lines = [*text.splitlines(), "", "parameters (standard uncertainty; some of them)", *some]
                marked.replace(a.example, "example", "".join(f"    {x}".rstrip() + "\n" for x in lines))
    if a.page:
        marked.replace(a.page, "proxies", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
