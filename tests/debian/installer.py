#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's installer starts, asks for a language, and having one asks the next question.

    installer.py --emulator COMMAND [--network]

The kernel is started directly or, with --network, by GRUB, which the UEFI firmware loads by TFTP from the user network.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "boot"), str(TESTS / "firmware")]
from console import Console, ConsoleError  # noqa: E402
from firmware import firmware_folder  # noqa: E402


def installer_folder():
    fetch = subprocess.run([TESTS.parent / "tools/fetch-installer"], stdout=subprocess.PIPE, text=True, check=False)
    if fetch.returncode:
        raise ConsoleError("tools/fetch-installer failed, see above")
    return Path(fetch.stdout.strip())


def sources(network, installer, folder):
    """The options that say where the installer comes from."""
    if not network:
        return [
            *("-kernel", installer / "debian-installer/arm64/linux", "-initrd", installer / "debian-installer/arm64/initrd.gz"),
            *("-append", "console=ttyAMA0 quiet", "-nic", "user,model=virtio-net-pci"),
        ]
    firmware = firmware_folder("bookworm")
    variables = folder / "vars.fd"
    subprocess.run(["cp", "--sparse=always", firmware / "vars.fd", variables], check=True)
    return [
        *("-drive", f"if=pflash,format=raw,file={firmware / 'code.fd'},readonly=on", "-drive", f"if=pflash,format=raw,file={variables}"),
        *("-netdev", f"user,id=net,tftp={installer},bootfile=/debian-installer/arm64/bootnetaa64.efi"),
        *("-device", "virtio-net-pci,netdev=net"),
    ]


def run(arguments, folder):
    words = sources(arguments.network, installer_folder(), folder)
    command = [*shlex.split(arguments.emulator), *("-M", "virt", "-cpu", "max", "-m", "1G", "-nographic", "-no-reboot"), *map(str, words), *arguments.option]
    with Console(command, arguments.timeout) as console:
        try:
            if arguments.network:
                console.wait_for("Advanced options")
                console.type("\r")
            console.wait_for("Select a language")
            console.wait_for("English")
            console.type("\r")
            console.wait_for("Select your location")
        finally:
            if arguments.log:
                Path(arguments.log).write_bytes(console.output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--option", action="append", default=[], help="one more argument for the emulator")
    parser.add_argument("--log", help="a file that gets what the console printed")
    parser.add_argument("--timeout", type=float, default=240)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(arguments, Path(folder))
        except ConsoleError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
