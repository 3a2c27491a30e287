# SPDX-License-Identifier: Apache-2.0
"""The library never prints, exits or aborts; only cli and link talk."""
import re
from source import Finding, code_only, cpp_files, line_of, room_of

TALKERS = {"cli", "link"}
BANNED = re.compile(
    r"\bstd::(?:cout|cerr|clog|wcout|wcerr|print|println|exit|abort|terminate|quick_exit|_Exit|perror|puts|printf|fprintf)\b"
    r"|(?<![\w:.>])(?:printf|fprintf|vprintf|puts|putchar|fputs|perror|exit|abort|_exit|_Exit|quick_exit)\s*\("
    r"|\bfmt::(?:print|println)\b|\bspdlog::")


def check(tree):
    """All findings."""
    for path in cpp_files(tree, "src", "include"):
        if room_of(path) in TALKERS:
            continue
        code = code_only(tree.read(path))
        for match in BANNED.finditer(code):
            yield Finding(path, line_of(code, match.start()), f"'{match.group(0)}': a library reports by status or exception")


RED = {
    "cout": {"src/sim/a.cpp": "void f() { std::cout << 1; }\n"},
    "printf": {"src/core/a.cpp": 'void f() { printf("x"); }\n'},
    "exit": {"src/io/a.cpp": "void f() { exit(1); }\n"},
    "abort": {"src/api/a.cpp": "void f() { std::abort(); }\n"},
    "fmt::print": {"src/study/a.cpp": 'void f() { fmt::print("x"); }\n'},
}
GREEN = {
    "snprintf into a buffer": {"src/io/a.cpp": "void f() { std::snprintf(b, 3, s); obj.exit(); on_exit(2); }\n"},
    "the command talks": {"src/cli/a.cpp": "void f() { std::cout << 1; }\n"},
    "a comment": {"src/sim/a.cpp": "// never abort()\n"},
}
