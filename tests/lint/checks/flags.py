# SPDX-License-Identifier: Apache-2.0
"""Every compiler flag has a comment that says why; none that breaks determinism; flags live in cmake/Flags.cmake."""
import re
from source import Finding

FLAG = re.compile(r"(?<![\w-])-(?:f[a-z]|W[a-z]|m[a-z]|O\d?|O\$|g\d?\b|std=)[\w=,${}-]*")
FORBIDDEN = re.compile(r"(?<!no-)fast-math|-Ofast|march=native|mtune=native|funsafe-math|fassociative-math|freciprocal-math|ffp-contract=(?:fast|on)")
PLACES = ("*CMakeLists.txt", "*.cmake", "CMakePresets.json", "pyproject.toml", "dev")


def strip_comment(line):
    """(code, comment) of a CMake line."""
    code, _, comment = line.partition("#")
    return code, comment


def check_flags(path, text):
    """Findings of one CMake file: a flag line without a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        code, comment = strip_comment(line)
        if FLAG.search(re.sub(r'"[^"]*"', "", code)) and len(comment.split()) < 3:
            yield Finding(path, number, f"'{FLAG.search(code).group(0)}' has no comment that says why")


def check(tree):
    """All findings."""
    for path in tree.glob(*PLACES):
        text = tree.read(path)
        for number, line in enumerate(text.split("\n"), 1):
            match = FORBIDDEN.search(strip_comment(line)[0])
            if match and "-fno-fast-math" not in line:
                yield Finding(path, number, f"'{match.group(0)}': results would depend on the machine")
        if path.endswith((".cmake", "CMakeLists.txt")):
            yield from check_flags(path, text)


RED = {
    "fast math": {"CMakeLists.txt": "add_compile_options(-ffast-math) # it is faster so we want it\n"},
    "native": {"CMakePresets.json": '"CMAKE_CXX_FLAGS": "-march=native"\n'},
    "no reason": {"cmake/Flags.cmake": "target_compile_options(x INTERFACE\n  -fno-math-errno\n)\n"},
}
GREEN = {"a reason": {"cmake/Flags.cmake": "  -fno-math-errno  # sqrt is one instruction\n  -O${LEVEL} # one level for all\n"}}
