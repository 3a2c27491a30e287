# SPDX-License-Identifier: Apache-2.0
"""Hashed code uses + - * / sqrt, compare, select and base math only: no libm, clock, chance or unordered thing."""
import re
from source import Finding, code_only, cpp_files, includes, line_of

ROOMS = ["base", "cell", "net", "afe", "power", "core", "board", "scenario", "sim"]

LIBM = ("exp exp2 exp10 expm1 log log2 log10 log1p pow sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh "
        "cbrt hypot erf erfc tgamma lgamma fmod remainder fma round lround llround roundeven nearbyint rint lrint llrint "
        "floor ceil trunc modf frexp ldexp scalbn fmin fmax fdim nextafter").split()
HEADERS = {
    "random": "base/rng.hpp has the keyed generator", "chrono": "only Simulation knows the time",
    "ctime": "only Simulation knows the time", "time.h": "only Simulation knows the time",
    "unordered_map": "its order is not the same everywhere", "unordered_set": "its order is not the same everywhere",
    "thread": "a simulation has no threads", "mutex": "a simulation has no threads",
    "atomic": "a simulation has no threads", "future": "a simulation has no threads",
    "condition_variable": "a simulation has no threads", "execution": "a simulation has no threads",
    "cfenv": "the rounding mode is the default one", "fenv.h": "the rounding mode is the default one",
    "complex": "its multiplication is a library call", "valarray": "its functions are libm",
    "immintrin.h": "lanes are written as loops over a pack", "x86intrin.h": "lanes are written as loops over a pack",
}
INT_TYPE = r"(?:std::)?(?:u?int(?:8|16|32|64)?(?:_t)?|u?int_fast\w+|size_t|ptrdiff_t|long|unsigned(?:\s+\w+)?|int|Nanos|SimTime|char)"
RULES = [
    (re.compile(r"(?<![\w:.>])(?:std::|::)?(?:" + "|".join(LIBM) + r")[fl]?\s*\("),
     "libm differs between machines; use base/math.hpp"),
    (re.compile(r"\b__builtin_(?:" + "|".join(LIBM) + r")[fl]?\b"), "libm differs between machines; use base/math.hpp"),
    (re.compile(r"\bstd::(?:min|max|clamp|minmax)\s*(?!<\s*(?:const\s+)?" + INT_TYPE + r"\s*>)(?=[<(])"),
     "std::min/max/clamp only with a written integer type, std::min<std::int64_t>(..); floats use base select"),
    (re.compile(r"\b(?:std::)?(?:ranges::)?(?:min|max|minmax)_element\s*\("), "order of NaN and zeros; write the loop"),
    (re.compile(r"\bstd::(?:reduce|transform_reduce|inner_product)\b"), "order of a sum is part of the result; write the loop"),
    (re.compile(r"\bstd::(?:unordered_\w+|hash\b|random_device|mt19937\w*|async|thread|mutex|atomic\b)"),
     "not the same everywhere, or not deterministic"),
    (re.compile(r"(?<![\w:.>])(?:std::|::)?(?:rand|srand|random|drand48|clock|time|gettimeofday|clock_gettime|getenv|"
                r"setlocale)\s*\("), "chance, clock or surroundings"),
    (re.compile(r"\b_mm\d*_\w+"), "intrinsics tie the result to one CPU"),
    (re.compile(r"\blong\s+double\b|\b__float(?:80|128)\b"), "its width differs between machines"),
    (re.compile(r"#\s*pragma\s+(?:omp|GCC\s+optimize|STDC\s+FP_CONTRACT\s+ON|clang\s+fp)"), "changes how numbers are computed"),
    (re.compile(r"\bstd::(?:stod|stof|strtod|atof)\s*\(|(?<![\w:])(?:strtod|atof)\s*\("), "depends on the locale; use std::from_chars"),
]
# "void log(" declares something of that name; "return log(" calls it.
DECLARATION = re.compile(r"(?<![\w])(?!(?:return|else|case|throw|do|in)\b)[A-Za-z_][\w:]*(?:<[^<>;]*>)?[\s&*]+$")
# A result that initialises a written integer is one: a float there is an error of -Wfloat-conversion.
INTEGER_RESULT = re.compile(r"\b" + INT_TYPE + r"\s+\w+\s*=\s*$")


