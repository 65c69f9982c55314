#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that no include climbs: a room of src/ includes only from the rooms that src/layers.txt allows it.

    check_layers.py SRC

Prints each violation as FILE:LINE: reason, and exits with 1 if there is one.
"""

import re
import sys
from pathlib import Path

SOURCES = {".h", ".hpp", ".cpp", ".def", ".inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<open>["<])(?P<path>[^">]+)[">]')


class LayersError(Exception):
    """The table of layers itself is wrong."""


def read_layers(text):
    """The table: for each room the set of rooms that it may include, itself among them."""
    allowed = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        room, arrow, rights = line.partition("<-")
        room, rights = room.strip(), rights.split()
        if not arrow or not re.fullmatch(r"\w+", room) or room in allowed:
            raise LayersError(f"layers.txt:{number}: expected 'ROOM <- ROOM...' with a new room: {line}")
        lower = set(allowed)
        if rights == ["all"]:
            may = lower
        elif rights[:1] == ["all-but"]:
            may = lower - set(rights[1:])
        else:
            may = set(rights)
        named = set(rights) - {"all", "all-but"}
        if not named <= lower:
            raise LayersError(f"layers.txt:{number}: {room} names {sorted(named - lower)}, not lower in the house")
        allowed[room] = may | {room}
    return allowed


def violations(src):
    """Yields (file, line number, reason) for each include that is not allowed."""
    allowed = read_layers((src / "layers.txt").read_text())
    for file in sorted(src.rglob("*")):
        if file.suffix not in SOURCES:
            continue
        room = file.relative_to(src).parts[0]
        if room not in allowed:
            yield file, 1, f"{room} is not a room of layers.txt"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            path = match["path"]
            target = path.partition("/")[0]
            if match["open"] == '"' and target not in allowed:
                yield file, number, f'"{path}" does not begin with a room: includes are relative to src'
            elif target in allowed and "/" in path and target not in allowed[room]:
                yield file, number, f"{room} may not include {path}: layers.txt allows {sorted(allowed[room])}"


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    src = Path(arguments[0])
    try:
        found = list(violations(src))
    except (LayersError, OSError) as error:
        print(error)
        return 1
    for file, number, reason in found:
        print(f"{file}:{number}: {reason}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
