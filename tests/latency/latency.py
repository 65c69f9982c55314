#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a bare guest that measures how late a timer's interrupts are, and prints what it says.

    latency.py --emulator PROGRAM --guest ELF [--cpu MODEL]

Passes if no interrupt is early and none is lost.
"""

import argparse
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--cpu", default="max")
    options = parser.parse_args()
    result = subprocess.run(
        [options.emulator, "-M", "virt", "-cpu", options.cpu, "-nographic", "-kernel", options.guest],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
    )
    output = result.stdout.decode(errors="replace").replace("\r", "")
    print(output)
    verdicts = [line for line in output.splitlines() if not line.startswith("  ")][1:]
    good = verdicts == ["computing: good", "in memory: good", "waiting: good"]
    return 0 if result.returncode == 0 and good else 1


if __name__ == "__main__":
    sys.exit(main())
