# SPDX-License-Identifier: Apache-2.0
"""`bmstwin run`: evidence, exit codes, selection, repeatability."""
import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from conftest import BINARY

KEYS = ("id title verdict verdicts passed expect metrics ledger hash core_hash sim_time_s damage applied warnings versions "
        "host").split()


def without_host(text):
    data = json.loads(text)
    del data["host"]
    return json.dumps(data)


def test_evidence_is_complete(command):
    command.scenario()
    done = command("run", "calm.scenario.json")
    assert re.search(r"pass\s+calm", done.stdout) and "1 passed, 0 failed" in done.stdout
    folder = command.folder / "bmstwin-out" / "calm"
    summary = command.summary()
    for key in KEYS:
        assert key in summary, key
    assert summary["id"] == "calm" and summary["passed"] is True and summary["sim_time_s"] == 0.5
    assert summary["verdicts"] == {"pack": summary["verdict"]}
    check = summary["expect"][0]
    assert check["id"] == "cells" and check["passed"] and not check["skipped"] and not check["vacuous"]
    assert check["unit"] == "V" and abs(check["value"] + check["margin"] - 3.65) < 1e-12 and check["margin"] > 0
    assert {"finite", "ledger", "no_damage", "valid_range"} <= {c["id"] for c in summary["expect"]}
    assert abs(summary["ledger"]["energy_residual_rel"]) <= 1e-6
    assert abs(summary["ledger"]["charge_residual_rel"]) <= 1e-9
    assert re.fullmatch(r"[0-9a-f]{16}", summary["hash"]) and re.fullmatch(r"[0-9a-f]{16}", summary["core_hash"]["pack"])
    assert set(summary["host"]) >= {"wall_time_s", "realtime_factor", "machine"}
    assert summary["scenario"]["duration_s"] == 0.5
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert any(e["source"] == "more" and e["t_s"] == 0.3 for e in events)
    assert [e["t_s"] for e in events] == sorted(e["t_s"] for e in events)
    rows = list(csv.DictReader((folder / "trace.csv").open()))
    assert float(rows[0]["t_s"]) == 0 and float(rows[-1]["t_s"]) == 0.5
    assert all(re.search(r"_[A-Za-z]+$|^hw\.|^bms\.", name) for name in rows[0])
    html = (command.folder / "bmstwin-out" / "report.html").read_text()
    assert "calm" in html and "http://" not in html and "https://" not in html
    assert not list(command.folder.rglob("*.tmp"))


def test_equal_to_the_byte_outside_host(command):
    command.scenario()
    command("run", "calm.scenario.json", "--out", "a")
    command("run", "calm.scenario.json", "--out", "b", "--jobs", "2")
    for name in ("events.jsonl", "trace.csv"):
        assert (command.folder / "a/calm" / name).read_bytes() == (command.folder / "b/calm" / name).read_bytes()
    a, b = ((command.folder / x / "calm/summary.json").read_text() for x in "ab")
    assert without_host(a) == without_host(b)
    assert a[: a.index('"host"')] == b[: b.index('"host"')]


