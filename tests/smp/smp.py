#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a bare guest whose processors test each other, with several of them.

    smp.py --emulator PROGRAM --guest ELF --cpu MODEL --gic 2|3 --processors N [--times N]

Passes if the guest says of every scenario that it was good, and switches off.
"""

import argparse
import subprocess
import sys


def run_once(options):
    machine = f"virt,gic-version={options.gic}"
    result = subprocess.run(
        [options.emulator, "-M", machine, "-cpu", options.cpu, "-smp", str(options.processors), "-m", "128"]
        + ["-nographic", "-kernel", options.guest],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=options.timeout,
        check=False,
    )
    output = result.stdout.decode(errors="replace").replace("\r", "")
    lines = output.splitlines()
    good = (
        result.returncode == 0
        and lines[:1] == [f"{options.processors} CPUs, GICv{options.gic}"]
        and len(lines) > 10
        and lines[-1] == "power: good"
        and all(line.endswith(": good") for line in lines[1:])
    )
    if not good:
        print(f"{output}\nstatus {result.returncode}\n{result.stderr.decode(errors='replace')}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--gic", type=int, default=2, choices=[2, 3])
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=240)
    options = parser.parse_args()
    return 0 if all([run_once(options) for _ in range(options.times)]) else 1


if __name__ == "__main__":
    sys.exit(main())
