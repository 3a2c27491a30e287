# SPDX-License-Identifier: Apache-2.0
"""Headers have at most 400 lines, files 800, functions 80."""
import ast
import re
from source import CPP, Finding, code_only, is_header, line_of

HEADER_LINES, FILE_LINES, FUNCTION_LINES = 400, 800, 80
NOT_A_FUNCTION = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|enum|union|extern|concept)\b", re.S)
MEMBER_INIT = re.compile(r"\)[^:;{}]*:(?!:)[^{}]*[\w>\]]\s*$", re.S)


def match_brace(code, start):
    """Offset of the brace that closes the one at start, or the end."""
    depth = 0
    for offset in range(start, len(code)):
        if code[offset] == "{":
            depth += 1
        elif code[offset] == "}":
            depth -= 1
            if depth == 0:
                return offset
    return len(code) - 1


def is_function_head(head):
    """Whether the text before a brace opens a function body."""
    if "(" not in head or NOT_A_FUNCTION.match(head):
        return False
    flat = re.sub(r"\([^()]*\)", "()", head)
    flat = re.sub(r"operator\s*[=!<>+\-*/%&|^~]+", "operator", flat)
    return not re.search(r"(?<![=!<>])=(?!=)", flat.split(")")[-1])


def functions(text):
    """Yields (first line, last line, head) of C++ function bodies outside other functions."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: "\n" * m.group(0).count("\n"), code_only(text), flags=re.M)
    offset = head_start = 0
    while offset < len(code):
        char = code[offset]
        if char in ";}":
            head_start = offset + 1
        elif char == "{":
            head = code[head_start:offset]
            if MEMBER_INIT.search(head) and not NOT_A_FUNCTION.match(head):
                offset = match_brace(code, offset)      # a_{1} of an initialiser list: the head goes on
            elif is_function_head(head):
                end = match_brace(code, offset)
                begin = head_start + len(head) - len(head.lstrip())
                yield line_of(code, begin), line_of(code, end), " ".join(head.split())[:60]
                offset, head_start = end, end + 1
            elif "=" in head:
                offset = match_brace(code, offset)      # an initialiser: not a scope
            else:
                head_start = offset + 1
        offset += 1


def check_cpp(path, text):
    """Findings of one C++ file."""
    n_lines = text.count("\n")
    limit = HEADER_LINES if is_header(path) else FILE_LINES
    if n_lines > limit:
        yield Finding(path, 0, f"{n_lines} lines, allowed are {limit}")
    for first, last, head in functions(text):
        if last - first + 1 > FUNCTION_LINES:
            yield Finding(path, first, f"function of {last - first + 1} lines, allowed are {FUNCTION_LINES}: {head}")


def check_python(path, text):
    """Findings of one Python file."""
    if text.count("\n") > FILE_LINES:
        yield Finding(path, 0, f"{text.count(chr(10))} lines, allowed are {FILE_LINES}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            n_lines = node.end_lineno - node.lineno + 1
            if n_lines > FUNCTION_LINES:
                yield Finding(path, node.lineno, f"function of {n_lines} lines, allowed are {FUNCTION_LINES}: {node.name}")


def check(tree):
    """All findings."""
    for path in tree.glob(*CPP):
        yield from check_cpp(path, tree.read(path))
    for path in tree.glob("*.py"):
        yield from check_python(path, tree.read(path))
    for path in tree.glob("dev", "*.cmake", "*CMakeLists.txt", ".ci/run"):
        n_lines = tree.read(path).count("\n")
        if n_lines > FILE_LINES:
            yield Finding(path, 0, f"{n_lines} lines, allowed are {FILE_LINES}")


_BODY = "  x += 1;\n" * 81
RED = {
    "long header": {"src/net/a.hpp": "int x;\n" * 401},
    "long file": {"src/net/a.cpp": "int x;\n" * 801},
    "long function": {"src/net/a.cpp": f"namespace a {{\nint f(int x) {{\n{_BODY}  return x;\n}}\n}}\n"},
    "long constructor": {"src/net/a.cpp": f"struct A {{\n  A(int x) : a_{{x}}, b_(2) {{\n{_BODY}  }}\n}};\n"},
    "long method after a short one": {
        "src/net/a.cpp": f"class A {{\n  int g() const {{ return 1; }}\n  int f(int x) const noexcept {{\n{_BODY}  }}\n}};\n"},
    "long Python function": {"tests/a.py": "def f():\n" + "    x = 1\n" * 81},
}
GREEN = {
    "long table": {"src/net/a.cpp": "constexpr int t[] = {\n" + "1,\n" * 200 + "};\n"},
    "many short functions": {"src/net/a.cpp": "namespace a {\nint f() {\n return 1;\n}\n" * 1 + "int g() { return 2; }\n" * 90 + "}\n"},
}
