#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the paths and links in the documentation exist.

    check_docs.py REPOSITORY

A word in backticks is taken for a path if it has a slash and begins with ./ or a folder of the repository, or if it has no
slash and ends like a source file. Paths are relative to the repository or to the document. Placeholders (<isa>, *, NAME) are left alone, and
so is build/. Prints each finding as FILE:LINE: reason, and exits with 1 if there is one.
"""

import re
import sys
from pathlib import Path

QUOTED = re.compile(r"`([^`\s]+)(?:\s[^`]*)?`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PLACEHOLDER = re.compile(r"[<>*{}$…]|\b[A-Z][A-Z_]{2,}\b")
SOURCE_NAME = re.compile(r"[\w.-]+\.(?:h|cpp|py|sh|def|cmake|md|txt|json)")
SKIPPED = {".git", "build"}


def documents(root):
    for file in sorted(root.rglob("*.md")):
        if not SKIPPED & set(file.relative_to(root).parts):
            yield file


def is_path(word, folders):
    if "/" not in word:
        return bool(SOURCE_NAME.fullmatch(word))
    return word.startswith("./") or word.partition("/")[0] in folders


def missing(file, root):
    """Yields (line number, path) of what a document names and the repository does not have."""
    folders = {entry.name for entry in root.iterdir() if entry.is_dir()} - SKIPPED
    # A name alone may stand anywhere; README.md means any of them.
    names = {entry.name for folder in folders for entry in (root / folder).rglob("*")} | {e.name for e in root.iterdir()}
    fenced = False
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        words = [word.rstrip(".,:;") for word in QUOTED.findall(line)]
        paths = [word for word in words if is_path(word, folders) and not PLACEHOLDER.search(word)]
        paths += [link for link in LINK.findall(line) if "://" not in link and not link.startswith("mailto:")]
        for path in paths:
            path = path.partition(":")[0]
            if path.startswith("./build/") or path.startswith("build/"):
                continue
            here = (root / path).exists() or (file.parent / path).exists()
            if not here and ("/" in path or path not in names):
                yield number, path


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(arguments[0]).resolve()
    found = 0
    for file in documents(root):
        for number, path in missing(file, root):
            print(f"{file.relative_to(root)}:{number}: {path} does not exist")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
