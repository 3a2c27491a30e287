# SPDX-License-Identifier: Apache-2.0
"""What the lint checks share: a tree of files, findings, and C++ text without comments and strings."""
import fnmatch
import pathlib
import re
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One broken rule at one place; line 0 means the file as a whole."""
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


class Tree:
    """The project's files: what git tracks or would add."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                                 check=True, capture_output=True).stdout.decode()
        self.paths = sorted({p for p in listing.split("\0") if p and (self.root / p).is_file()})

    def glob(self, *patterns):
        """Paths matching any pattern; `*` also crosses folders."""
        return [p for p in self.paths if any(fnmatch.fnmatch(p, pattern) for pattern in patterns)]

    def read(self, path):
        """The file's text; bytes that are no UTF-8 are replaced."""
        return (self.root / path).read_bytes().decode("utf-8", errors="replace")


class FakeTree(Tree):
    """A tree in memory, for the checks' own tests: {path: text}."""

    def __init__(self, files):
        self.files = files
        self.paths = sorted(files)

    def read(self, path):
        return self.files[path]


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def code_only(text):
    """C++ text with comments and literals blanked; line numbers stay. Include lines keep their file names."""
    def blank(match):
        token = match.group(0)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if token.startswith('"') and re.match(r"\s*#\s*include\s*$", text[line_start:match.start()]):
            return token
        keep = '""' if token[0] in '"R' else ("0" if token[0] == "'" else " ")
        return keep + "\n" * token.count("\n")
    return _TOKEN.sub(blank, text)


def line_of(text, offset):
    """1-based line number of an offset."""
    return text.count("\n", 0, offset) + 1


def includes(text):
    """Yields (line, file name, quoted?) of every #include."""
    for number, line in enumerate(code_only(text).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def room_of(path):
    """The room of a source path: src/cell/x.cpp -> cell."""
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


CPP = ("*.cpp", "*.hpp", "*.c", "*.h")


def cpp_files(tree, *folders):
    """C and C++ files under the folders."""
    return tree.glob(*(f"{folder}/{pattern}" for folder in folders for pattern in CPP))


def is_header(path):
    """True for .hpp and .h."""
    return path.endswith((".hpp", ".h"))
