#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that sources are laid out as .clang-format says.

    check_format.py REPOSITORY CLANG-FORMAT

Other versions lay out differently, so with any but Debian 12's the check is skipped (exit status 77).
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

VERSION = " version 14."
SKIPPED = 77
SUFFIXES = {".h", ".cpp", ".c"}


def sources(root):
    return [file for folder in ("src", "tests") for file in sorted((root / folder).rglob("*")) if file.suffix in SUFFIXES]


def complaints(clang_format, files):
    """The first complaint about each of the files that has one."""
    run = subprocess.run([clang_format, "--dry-run", "--ferror-limit=1", *files], capture_output=True, text=True, check=False)
    return [line for line in run.stderr.splitlines() if "[-Wclang-format-violations]" in line]


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, clang_format = Path(arguments[0]), arguments[1]
    version = subprocess.run([clang_format, "--version"], capture_output=True, text=True, check=True).stdout
    if VERSION not in version:
        print(f"skipped: not{VERSION}x: {version.strip()}")
        return SKIPPED
    files = sources(root)
    jobs = os.cpu_count() or 1
    parts = [part for part in (files[first::jobs] for first in range(jobs)) if part]
    with ThreadPoolExecutor(jobs) as pool:
        found = [line for lines in pool.map(lambda part: complaints(clang_format, part), parts) for line in lines]
    print("\n".join(sorted(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
