#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A kernel of a hundred instructions starts on microvm under KVM, says what it was given, and ends the machine.

    microvm.py --emulator COMMAND

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
MAP = "00000000 0009fc00 00000001 \n0009fc00 00060400 00000002 \n00100000 {:08x} 00000001 \n"


def build(folder, name="hello"):
    """The kernel, as an ELF file of 32 bits."""
    run = lambda *words: subprocess.run(words, check=True)  # noqa: E731
    run("as", "--32", "-o", folder / f"{name}.o", HERE / f"{name}.s")
    run("ld", "-m", "elf_i386", "-Ttext=0x200000", "--section-start=.note.Xen=0x210000", "-e", "start", "-z", "noexecstack",
        "--build-id=none", "-o", folder / f"{name}.elf", folder / f"{name}.o")
    (folder / "initrd").write_bytes(b"text of the initrd\n\0")
    return folder / f"{name}.elf"


def start(arguments, *words):
    common = ["-M", "microvm", "-accel", "kvm", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"]
    command = [*shlex.split(arguments.emulator), *common, *map(str, words)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


def expect(outcome, printed):
    if (outcome.returncode, outcome.stdout) != (0, printed):
        sys.exit(f"{outcome.args}\nended with {outcome.returncode}; expected was\n{printed}\nit printed\n{outcome.stdout}{outcome.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("left out: /dev/kvm cannot be used here")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        kernel = build(Path(name))
        expect(start(arguments, "-m", "64", "-kernel", kernel, "-initrd", Path(name) / "initrd", "-append", "one two"),
               "PVH one two\ntext of the initrd\n" + MAP.format(0x3f00000) + "done\n")
        # More memory than lies below the devices, several processors, a virtio device.
        expect(start(arguments, "-m", "4G", "-smp", "3", "-kernel", kernel, "-device", "virtio-rng-device"),
               "PVH virtio_mmio.device=512@0xfeb00000:5\n" + MAP.format(0xbff00000) + "00000000 40000000 00000001 \ndone\n")
        processors = build(Path(name), "processors")
        for others in (1, 3):
            expect(start(arguments, "-m", "64", "-smp", others + 1, "-kernel", processors, "-append", others), f"{others}\n")
    print("4 machines ran under KVM")


if __name__ == "__main__":
    main()