def violations(text):
    """Yields (line, matched text, reason, is it a declaration?) of every banned word."""
    code = code_only(text)
    for pattern, why in RULES:
        for match in pattern.finditer(code):
            before = code[max(0, match.start() - 60):match.start()]
            if match.group(0).startswith("std::m") and INTEGER_RESULT.search(before):
                continue
            yield line_of(code, match.start()), match.group(0).strip(), why, bool(DECLARATION.search(before))


def check_room(files):
    """Findings of one room, {path: text}. A name that the room declares itself is its own, unless std:: is written."""
    found = {path: list(violations(text)) for path, text in files.items()}
    own = {word for hits in found.values() for _, word, _, declares in hits if declares}
    for path, text in files.items():
        for line, name, _ in includes(text):
            if name in HEADERS:
                yield Finding(path, line, f"<{name}> in hashed code: {HEADERS[name]}")
        for line, word, why, _ in found[path]:
            if word not in own:
                yield Finding(path, line, f"'{word}' in hashed code: {why}")


def check(tree):
    """All findings."""
    for room in ROOMS:
        yield from check_room({path: tree.read(path) for path in cpp_files(tree, f"src/{room}")})


RED = {
    "std::exp": {"src/cell/a.cpp": "double f(double x) { return std::exp(x); }\n"},
    "bare tanh": {"src/net/a.cpp": "double f(double x) { return tanh(x); }\n"},
    "expf in the core": {"src/core/a.cpp": "float f(float x) { return expf(x); }\n"},
    "builtin fma": {"src/net/a.cpp": "double f(double x) { return __builtin_fma(x, x, x); }\n"},
    "std::min on doubles": {"src/power/a.cpp": "double f(double a, double b) { return std::min(a, b); }\n"},
    "std::max<double>": {"src/power/a.cpp": "double f(double a) { return std::max<double>(a, 0); }\n"},
    "random": {"src/afe/a.cpp": "#include <random>\n"},
    "chrono": {"src/sim/a.cpp": "#include <chrono>\n"},
    "unordered": {"src/sim/a.cpp": "#include <unordered_map>\n"},
    "rand": {"src/board/a.cpp": "int f() { return rand(); }\n"},
    "time": {"src/sim/a.cpp": "auto t = ::time(nullptr);\n"},
    "intrinsic": {"src/net/a.cpp": "auto r = _mm256_fmadd_pd(a, b, c);\n"},
    "reduce": {"src/net/a.cpp": "auto r = std::reduce(v.begin(), v.end());\n"},
    "std::log beside an own log": {"src/sim/a.cpp": "void log(int); double f(double x) { return std::log(x); }\n"},
    "another room's log": {"src/sim/a.cpp": "void log(int);\n", "src/net/a.cpp": "double f(double x) { return 1 + log(x); }\n"},
    "return log": {"src/base/a.cpp": "double f(double x) { return log(x); }\n"},
    "else sin": {"src/base/a.cpp": "void f(double x) { if (x > 0) g(); else sin(x); }\n"},
    "floor": {"src/base/a.cpp": "double f(double x) { return std::floor(x); }\n"},
}
GREEN = {
    "sqrt and select": {"src/net/a.cpp": "double f(double x) { return base::select(x > 0, std::sqrt(x), 0.0); }\n"},
    "members of that name": {"src/core/a.cpp": "struct A { void log(int id); double exp(double x) const; };\n"},
    "a name of the room": {"src/sim/a.hpp": "void log(int id);\n", "src/sim/a.cpp": "void f() { log(1); }\n"},
    "integers": {"src/sim/a.cpp": "auto n = std::min<std::int64_t>(a, b); auto m = std::max<std::size_t>(a, b); const std::int32_t k = std::min(i, j);\n"},
    "base math": {"src/cell/a.cpp": "double f(double x) { return base::exp(x) + base::exp_d(x); }\n"},
    "words": {"src/cell/a.cpp": "// std::exp(x) would differ\nconst char* s = \"rand()\";\ndouble run_time(int);\n"},
    "a room that is not hashed": {"src/io/a.cpp": "#include <chrono>\n"},
}
