#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a bare guest that writes, runs and rewrites random code for a while.

    rewriting.py --emulator PROGRAM --guest ELF [--seconds N] [--seed N] [--cpu MODEL] [--inject NAMES]

Passes if all of the code came to what the guest says it must.
"""

import argparse
import random
import struct
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.getrandbits(32))
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--inject", help="as -accel translator,inject=NAMES")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.NamedTemporaryFile() as file:
        file.write(struct.pack("<QQ", options.seed, options.seconds))
        file.flush()
        command = [options.emulator, "-M", "virt", "-cpu", options.cpu, "-m", "128", "-nographic"]
        command += ["-kernel", options.guest, "-initrd", file.name]
        if options.inject:
            command += ["-accel", f"translator,inject={options.inject}"]
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=options.seconds + 100, check=False
        )
    output = result.stdout.decode(errors="replace").replace("\r", "")
    print(output + result.stderr.decode(errors="replace"))
    return 0 if result.returncode == 0 and output.endswith("rewriting: good\n") else 1


if __name__ == "__main__":
    sys.exit(main())
