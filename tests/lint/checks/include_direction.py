# SPDX-License-Identifier: Apache-2.0
"""Rooms include in one direction; the core sees only include/bms; the command sees only include/twin."""
from source import Finding, cpp_files, includes, room_of

# The same table as cmake/Rooms.cmake.
USES = {
    "base": [], "cell": ["base"], "net": ["base"], "afe": ["base"], "power": ["cell", "net", "afe"],
    "board": ["power"], "scenario": ["board"], "sim": ["scenario"], "io": ["sim"], "batch": ["sim"],
    "study": ["io", "batch"], "api": ["study"], "link": ["api"], "cli": ["api"], "core": [],
}
# Rooms that may see the core's headers: those from the board on. The AFE is never among them.
SEES_BMS = {"core", "board", "scenario", "sim", "io", "batch", "study", "api", "link", "cli"}
SEES_TWIN = {"api", "link", "cli"}
# Plain public types (errors, results) that the rooms below the API fill in.
PLAIN_TYPES = {"twin/types.hpp", "twin/result.hpp", "twin/scenario.hpp", "twin/fit.hpp"}
FILLS_PLAIN_TYPES = {"scenario", "sim", "io", "batch", "study"}
PUBLIC_ONLY = {"cli", "link"}
CORE_STD = {"cstdint", "cstddef", "cstring", "array", "bit", "limits", "span", "type_traits", "utility", "concepts",
            "stdint.h", "stddef.h", "string.h", "algorithm", "new", "initializer_list", "climits", "cmath"}


def closure(room):
    """All rooms that a room may include."""
    seen, todo = {room}, [room]
    while todo:
        for used in USES[todo.pop()]:
            if used not in seen:
                seen.add(used)
                todo.append(used)
    return seen


def check_source(path, text):
    """Findings of one file under src/."""
    room = room_of(path)
    if room is None:
        return
    if room not in USES:
        yield Finding(path, 0, f"unknown room '{room}'; rooms are {', '.join(sorted(USES))}")
        return
    allowed = {room} if room in PUBLIC_ONLY else closure(room)
    for line, name, quoted in includes(text):
        first = name.split("/")[0]
        if name.startswith(".") or "/../" in name:
            yield Finding(path, line, f'"{name}": include from the root src/, not by a relative path')
        elif first == "bms":
            if room not in SEES_BMS:
                yield Finding(path, line, f"<{name}>: {room} does not see the control core")
        elif first == "twin":
            error_type = name == "twin/error.hpp" and room != "core"    # every room of the host may refuse bad input
            if room not in SEES_TWIN and not error_type and not (room in FILLS_PLAIN_TYPES and name in PLAIN_TYPES):
                yield Finding(path, line, f"<{name}>: {room} does not see the public API, it is below it")
        elif first in USES:
            if first not in allowed:
                yield Finding(path, line, f'"{name}": {room} may include only {", ".join(sorted(allowed))}')
        elif room == "core" and name not in CORE_STD:
            yield Finding(path, line, f"<{name}>: not on the control core's list of standard headers")
        elif quoted and "/" not in name:
            yield Finding(path, line, f'"{name}": name the room, "{room}/{name}"')


def check_public(path, text):
    """Findings of one installed header: it stands on its own."""
    for line, name, _ in includes(text):
        first = name.split("/")[0]
        if path.startswith("include/bms/") and (name not in CORE_STD and first != "bms"):
            yield Finding(path, line, f"<{name}>: a bms header includes bms and the listed standard headers only")
        elif path.startswith("include/twin/") and first not in {"twin", "bms"} and "/" in name:
            yield Finding(path, line, f"<{name}>: a public header needs no room and no third-party library")


def check(tree):
    """All findings."""
    for path in cpp_files(tree, "src"):
        yield from check_source(path, tree.read(path))
    for path in cpp_files(tree, "include"):
        yield from check_public(path, tree.read(path))


RED = {
    "cell sees net": {"src/cell/a.cpp": '#include "net/solve.hpp"\n'},
    "base sees sim": {"src/base/a.hpp": '#include "sim/loop.hpp"\n'},
    "afe sees the core": {"src/afe/a.cpp": '#include <bms/core_api.h>\n'},
    "core sees base": {"src/core/a.cpp": '#include "base/math.hpp"\n'},
    "core throws": {"src/core/a.cpp": "#include <twin/error.hpp>\n"},
    "core uses the heap": {"src/core/a.cpp": "#include <vector>\n"},
    "sim sees io": {"src/sim/a.cpp": '#include "io/json.hpp"\n'},
    "cli reaches past the API": {"src/cli/a.cpp": '#include "sim/loop.hpp"\n'},
    "relative include": {"src/net/a.cpp": '#include "../base/math.hpp"\n'},
    "unknown room": {"src/misc/a.cpp": "int x;\n"},
    "sim drives the API": {"src/sim/a.cpp": "#include <twin/run.hpp>\n"},
    "public header needs a room": {"include/twin/a.hpp": '#include "sim/loop.hpp"\n'},
    "core header needs twin": {"include/bms/a.hpp": "#include <twin/time.hpp>\n"},
}
GREEN = {
    "down the stairs": {"src/power/a.cpp": '#include "cell/a.hpp"\n#include "net/a.hpp"\n#include "base/a.hpp"\n'},
    "core": {"src/core/a.cpp": '#include <bms/core_api.h>\n#include "core/b.hpp"\n#include <cstdint>\n'},
    "sim fills a result": {"src/sim/a.cpp": "#include <twin/result.hpp>\n"},
    "a comment": {"src/cell/a.cpp": '// #include "net/solve.hpp"\n'},
    "public": {"include/twin/a.hpp": "#include <twin/b.hpp>\n#include <vector>\n"},
}
