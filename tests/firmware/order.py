#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Of two disks that a system could start from firmware takes the one that it is told to.

    order.py --emulator COMMAND [--suite bookworm|trixie] [--firmware flash|found] --expect first|second OPTION...

The options are those of the emulator; they connect the drives `first` and `second`. Firmware that is to be found is where
-L says, and is not named.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "boot"))
from console import Console, ConsoleError  # noqa: E402
from firmware import firmware_folder  # noqa: E402
from media import make_disk  # noqa: E402


MENU = """set timeout=0
menuentry "{name}" {{
  echo "The {name} disk."
  halt
}}
"""


def firmware_options(arguments, folder, firmware):
    if arguments.firmware == "found":
        (folder / "AAVMF_CODE.fd").symlink_to(firmware / "code.fd")
        return ["-L", folder]
    return ["-drive", f"if=pflash,format=raw,file={firmware / 'code.fd'},readonly=on"]


def boot(arguments, folder):
    firmware = firmware_folder(arguments.suite)
    command = [
        *shlex.split(arguments.emulator),
        *("-M", "virt", "-m", "256", "-nographic", "-no-reboot", "-nic", "none"),
        *firmware_options(arguments, folder, firmware),
    ]
    for name in ("first", "second"):
        disk = make_disk(folder / f"{name}.img", 40 << 20, firmware / "grub.efi", MENU.format(name=name))
        command += ["-drive", f"if=none,id={name},format=raw,file={disk}"]
    with Console([*command, *arguments.options], arguments.timeout) as console:
        if arguments.firmware == "found":
            console.wait_for("note: the firmware is '.*AAVMF_CODE.fd'")
        console.wait_for("Welcome to GRUB")
        console.wait_for("The (first|second) disk.")
        found = console.output[: console.seen].rsplit(b"The ", 1)[1].split()[0].decode()
        if found != arguments.expect:
            console.fail(f"started from the {found} disk")
        if (status := console.wait_for_end()) != 0:
            console.fail(f"ended with {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    parser.add_argument("--suite", default="bookworm", choices=["bookworm", "trixie"])
    parser.add_argument("--firmware", default="flash", choices=["flash", "found"])
    parser.add_argument("--expect", required=True, choices=["first", "second"])
    parser.add_argument("--timeout", type=float, default=100)
    arguments, arguments.options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            boot(arguments, Path(folder))
        except ConsoleError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
