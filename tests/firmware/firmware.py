#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's UEFI firmware to its shell, sets a variable there, switches off, and finds it in a new machine.

    firmware.py --emulator COMMAND [--suite bookworm|trixie] [--option OPTION...]

Then firmware given with -bios starts Debian's kernel, with an initrd and a command line, until that switches off, and
each kill of the emulator in the middle of changes of variables leaves a store that the firmware takes, with what
the shell was told is set.
"""

import argparse
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "boot"))
from console import Console, ConsoleError  # noqa: E402

TOOLS = Path(__file__).parents[2] / "tools"
GUID = "6b656c76-696e-4b65-8c76-696e6b656c76"


def firmware_folder(suite):
    return Path(subprocess.run([TOOLS / "fetch-firmware", suite], stdout=subprocess.PIPE, check=True).stdout.decode().strip())


class Machine:
    def __init__(self, arguments, firmware, variables):
        self.command = [
            *shlex.split(arguments.emulator),
            *("-M", arguments.machine, "-cpu", arguments.cpu, "-m", "256", "-smp", arguments.smp, "-nographic"),
            *("-nic", "none", "-no-reboot"),
            *("-drive", f"if=pflash,format=raw,file={firmware / 'code.fd'},readonly=on"),
            *("-drive", f"if=pflash,format=raw,file={variables}"),
            *arguments.option,
        ]
        self.timeout = arguments.timeout

    def shell(self):
        """A console at the shell's prompt."""
        console = Console(self.command, self.timeout)
        console.wait_for("any other key")
        console.type(" ")
        console.wait_for("Shell> ")
        return console


def run(console, command):
    """What the shell prints about `command`."""
    console.type(command + "\r")
    start = console.seen
    console.wait_for("Shell> ")
    return console.output[start : console.seen].decode(errors="replace")


def expect(console, name, value):
    answer = run(console, f"setvar {name} -guid {GUID}")
    if value not in answer:
        console.fail(f"{name} is not {value}")


def set_and_keep(machine):
    started = time.monotonic()
    with machine.shell() as console:
        print(f"shell after {time.monotonic() - started:.1f} s")
        run(console, f"setvar Kelvin -guid {GUID} -nv -bs -rt =0x4b454c56")
        expect(console, "Kelvin", "56 4C 45 4B")
        console.type("reset -s\r")
        if (status := console.wait_for_end()) != 0:
            console.fail(f"ended with {status}")
    with machine.shell() as console:
        expect(console, "Kelvin", "56 4C 45 4B")


def start_kernel(arguments, firmware):
    guest = subprocess.run([TOOLS / "fetch-guest", arguments.suite], stdout=subprocess.PIPE, check=True).stdout
    guest = Path(guest.decode().strip())
    command = [
        *shlex.split(arguments.emulator),
        *("-M", arguments.machine, "-cpu", arguments.cpu, "-m", "512", "-smp", arguments.smp, "-nographic"),
        *("-nic", "none", "-no-reboot", "-bios", firmware / "bios.fd"),
        *("-kernel", guest / "kernel", "-initrd", guest / "initrd"),
        *("-append", "console=ttyAMA0 rdinit=/bin/busybox -- poweroff -f"),
    ]
    with Console(command, arguments.timeout) as console:
        console.wait_for("EFI stub: Loaded initrd")
        console.wait_for("efi: EFI v2")
        if (status := console.wait_for_end()) != 0:
            console.fail(f"ended with {status}")


def kill_between(machine, times):
    for number in range(times):
        value = f"{number:02X}"
        with machine.shell() as console:
            run(console, f"setvar Count -guid {GUID} -nv -bs =0x{value * 4}")
            expect(console, "Count", " ".join([value] * 4))
            console.type(f"setvar Other -guid {GUID} -nv -bs =0x{value * 64}\r")
            time.sleep(0.02 * number)
            console.process.send_signal(signal.SIGKILL)
            console.process.wait()
        with machine.shell() as console:
            expect(console, "Count", " ".join([value] * 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    parser.add_argument("--suite", default="bookworm", choices=["bookworm", "trixie"])
    parser.add_argument("--machine", default="virt")
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--smp", default="1")
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--kills", type=int, default=0, help="how often to end it in the middle of a change")
    parser.add_argument("--option", action="append", default=[], help="one more argument for the emulator")
    arguments = parser.parse_args()
    firmware = firmware_folder(arguments.suite)
    with tempfile.TemporaryDirectory() as folder:
        variables = Path(folder, "vars.fd")
        subprocess.run(["cp", "--sparse=always", firmware / "vars.fd", variables], check=True)
        machine = Machine(arguments, firmware, variables)
        try:
            set_and_keep(machine)
            start_kernel(arguments, firmware)
            kill_between(machine, arguments.kills)
        except ConsoleError as error:
            sys.exit(f"{shlex.join(machine.command)}\n{error}")
    print("passed")


if __name__ == "__main__":
    main()
