#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's SeaBIOS on q35 and pc under KVM starts a boot sector from each kind of disk that it knows, which reads through
it, and switches the machine off.

    pc.py --emulator COMMAND

Ends with 77 where KVM cannot be used, with the reason.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SKIPPED = 77
PATIENCE = 120  # seconds: a kernel that emulates the guest's takes five without load
TEXT = b"text of the second sector"
MACHINES = [("q35", "ide-hd", "1"), ("pc", "ide-hd", "2"), ("q35", "virtio-blk-pci", "2")]


def build(folder):
    """A disk of a boot sector, a text, and some room."""
    run = lambda *words: subprocess.run(words, check=True)  # noqa: E731
    run("as", "--32", "-o", folder / "sector.o", HERE / "boot_sector.s")
    run("ld", "-m", "elf_i386", "-Ttext=0x7c00", "-e", "start", "--oformat", "binary", "-o", folder / "sector", folder / "sector.o")
    disk = folder / "disk.img"
    disk.write_bytes((folder / "sector").read_bytes() + (TEXT + b"\r\n\0").ljust(512, b"\0") + bytes(1 << 20))
    return disk


def boot(arguments, disk, board, driver, cpus):
    drive = f"if=none,id=disk,file={disk},format=raw,snapshot=on"
    words = [*shlex.split(arguments.emulator), "-M", board, "-accel", "kvm", "-cpu", "host", "-m", "128", "-smp", cpus, "-nographic", "-monitor",
             "none", "-drive", drive, "-device", f"{driver},drive=disk,bootindex=1"]
    outcome = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
    # The last letters may be on their way when the machine is off.
    missing = [text for text in (b"SeaBIOS", b"Booting from Hard Disk", b"boot sector runs", TEXT[:-2]) if text not in outcome.stdout]
    if outcome.returncode != 0 or missing:
        sys.exit(f"{words}\nended with {outcome.returncode} without {missing}; it printed\n{outcome.stdout.decode(errors='replace')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("left out: /dev/kvm cannot be used here")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        disk = build(Path(name))
        for machine in MACHINES:
            boot(arguments, disk, *machine)
    print(f"{len(MACHINES)} machines ran under KVM")


if __name__ == "__main__":
    main()
