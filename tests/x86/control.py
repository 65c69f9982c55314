#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What QMP says of x86 machines, and that they stop, go on, are reset and end as often as one likes.

    control.py --emulator COMMAND [--rounds N]

Ends with 77 where KVM cannot be used, with the reason.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from microvm import SKIPPED, build


class Machine:
    def __init__(self, emulator, *words):
        command = [*shlex.split(emulator), "-nodefaults", "-display", "none", "-qmp", "stdio", *map(str, words)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.read()
        self("qmp_capabilities")

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args} has ended with {self.process.wait()}")
        return json.loads(line)

    def __call__(self, command, **arguments):
        self.process.stdin.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        while "event" in (answer := self.read()):
            pass
        if "return" not in answer:
            sys.exit(f"{command}: {answer}")
        return answer["return"]

    def quit(self):
        self("quit")
        if self.process.wait(timeout=30) != 0:
            sys.exit(f"it ended with {self.process.returncode}")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def private_kib(self):
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))


def expect(condition, *what):
    if not condition:
        sys.exit(f"not as expected: {what}")


def ask(emulator):
    machine = Machine(emulator, "-M", "none")
    expect(machine("query-target") == {"arch": "x86_64"})
    expect(machine("query-kvm") == {"enabled": True, "present": True})
    definitions = {one["name"]: one for one in machine("query-cpu-definitions")}
    expect(definitions["Haswell-noTSX"]["alias-of"] == "Haswell-v2", definitions["Haswell-noTSX"])
    expect(definitions["base"]["unavailable-features"] == [], definitions["base"])
    host = machine("query-cpu-model-expansion", type="static", model={"name": "host"})["model"]
    expect(host["name"] == "base" and host["props"]["fpu"] is True and not host["props"]["invtsc"], host)
    haswell = machine("query-cpu-model-expansion", type="full", model={"name": "Haswell", "props": {"avx2": False}})["model"]
    props = haswell["props"]
    expect((props["avx2"], props["bmi2"], props["family"], props["model"]) == (False, True, 6, 60), props)
    names = [one["name"] for one in machine("query-machines")]
    expect("microvm" in names and "pc-q35-10.0" in names, names)
    machine.quit()


def drive(emulator, kernel, rounds):
    machine = Machine(emulator, "-M", "microvm,hpet=off,vmport=auto", "-smp", "2,sockets=1,cores=1,threads=2", "-m", "64", "-kernel", kernel, "-S")
    cpus = machine("query-cpus-fast")
    expect([one["props"] for one in cpus] == [{"core-id": 0, "socket-id": 0, "thread-id": n} for n in range(2)], cpus)
    before = None
    for round_ in range(rounds):
        machine("cont")
        expect(machine("query-status")["running"], "running")
        machine("stop")
        expect("RIP=" in machine("human-monitor-command", **{"command-line": "info registers"}), "registers")
        machine("system_reset")
        if round_ == rounds // 10:
            before = (machine.descriptors(), machine.private_kib())
    after = (machine.descriptors(), machine.private_kib())
    expect(before[0] == after[0] and after[1] < before[1] + 1024, "what it holds", before, after)
    machine.quit()


def lose(emulator, kernel):
    """What KVM cannot execute stops the machine, not the process."""
    machine = Machine(emulator, "-M", "microvm", "-m", "64", "-kernel", kernel)
    for _ in range(2):
        end = time.monotonic() + 30
        while machine("query-status")["status"] == "running" and time.monotonic() < end:
            time.sleep(0.01)
        status = machine("query-status")
        expect(status == {"running": False, "status": "internal-error"}, status)
        expect("RIP=00000000e0000000" in machine("human-monitor-command", **{"command-line": "info registers"}), "registers")
        machine("system_reset")
        expect(machine("query-status")["status"] == "paused", machine("query-status"))
        machine("cont")
    machine.quit()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("left out: /dev/kvm cannot be used here")
        sys.exit(SKIPPED)
    ask(arguments.emulator)
    with tempfile.TemporaryDirectory() as name:
        kernel = build(Path(name))
        drive(arguments.emulator, kernel, arguments.rounds)
        lose(arguments.emulator, build(Path(name), "lost"))
        for _ in range(max(1, arguments.rounds // 10)):
            Machine(arguments.emulator, "-M", "microvm", "-m", "64", "-kernel", kernel, "-S").quit()
    print(f"an x86 machine was stopped and reset {arguments.rounds} times")


if __name__ == "__main__":
    main()
