#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes models/boards/<product>.json, one file per product, from board_facts.json.

    tools/models/make_boards.py            write the files
    tools/models/make_boards.py --check    exit 1 and name the files that differ from what would be written

Every part is {"value", "tol_pct", "label", "source"}; the key carries the unit. Labels: manual (printed in the product
manual), sheet (a part's data sheet), derived (computed here from others of the same file), assumed (no public source).
"""
import argparse
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "models" / "boards"


def part(value, tol_pct, label, source):
    return {"value": value, "tol_pct": tol_pct, "label": label, "source": source}


def assumed(value, tol_pct, source="no public source; typical of the class"):
    return part(value, tol_pct, "assumed", source)


def rounded(x, digits=6):
    """A short decimal: the file is read by people."""
    return float(f"{x:.{digits}g}")


def fets_per_group(i_rated_A):
    return math.ceil(i_rated_A / (20 if i_rated_A <= 100 else 25))


def shunt_mohm(facts, i_rated_A):
    return next(r for limit, r in facts["shunt_mohm"] if i_rated_A <= limit)


def lead_mohm(facts, product):
    cable = facts["awg_mohm_per_m"][str(product["awg"])] * facts["cable_length_m"] / product["parallel_cables"]
    return cable + 2 * facts["screw_mohm"]


def switch_and_shunt(facts, product):
    i = product["i_rated_A"]
    return {
        "mosfet": facts["mosfet"]["name"],
        "n_fet_per_group": assumed(fets_per_group(i), 0, "ceil(I/20 A) up to 100 A, ceil(I/25 A) above"),
        "shunt": {"r_mohm": assumed(shunt_mohm(facts, i), 0.5), "l_nH": assumed(1.0, 30)},
    }


def thermal(facts, product):
    i = product["i_rated_A"]
    r_board_mohm = shunt_mohm(facts, i) + 2 * facts["mosfet"]["r_on_typ_mohm"] / fets_per_group(i)
    heat_W = i * i * r_board_mohm * 1e-3
    rise = facts["rise_at_rated_K"]
    return {
        "r_th_K_W": part(rounded(rise / heat_W), 20, "derived",
                         f"{rise} K at rated current: {rounded(heat_W, 4)} W in {rounded(r_board_mohm, 4)} mOhm"),
        "c_th_J_K": part(rounded(facts["heat_capacity_J_kgK"] * product["weight_g"] * 1e-3), 20, "derived",
                         f"{facts['heat_capacity_J_kgK']} J/(kg K) x {product['weight_g']} g of the manual"),
        "case_to_board_K_W": assumed(0.0, 0, "in the board's own figure"),
        "ntc_lag_s": assumed(10.0, 30, "bead on a cell, 6.5 to 12 s in still air"),
        "fet_ntc_lag_s": assumed(8.0, 30, "bead beside the MOSFETs"),
    }


def harness(facts, product):
    lead = rounded(lead_mohm(facts, product), 4)
    source = (f"{product['parallel_cables']} x AWG {product['awg']} of the manual, {facts['cable_length_m'] * 1e3:g} mm assumed, "
              f"two screws of {facts['screw_mohm']} mOhm")
    return {
        "lead_r_mohm": assumed(40.0, 20, "450 mm of AWG 22 and its contacts"),
        "b_plus_lead_r_mohm": assumed(20.0, 20),
        "b_minus_r_mohm": part(lead, 20, "derived", source),
        "p_plus_r_mohm": part(lead, 20, "derived", "same cable as B-"),
        "joint_r_mohm": assumed(0.05, 30, "busbar joint, 20 to 100 uOhm"),
        "cell_l_uH": assumed(0.05, 30),
        "cable_l_uH": assumed(0.4, 30),
    }


def fixed_parts():
    """Parts that are the same on every board of the family."""
    return {
        "leak_uS": assumed(0.1, 0, "10 MOhm insulation, the manual's minimum"),
        "snubber": {"c_nF": assumed(47.0, 10), "r_ohm": assumed(1.0, 5)},
        "clamp": {
            "fitted": True,
            "v_on_V": assumed(76.0, 5, "stands for an array: no single documented part survives 9 to 17 J"),
            "r_mohm": assumed(6.0, 20),
            "energy_limit_J": assumed(30.0, 0),
        },
        "input": {
            "r_filter_ohm": assumed(1000.0, 1),
            "r_filter_limit_W": assumed(0.125, 0),
            "c_filter_uF": assumed(0.1, 10),
            "c_limit_V": assumed(50.0, 0),
            "clamp_forward_V": assumed(0.6, 0),
            "clamp_reverse_V": assumed(30.0, 5),
            "clamp_r_ohm": assumed(5.0, 20),
            "pin_limit_mA": part(25.0, 0, "sheet", "DVC1124: at most 25 mA per C pin"),
            "balancer_fet_back_to_back": True,
            "balancer_fet_r_ohm": assumed(0.05, 20),
        },
        "supply": {
            "diode_is_A": assumed(1e-9, 0),
            "diode_n": assumed(1.8, 0),
            "diode_r_ohm": assumed(0.5, 20),
            "c_holdup_uF": assumed(47.0, 20),
            "uvlo_fall_V": assumed(8.5, 3, "works above 10 V by the manual"),
            "uvlo_rise_V": assumed(9.5, 3, "works above 10 V by the manual"),
            "reset_ms": assumed(10.0, 0),
            "awake_W": part(1.25, 0, "manual", "working power consumption <= 1.25 W"),
            "asleep_W": part(0.025, 0, "manual", "sleep <= 0.025 W"),
        },
        "gate": {"v_on_V": assumed(12.0, 5), "r_gate_ohm": assumed(51.0, 5), "delay_us": assumed(0.5, 20)},
        "precharge": {"r_ohm": assumed(47.0, 5), "energy_limit_J": assumed(14.0, 0)},
        "p_sense": {"r_top_ohm": assumed(1e6, 1), "r_bottom_ohm": assumed(1e5, 1), "filter_ms": assumed(1.0, 10)},
        "balancer": {
            "i_set_A": part(1.1, 18.1818, "manual", "balance current 1100 +- 200 mA"),
            "transfer_fraction": assumed(0.45, 5, "store and forward, one converter"),
            "efficiency": assumed(0.80, 10),
            "fixed_loss_W": assumed(0.05, 20),
        },
    }


def board(facts, product, variant):
    name = f"{product['code']}-{variant['variant']}-{product['i_rated_A']}A"
    data = {
        "bmstwin_board": 1,
        "id": name,
        "title": f"Smart active balance BMS, {variant['variant']}, {product['i_rated_A']} A, switch at the low side",
    }
    if variant["refused"]:
        data["refused"] = variant["refused"]
    data.update({
        "i_rated_A": part(product["i_rated_A"], 0, "manual", "table III.2, continuous current"),
        "strings_min": variant["strings_min"],
        "strings_max": variant["strings_max"],
        "weight_g": part(product["weight_g"], 0, "manual", "front page"),
        "afe": facts["afe"],
    })
    data.update(switch_and_shunt(facts, product))
    data.update(fixed_parts())
    data["harness"] = harness(facts, product)
    data["thermal"] = thermal(facts, product)
    return name, data


def text_of(value, indent=0):
    """JSON with one part per line."""
    pad = "  " * (indent + 1)
    if isinstance(value, dict) and "source" not in value:
        rows = [f"{pad}{json.dumps(k)}: {text_of(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + "  " * indent + "}"
    return json.dumps(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    args = parser.parse_args()
    facts = json.loads((HERE / "board_facts.json").read_text())
    differ = []
    for product in facts["family"]:
        for variant in facts["variants"]:
            name, data = board(facts, product, variant)
            path = OUT / f"{name}.json"
            text = text_of(data) + "\n"
            if args.check:
                if not path.is_file() or path.read_text() != text:
                    differ.append(path.name)
            else:
                path.write_text(text)
    for name in differ:
        print(f"{name} is not what make_boards.py writes", file=sys.stderr)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