def test_a_different_seed_or_load_is_a_different_hash(command):
    command.scenario(pack={"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6, "spread": {"capacity_pct": 1}})
    hashes = []
    for arguments in ([], ["--seed", "9"], ["--set", "/load/cc_A=21"], ["--step-scale", "0.5"]):
        command("run", "calm.scenario.json", *arguments)
        hashes.append(command.summary()["hash"])
    assert len(set(hashes)) == 4
    command("run", "calm.scenario.json", "--seed", "9")
    assert command.summary()["hash"] == hashes[1] and command.summary()["seed"] == 9


def test_failed_expectation_is_1_with_margin(command):
    command.scenario(expect=[{"id": "low", "always": "truth.cell.v_max_V <= 2.0"}, {"id": "ok", "always": "truth.cell.v_max_V <= 4.0"}])
    done = command("run", ".", "--junit", "j/junit.xml", "--html", "j/r.html", code=1)
    assert re.search(r"FAIL\s+calm", done.stdout) and "low" in done.stdout and "0 passed, 1 failed" in done.stdout
    assert command.summary()["passed"] is False and command.summary()["expect"][0]["margin"] < -1
    case = ElementTree.parse(command.folder / "j/junit.xml").find(".//testcase")
    assert case.get("name") == "calm" and case.find("failure") is not None and case.find("error") is None
    assert "low" in (command.folder / "j/r.html").read_text()


def test_order_of_output_is_stable_under_jobs(command):
    for k, duration in enumerate((0.5, 0.1, 0.3, 0.05)):
        command.scenario(f"s{k}", id=f"s{k}", duration_s=duration, events=None)
    ids = []
    for jobs in (1, 3):
        done = command("run", ".", "--jobs", jobs)
        ids.append(re.findall(r"^pass\s+(\S+)", done.stdout, re.M))
    assert ids[0] == ids[1] == ["s0", "s1", "s2", "s3"]


def test_selection(command):
    command.scenario("sub/a", id="alpha", tags=["one"])
    command.scenario("b", id="beta", tags=["two"])
    assert "alpha" in command("list", ".").stdout and "beta" in command("list", ".").stdout
    assert "beta" not in command("list", ".", "--tag", "one").stdout
    assert "alpha" not in command("list", ".", "--filter", "b*").stdout
    command("run", ".", "--filter", "be?a")
    assert not (command.folder / "bmstwin-out/alpha").exists() and (command.folder / "bmstwin-out/beta").exists()
    done = command("run", ".", "--tag", "tow", "--out", "none", code=2)
    assert "two" in done.stderr and not (command.folder / "none").exists()


def test_repeat(command):
    command.scenario(duration_s=0.1, events=None)
    assert "each run 3 times" in command("run", ".", "--repeat", "3").stdout


def test_fail_fast(command):
    for k in range(3):
        limit = 2.0 if k == 0 else 4.0
        command.scenario(f"s{k}", id=f"s{k}", duration_s=0.05, events=None, expect=[{"always": f"truth.cell.v_max_V <= {limit}"}])
    assert "1 failed, 2 not run" in command("run", ".", "--fail-fast", code=1).stdout
    assert "2 passed, 1 failed" in command("run", ".", code=1).stdout


def test_quiet_prints_nothing(command):
    command.scenario(duration_s=0.05, events=None)
    done = command("run", ".", "--quiet")
    assert done.stdout == "" and done.stderr == ""


def test_no_check_left_fails(command):
    command.scenario(expect=[{"id": "theirs", "always": "bms.no_such_signal <= 1"}])
    command("run", ".", code=1)
    summary = command.summary()
    assert summary["expect"][0]["skipped"] is True and summary["passed"] is False


def on_a_terminal(arguments, folder, env):
    """Runs the command on a pseudo terminal; returns what it drew and its exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        for name in ("CI", "NO_COLOR"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm", **env})
        os.execv(BINARY, [BINARY, *arguments])
    drawn = b""
    while select.select([fd], [], [], 120)[0]:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        drawn += piece
    return drawn.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_terminal_progress_colour_and_ci(command):
    command.scenario()
    drawn, code = on_a_terminal(["run", "."], command.folder, {})
    assert code == 0 and "\r" in drawn and "0/1" in drawn and "\x1b[32m" in drawn
    drawn, _ = on_a_terminal(["run", "."], command.folder, {"NO_COLOR": "1"})
    assert "0/1" in drawn and "\x1b[3" not in drawn
    drawn, _ = on_a_terminal(["run", "."], command.folder, {"CI": "true"})
    assert "0/1" not in drawn


def test_interrupt_keeps_what_is_finished(command):
    command.scenario("a", id="a", duration_s=0.05, events=None)
    command.scenario("b", id="b", duration_s=400_000, events=None)
    process = subprocess.Popen([BINARY, "run", "."], cwd=command.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (command.folder / "bmstwin-out/a/summary.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads((command.folder / "bmstwin-out/a/summary.json").read_text())["passed"] is True
    assert not list(command.folder.rglob("*.tmp"))
