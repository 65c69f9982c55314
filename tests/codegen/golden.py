#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the host code that `codegen` prints with the files of x64/, or rewrites these.

    golden.py [--rewrite] CODEGEN IMAGES [CHAPTER...]

IMAGES is the folder of the assembled chapters; without a chapter it is all of them. Prints what has changed, case by case, and
exits with 1 if something has and was not to be rewritten.
"""

import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASE = re.compile(r"^== (?P<name>\S+): guest \d+, host (?P<host>\d+)$", re.MULTILINE)
CURE = "if this is what you want, run tools/golden and commit the difference"
MOST_LINES = 60


def counts(text):
    """Host instructions by case."""
    return {match["name"]: int(match["host"]) for match in CASE.finditer(text)}


def summary(old, new):
    """One line a case whose number of host instructions differs, and one with the sum."""
    before, after = counts(old), counts(new)
    lines = [f"  {name}: {before[name]} -> {after[name]}" for name in after if before.get(name, after[name]) != after[name]]
    lines += [f"  {name}: new, {after[name]}" for name in after if name not in before]
    lines += [f"  {name}: gone" for name in before if name not in after]
    common = before.keys() & after.keys()
    lines.append(f"  in all: {sum(before[name] for name in common)} -> {sum(after[name] for name in common)} host instructions")
    return "\n".join(lines)


def compare(file, new, rewrite):
    """True if `file` has the text `new`, or has it now."""
    old = file.read_text() if file.exists() else ""
    if old == new:
        return True
    print(f"{file.name}\n{summary(old, new)}")
    if rewrite:
        file.write_text(new)
        return True
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "expected", "now", lineterm="", n=2))
    print("\n".join(lines[:MOST_LINES] + (["..."] if len(lines) > MOST_LINES else [])))
    return False


def main(arguments):
    rewrite = arguments[:1] == ["--rewrite"]
    arguments = arguments[rewrite:]
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    codegen, images, names = arguments[0], Path(arguments[1]), arguments[2:]
    chapters = [HERE / "arm64" / f"{name}.s" for name in names] or sorted((HERE / "arm64").glob("*.s"))
    same = True
    with tempfile.TemporaryDirectory() as folder:
        hot, cold = Path(folder) / "hot", Path(folder) / "cold"
        for chapter in chapters:
            name = chapter.stem
            subprocess.run([codegen, chapter, images / f"{name}.bin", hot, cold], check=True)
            same &= compare(HERE / "x64" / f"{name}.txt", hot.read_text(), rewrite)
            same &= compare(HERE / "x64" / f"{name}.cold.txt", cold.read_text(), rewrite)
    if not same:
        print(CURE)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
