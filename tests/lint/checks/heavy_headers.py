# SPDX-License-Identifier: Apache-2.0
"""Heavy libraries stay out of headers, and each in the room that it is for."""
from source import CPP, Finding, includes, is_header

# prefix of an include -> folders that may use it in a .cpp
HOMES = {
    "nlohmann/": ["src/io/", "tests/"],
    "spdlog/": ["src/cli/", "src/link/"],
    "CLI/": ["src/cli/"],
    "pybind11/": ["bindings/python/"],
    "boost/numeric/odeint": ["tests/", "src/cell/"],
    "Eigen/": ["src/study/", "src/cell/", "tests/", "benchmarks/"],
    "doctest/": ["tests/"],
    "benchmark/": ["benchmarks/"],
}
# bindings and tests are leaves: nobody builds against their headers
LEAVES = ("tests/", "bindings/")


def check(tree):
    """All findings."""
    for path in tree.glob(*CPP):
        for line, name, _ in includes(tree.read(path)):
            for prefix, homes in HOMES.items():
                if not name.startswith(prefix):
                    continue
                if not path.startswith(tuple(homes)):
                    yield Finding(path, line, f"<{name}> belongs to {', '.join(homes)} only")
                elif is_header(path) and not path.startswith(LEAVES):
                    yield Finding(path, line, f"<{name}> in a header makes every includer pay; keep it in the .cpp")


RED = {
    "json in sim": {"src/sim/a.cpp": "#include <nlohmann/json.hpp>\n"},
    "json in a header of io": {"src/io/a.hpp": "#include <nlohmann/json.hpp>\n"},
    "spdlog in a library": {"src/api/a.cpp": "#include <spdlog/spdlog.h>\n"},
    "pybind11 in api": {"src/api/a.cpp": "#include <pybind11/pybind11.h>\n"},
    "odeint in a header": {"src/cell/a.hpp": "#include <boost/numeric/odeint.hpp>\n"},
}
GREEN = {
    "at home": {"src/io/a.cpp": "#include <nlohmann/json.hpp>\n", "src/cli/a.cpp": "#include <CLI/CLI.hpp>\n",
                "bindings/python/a.cpp": "#include <pybind11/numpy.h>\n",
                "tests/unit/io/a.cpp": "#include <nlohmann/json.hpp>\n#include <doctest/doctest.h>\n"},
}
