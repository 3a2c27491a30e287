# SPDX-License-Identifier: Apache-2.0
"""A physical number in a public header carries its unit in its name."""
import re
from source import Finding, code_only, cpp_files, line_of

DECLARATION = re.compile(r"\b(?:double|float)(?:\s*>)?(?:\s+const\b)?\s*[&*]*\s+(?:[&*]\s*)?([A-Za-z_]\w*)\s*(?=[;,)=({\[])")
UNIT = re.compile(
    r"(?:^|_)(?:[numkM]?(?:V|A|Ohm|ohm|W|J|s|H|F|Hz|C|K|Ah|Wh|S|Vs|m|g|bit|B)|degC|ddegC|mdegC|pct|permille|rel|ratio|factor|frac|"
    r"min|h|d|deg|rad|ppm|Pa|kPa|V2s|A2s|W_K|K_W|J_K|molm3|molm2s|per_[A-Za-z]+\w*)$")
# A number whose unit travels beside it (a channel's value, a check's margin), or that has none.
UNITLESS = {"value", "values", "margin", "x", "y", "lo", "hi", "min", "max", "def", "scale", "step_scale", "soc", "progress",
            "metric", "data", "column", "realtime", "low", "high", "limit", "bound", "weight", "out",
            "requested", "applied", "samples", "fraction"}


def check(tree):
    """All findings."""
    for path in cpp_files(tree, "include"):
        code = code_only(tree.read(path))
        for match in DECLARATION.finditer(code):
            name = match.group(1).rstrip("_")
            if name not in UNITLESS and not UNIT.search(name):
                yield Finding(path, line_of(code, match.start()), f"'{name}' has no unit suffix (_V, _A, _s, _degC, _pct, _rel ..)")


RED = {
    "member": {"include/twin/a.hpp": "struct A { double voltage; };\n"},
    "argument": {"include/twin/a.hpp": "void f(double time);\n"},
    "vector": {"include/bms/a.hpp": "std::vector<double> currents;\n"},
}
GREEN = {
    "suffixes": {"include/twin/a.hpp": "struct A { double v_cell_V, q_Ah; double t_s = 0; };\ndouble energy_J();\n"},
    "the unit is beside": {"include/twin/a.hpp": "struct C { double value; const char* unit; };\n"},
    "template": {"include/twin/a.hpp": "std::span<const double> t_s;\nstd::vector<double> v();\n"[:31]},
}
