#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's kernel until its first program switches it off, several times, where time is counted in instructions.

    repeatable.py --emulator COMMAND [--suite bookworm|trixie]

Passes if the console has the same bytes each time, the kernel's times with them, however the code was translated and
whether the host waited when the guest did, and if as many instructions were executed.
"""

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from boot import guest_folder

# The second is the first once more.
RUNS = [
    ["-icount", "shift=0,sleep=off"],
    ["-icount", "shift=0,sleep=off"],
    ["-icount", "0", "-accel", "translator,max-instructions=5,inject=slot-misses"],
]


def run(emulator, guest, options):
    """The console's bytes, and the number of instructions."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        result = subprocess.run(
            [
                *emulator,
                *("-M", "virt", "-m", "512", "-nographic", "-no-reboot", "-d", "jit", "-D", str(log)),
                *("-kernel", str(guest / "kernel"), "-initrd", str(guest / "initrd")),
                *("-append", "console=ttyAMA0 rdinit=/bin/busybox -- poweroff -f"),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=200,
            check=False,
        )
        counted = re.search(r"(\d+) instructions executed", log.read_text())
        return result.stdout, int(counted[1]) if counted else 0


def first_difference(text, other):
    for line, (one, two) in enumerate(zip(text.splitlines(), other.splitlines()), 1):
        if one != two:
            return f"line {line}:\n{one.decode(errors='replace')}\n{two.decode(errors='replace')}"
    return f"one has {len(text)} bytes, one {len(other)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    parser.add_argument("--suite", default="bookworm", choices=["bookworm", "trixie"])
    arguments = parser.parse_args()
    guest = guest_folder(arguments.suite)
    results = [run(shlex.split(arguments.emulator), guest, options) for options in RUNS]
    text, instructions = results[0]
    if b"reboot: Power down" not in text or instructions < 10**8:
        print(f"it has not come to its end after {instructions} instructions:\n{text.decode(errors='replace')}")
        return 1
    for options, (other, count) in zip(RUNS[1:], results[1:]):
        if (text, instructions) != (other, count):
            print(f"{shlex.join(options)}: {count} instructions, not {instructions}; {first_difference(text, other)}")
            return 1
    print(f"{len(text)} bytes and {instructions} instructions, {len(RUNS)} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
