#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills machines whose guests write to qcow2 disks: afterwards the images are whole, and what was flushed is there.

    kills.py --emulator COMMAND --writer PROGRAM [--count N] [--seed N]

Each machine has several disks of different kinds, on which processes of the guest (guest/writer.c) write, zero, discard and
flush. It is killed at a random moment after a random number of flushes.
"""

import argparse
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from guest import PROMPT, Console, ConsoleError, ask, command_line, initrd_with
from images import Disk
from operations import WORKERS

DISKS = 3
LONGEST = 1.5  # seconds of writing


def guest_names(console, disks):
    """What the guest calls each disk; they have different serial numbers, or a name of their own."""
    ask(console, "until [ $(ls -d /sys/block/[vsn][dv]* | wc -l) = %d ]; do sleep 0.1; done; echo $((7*6))" % len(disks), "42")
    names = []
    for disk in disks:
        pattern = f"{disk.name}_serial"
        found = ask(console, f"grep -ls {pattern} /sys/block/*/serial /sys/block/*/device/serial; grep -ls {pattern} /sys/block/*/device/vpd_pg80; echo e''nd",
                    r"(?:(/sys/block/\w+)/[^\n]*\n)?[^\n]*end")
        assert found[1], f"the guest has no disk {disk.name}"
        names.append("/dev/" + os.path.basename(found[1].decode()))
    return names


def write_and_kill(console, names, seed, chance):
    """What the guest said while it wrote, until the end."""
    console.type(f"/{WRITER} {seed} {' '.join(names)}\n")
    console.wait_for(r"\nF ")
    begun = console.seen - 2
    end = time.monotonic() + chance.uniform(0, LONGEST)
    while (left := end - time.monotonic()) > 0:
        if select.select([console.terminal], [], [], left)[0]:
            console.read_some()
    os.kill(console.process.pid, signal.SIGKILL)
    while console.read_some():
        pass
    console.process.wait()
    return console.output[begun:].decode()


def flushed_up_to(said, disks):
    """By disk and worker, what whole lines say; -1: nothing."""
    flushed = [[-1] * WORKERS for _ in range(disks)]
    for disk, worker, number in re.findall(r"(?<=\n)F (\d+) (\d+) (\d+)\r*(?=\n)", "\n" + said):
        flushed[int(disk)][int(worker)] = int(number)
    return flushed


def one_machine(arguments, folder, turn, seed):
    chance = random.Random(seed)
    disks = [Disk(folder, chance, number, seed, turn * DISKS + number) for number in range(DISKS)]
    options = ["-nic", "none", "-m", "256", "-smp", "2", "-device", "virtio-scsi-pci"]
    for disk in disks:
        options += disk.options()
    command = command_line(arguments.emulator, *options, initrd=arguments.initrd)
    with Console(command, 120) as console:
        console.wait_for(PROMPT)
        names = guest_names(console, disks)
        said = write_and_kill(console, names, seed, chance)
    assert "writer:" not in said, said
    flushed = flushed_up_to(said, len(disks))
    image_tool = Path(arguments.emulator).parent / "kelvin-img"
    for disk, of_disk in zip(disks, flushed):
        try:
            disk.verify(image_tool, of_disk)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {disk}, flushed {of_disk}: {error}") from None
    return sum(number + 1 for of_disk in flushed for number in of_disk)


WRITER = "writer"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--writer", type=Path, required=True, help=f"guest/writer.c, made for arm64; its name is {WRITER}")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--keep", action="store_true", help="leave the images of a failure where they are")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    operations = failed = 0
    base = Path(tempfile.mkdtemp())
    arguments.initrd = initrd_with(base, arguments.writer)
    for turn in range(arguments.count):
        folder = Path(tempfile.mkdtemp(dir=base))
        try:
            operations += one_machine(arguments, folder, turn, arguments.seed + turn)
        except (ConsoleError, AssertionError) as error:
            failed += 1
            print(f"kill {turn} in {folder}: {error}", flush=True)
            if arguments.keep:
                continue
        shutil.rmtree(folder)
    if not (failed and arguments.keep):
        shutil.rmtree(base)
    print(f"{arguments.count} kills, {operations} operations that were flushed, {failed} failed")
    assert operations > 0, "nothing was flushed: the host is too slow for this test to say anything"
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
