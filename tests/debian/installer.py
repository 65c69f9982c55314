#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's installer starts, asks for a language, and having one asks the next question.

    installer.py --emulator COMMAND [--from kernel|network|disk|cd]

The kernel is started directly or by GRUB, which the UEFI firmware loads by TFTP from the user network, from a virtio disk, or from a CD.
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
from media import make_cd, make_disk  # noqa: E402

MENU = """set timeout=0
menuentry "installer" {
  linux /linux console=ttyAMA0 quiet
  initrd /initrd.gz
}
"""


def installer_folder():
    fetch = subprocess.run([TESTS.parent / "tools/fetch-installer"], stdout=subprocess.PIPE, text=True, check=False)
    if fetch.returncode:
        raise ConsoleError("tools/fetch-installer failed, see above")
    return Path(fetch.stdout.strip())


def system_files(installer):
    return [(installer / "debian-installer/arm64" / name, name) for name in ("linux", "initrd.gz")]


def direct(installer, _firmware, _folder):
    (kernel, _), (initrd, _) = system_files(installer)
    return ["-kernel", kernel, "-initrd", initrd, "-append", "console=ttyAMA0 quiet", "-nic", "user,model=virtio-net-pci"]


def network(installer, _firmware, _folder):
    return [
        *("-netdev", f"user,id=net,tftp={installer},bootfile=/debian-installer/arm64/bootnetaa64.efi"),
        *("-device", "virtio-net-pci,netdev=net"),
    ]


def disk(installer, firmware, folder):
    image = make_disk(folder / "disk.img", 160 << 20, firmware / "grub.efi", MENU, system_files(installer))
    return ["-drive", f"if=none,id=disk,format=raw,readonly=on,file={image}", "-device", "virtio-blk-pci,drive=disk", "-nic", "none"]


def cd(installer, firmware, folder):
    image = make_cd(folder / "cd.iso", firmware / "grub.efi", MENU, system_files(installer))
    return [
        *("-drive", f"if=none,id=cd,media=cdrom,format=raw,file={image}"),
        *("-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=cd", "-nic", "none"),
    ]


SOURCES = {"kernel": direct, "network": network, "disk": disk, "cd": cd}


def firmware_options(firmware, folder):
    variables = folder / "vars.fd"
    subprocess.run(["cp", "--sparse=always", firmware / "vars.fd", variables], check=True)
    return ["-drive", f"if=pflash,format=raw,file={firmware / 'code.fd'},readonly=on", "-drive", f"if=pflash,format=raw,file={variables}"]


def run(arguments, folder):
    firmware = firmware_folder("bookworm")
    words = SOURCES[arguments.source](installer_folder(), firmware, folder)
    if arguments.source != "kernel":
        words += firmware_options(firmware, folder)
    command = [*shlex.split(arguments.emulator), *("-M", "virt", "-cpu", "max", "-m", "1G", "-nographic", "-no-reboot"), *map(str, words), *arguments.option]
    with Console(command, arguments.timeout) as console:
        try:
            if arguments.source == "network":
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
    parser.add_argument("--from", dest="source", default="kernel", choices=list(SOURCES))
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
