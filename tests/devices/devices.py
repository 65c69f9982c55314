#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's kernel with one kind of device and uses it from the guest's shell.

    devices.py --emulator COMMAND --case NAME [--suite bookworm|trixie] [--machine virt] [--option OPTION]...

A case is a file cases/NAME.py with OPTIONS (words of the command line) and CHECKS: pairs of a shell command and what it
must print on lines of its own, as a regular expression, or a function that is given the console. It may define prepare(folder), which makes files that OPTIONS name
as {folder}/FILE, and check(folder), called when the machine is off.
"""

import argparse
import importlib.util
import shlex
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "boot"))

from boot import PROMPT, guest_folder  # noqa: E402
from console import Console, ConsoleError  # noqa: E402


def load_case(name):
    spec = importlib.util.spec_from_file_location(name, HERE / "cases" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command_line(arguments, case, folder):
    guest = guest_folder(arguments.suite)
    return [
        *shlex.split(arguments.emulator),
        *("-M", arguments.machine, "-m", "512", "-nographic", "-no-reboot"),
        *("-kernel", str(guest / "kernel"), "-initrd", str(guest / "initrd-devices")),
        *("-append", "console=ttyAMA0 quiet"),
        *(option.format(folder=folder) for option in [*case.OPTIONS, *arguments.option]),
    ]


def run(arguments, case, folder):
    with Console(command_line(arguments, case, folder), arguments.timeout) as console:
        console.wait_for(PROMPT)
        for check in case.CHECKS:
            if callable(check):
                check(console)
                continue
            line, answer = check
            console.type(line + "\n")
            console.wait_for(rf"\n{answer}\r*\n")
            console.wait_for(PROMPT)
        console.type("dmesg | grep -c -e 'Call trace' -e 'WARNING:' -e 'BUG:'\n")
        console.wait_for(r"\n0\r*\n")
        console.type("poweroff\n")
        status = console.wait_for_end()
        if status != 0:
            console.fail(f"ended with {status} after poweroff; 0 was expected")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--case", required=True)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--machine", default="virt")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--timeout", type=float, default=120)
    arguments = parser.parse_args()
    case = load_case(arguments.case)
    try:
        with tempfile.TemporaryDirectory() as folder:
            if hasattr(case, "prepare"):
                case.prepare(Path(folder))
            run(arguments, case, folder)
            if hasattr(case, "check"):
                case.check(Path(folder))
    except (ConsoleError, AssertionError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
