#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a compiler does not: the size of files and functions, the licence line, words that promise work for later.

    check_sources.py REPOSITORY

Prints each finding as FILE:LINE: reason, and exits with 1 if there is one.
"""

import re
import sys
from pathlib import Path

FILE_LIMIT = 500
FUNCTION_LIMIT = 60

FOLDERS = (".ci", "bench", "cmake", "fuzz", "src", "tests", "tools")
CODE = {".h", ".hpp", ".cpp", ".c", ".py", ".sh", ".S"}
CPP = {".h", ".hpp", ".cpp"}
OTHERS_WITH_LICENCE = {".cmake", ".def", ".s"}

# Files that may be longer, each with the reason.
LONG_FILES = {}

LICENCE = "SPDX-License-Identifier: Apache-2.0"
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
NOT_A_FUNCTION = re.compile(r"^(namespace|struct|class|enum|union|extern|using|typedef|template <[^>]*>\s*(struct|class))\b")


ROW_OF_A_TABLE = re.compile(r"\s*\w*[({].*[)}],(\s*//.*)?$")


def function_lengths(text):
    """Yields (first line number, length) of functions at namespace scope, as clang-format lays them out: the first line
    begins in column 1 and the closing brace stands alone there. Rows of a table do not count."""
    start = None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line == "}" and start is not None:
            head = " ".join(lines[start - 1 : number]).partition("{")[0]
            if "(" in head and "=" not in re.sub(r"\(.*\)|operator\W+", "", head) and not NOT_A_FUNCTION.match(head):
                rows = sum(bool(ROW_OF_A_TABLE.match(line)) for line in lines[start:number])
                yield start, number - start + 1 - rows
            start = None
        elif line[:1] not in ("", " ", "#", "}", "/", ")"):
            # A template's or an attribute's line belongs to the declaration under it.
            if start is None or not lines[number - 2].startswith(("template", "[[")):
                start = number


def findings(file, name):
    text = file.read_text()
    lines = text.splitlines()
    if file.suffix in CODE | OTHERS_WITH_LICENCE or file.name == "CMakeLists.txt" or text.startswith("#!"):
        if not any(LICENCE in line for line in lines[:2]):
            yield 1, f"the first line, or the one behind #!, is not {LICENCE}"
    if file.suffix in CODE and len(lines) > FILE_LIMIT and name not in LONG_FILES:
        yield len(lines), f"{len(lines)} lines; {FILE_LIMIT} is the limit: is there a second job in this file?"
    if file.suffix in CPP:
        for number, length in function_lengths(text):
            if length > FUNCTION_LIMIT:
                yield number, f"a function of {length} lines; {FUNCTION_LIMIT} is the limit"
    for number, line in enumerate(lines, 1):
        if file.suffix in CODE and LATER.search(line) and "LATER = " not in line:
            yield number, f"promises work for later: {line.strip()}"


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(arguments[0])
    found = 0
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if not file.is_file() or "__pycache__" in file.parts or file.suffix in {".md", ".json", ".txt", ".bin"}:
                if file.name != "CMakeLists.txt":
                    continue
            name = str(file.relative_to(root))
            for number, reason in findings(file, name):
                print(f"{name}:{number}: {reason}")
                found += 1
    for name in LONG_FILES:
        if not (root / name).exists():
            print(f"tests/style/check_sources.py: {name} is exempt but does not exist")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
