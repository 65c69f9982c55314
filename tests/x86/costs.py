#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What microvm costs under KVM: time to the first instruction, memory beside the guest's, processor time of each exit.

    costs.py --emulator COMMAND [--other COMMAND] [--rounds N] [--check]

COMMAND is the emulator with what it needs to know besides; "--other 'qemu-system-x86_64 -no-user-config -cpu host
-M microvm,acpi=off,x-option-roms=off,rtc=off,pit=on,pic=on'" is measured in turn with it. With --check, what every host keeps to
is looked at. Ends with 77 where KVM cannot be used, with the reason.
"""

import argparse
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from microvm import SKIPPED, build

EXITS = 20000
RAM_MIB = 64
MOST_PRIVATE_MIB = 8


class Machine:
    def __init__(self, command, kernel, *words):
        begin = time.perf_counter()
        common = ["-accel", "kvm", "-nodefaults", "-display", "none", "-serial", "stdio", "-m", str(RAM_MIB), "-kernel", str(kernel)]
        self.process = subprocess.Popen([*shlex.split(command), *common, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.expect(b"!")
        self.start_ms = (time.perf_counter() - begin) * 1000

    def expect(self, character):
        got = os.read(self.process.stdout.fileno(), 1)
        if got != character:
            sys.exit(f"{self.process.args}: printed {got}")

    def processor_us(self):
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000

    def private_mib(self):
        """Without what maps exactly the guest's memory."""
        kib, size = 0, 0
        for line in Path(f"/proc/{self.process.pid}/smaps").read_text().splitlines():
            if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
                size = int(match[2], 16) - int(match[1], 16)
            elif line.startswith("Private_") and size != RAM_MIB << 20:
                kib += int(line.split()[1])
        return kib / 1024

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def start(command, kernel):
    machine = Machine(command, kernel)
    time.sleep(0.05)
    found = {"start, ms": machine.start_ms, "private, MiB": machine.private_mib()}
    machine.end()
    return found


def leave(command, kernel, how):
    machine = Machine(command, kernel, "-append", how)
    before = machine.processor_us()
    machine.expect(b".")
    cost = (machine.processor_us() - before) / EXITS
    machine.end()
    return cost


def measure(command, kernel):
    found = start(command, kernel)
    for how, name in (("p", "a port"), ("m", "virtio-mmio"), ("s", "the serial port")):
        found[f"{name}, us"] = leave(command, kernel, how)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--other")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("left out: /dev/kvm cannot be used here")
        sys.exit(SKIPPED)
    commands = [f"{arguments.emulator} -M microvm", *([arguments.other] if arguments.other else [])]
    with tempfile.TemporaryDirectory() as name:
        kernel = build(Path(name), "exits")
        rounds = [[measure(command, kernel) for command in commands] for _ in range(arguments.rounds)]
    for index, command in enumerate(commands):
        print(command)
        for what in rounds[0][index]:
            values = [one[index][what] for one in rounds]
            print(f"  {what:24} median {statistics.median(values):8.2f}  least {min(values):8.2f}")
    private = min(one[0]["private, MiB"] for one in rounds)
    if arguments.check and private > MOST_PRIVATE_MIB:
        sys.exit(f"{private:.1f} MiB of private memory; {MOST_PRIVATE_MIB} is what there may be")


if __name__ == "__main__":
    main()
