# SPDX-License-Identifier: Apache-2.0
"""Machines for these tests: Debian's kernel with a shell on a terminal, a control socket, and programs of our own."""

import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "boot"), str(HERE.parent / "control")]

from boot import PROMPT, guest_folder  # noqa: E402
from console import Console, ConsoleError  # noqa: E402,F401
from qmp import Client  # noqa: E402


def initrd_with(folder, *programs):
    """An initramfs with the modules that devices need and `programs` in /. Archives follow each other at multiples of 4."""
    archive = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet", "-D", programs[0].parent],
        input="\n".join(program.name for program in programs).encode(), stdout=subprocess.PIPE, check=True,
    ).stdout
    first = (guest_folder("bookworm") / "initrd-devices").read_bytes()
    path = folder / "initrd"
    path.write_bytes(first + bytes(-len(first) % 4) + archive)
    return path


def command_line(emulator, *options, initrd=None):
    guest = guest_folder("bookworm")
    return [
        *shlex.split(emulator),
        *("-M", "virt", "-nographic", "-no-reboot"),
        *("-kernel", str(guest / "kernel"), "-initrd", str(initrd or guest / "initrd-devices")),
        *("-append", "console=ttyAMA0 quiet"),
        *map(str, options),
    ]


class Control(Client):
    """A client of the control socket, past the negotiation, that remembers which devices have gone."""

    def __init__(self, path, process):
        self.gone = set()
        super().__init__(path, process)
        self.value("qmp_capabilities")

    def read(self):
        message = super().read()
        if message.get("event") == "DEVICE_DELETED":
            self.gone.add(message["data"].get("device"))
        return message

    def wait_until_gone(self, *devices):
        while not self.gone.issuperset(devices):
            self.read()
        self.gone.difference_update(devices)
        self.events.clear()


def ask(console, command, answer):
    """Has the guest's shell run a command that prints a line like `answer`; the match."""
    console.type(command + "\n")
    match = console.wait_for(rf"\n{answer}\r*\n")
    console.wait_for(PROMPT)
    return match
