#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C file with the code of the litmus tests and their table: make_guest.py FILE."""

import re
import sys
from pathlib import Path

from shapes import all_tests

HEAD = '#include "litmus.h"\n\nasm(".arch armv8.4-a");\n'
PROLOGUE = ["mov x9, #1", "mov x10, #2", "mov x4, #0", "mov x5, #0", "mov x6, #0", "mov x7, #0"]
EPILOGUE = ["stp x4, x5, [x3]", "stp x6, x7, [x3, #16]", "ret"]
# y and z behind x, so that accesses to all of them can be seen to be off one base.
NEAR = ["add x1, x0, #64", "add x2, x0, #128"]


def function(name, code, near):
    lines = [f".balign 16", f"{name}:", *PROLOGUE, *(NEAR if near else []), *code.split("; "), *EPILOGUE]
    return "asm(\n" + "".join(f'    "{line}\\n"\n' for line in lines) + f");\nvoid {name}(u64*, u64*, u64*, u64*);\n"


def condition(outcome):
    """An outcome as C: r has what processors have seen, m the locations."""
    text = re.sub(r"(\d):x(\d)", lambda match: f"r[{match[1]}][{int(match[2]) - 4}]", outcome)
    text = re.sub(r"\b([xyz])\b", lambda match: f"m[{'xyz'.index(match[1])}]", text)
    return re.sub(r"(?<!!)=", "==", text).replace("&", "&&").replace("|", "||")


def write(number, test):
    text, entries = "", []
    for near in (0, 1):
        names = [f"test{number}_{near}_{thread}" for thread in range(len(test.threads))]
        text += "".join(function(name, code, near) for name, code in zip(names, test.threads))
        entries.append("{" + ", ".join(names) + "}")
    text += f"static int outcome{number}(u64 (*r)[4], const u64* m) {{ (void)r; (void)m; return {condition(test.outcome)}; }}\n"
    text += f"static int needs{number}(void) {{ return {test.needs}; }}\n"
    row = f'{{"{test.name}", {len(test.threads)}, {int(test.never)}, {test.fill}, needs{number}, outcome{number}, {{{", ".join(entries)}}}}},\n'
    return text, row


def main():
    written = [write(number, test) for number, test in enumerate(all_tests())]
    code = "".join(text for text, _ in written)
    rows = "".join(row for _, row in written)
    Path(sys.argv[1]).write_text(f"{HEAD}{code}\nconst struct Test tests[] = {{\n{rows}{{0}}}};\n")


if __name__ == "__main__":
    main()
