#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's SeaBIOS starts on q35 and pc under KVM, and says on the serial port what it tries to boot from.

    pc.py --emulator COMMAND

Ends with 77 where KVM cannot be used, with the reason.
"""

import argparse
import os
import select
import shlex
import subprocess
import sys
import time

SKIPPED = 77
WORDS = b"Booting from"
PATIENCE = 120  # seconds: a kernel that emulates the guest's takes three without load


def boot(arguments, board):
    """What was printed up to WORDS, or an end with what was printed instead."""
    words = [*shlex.split(arguments.emulator), "-M", board, "-accel", "kvm", "-cpu", "host", "-m", "128", "-smp", "2", "-nographic", "-monitor", "none"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            return read_until(process, board)
        finally:
            process.kill()


def read_until(process, board):
    printed = b""
    end = time.monotonic() + PATIENCE
    while WORDS not in printed:
        ready, _, _ = select.select([process.stdout], [], [], max(0, end - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 4096) if ready else b""
        if not piece:
            sys.exit(f"{board}: SeaBIOS did not come to '{WORDS.decode()}'; it printed\n{printed.decode(errors='replace')}")
        printed += piece
    return printed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("left out: /dev/kvm cannot be used here")
        sys.exit(SKIPPED)
    for board in ("q35", "pc"):
        if b"SeaBIOS" not in boot(arguments, board):
            sys.exit(f"{board}: who wrote '{WORDS.decode()}'?")
    print("2 machines ran under KVM")


if __name__ == "__main__":
    main()
