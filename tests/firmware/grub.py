#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's UEFI firmware finds a disk, starts GRUB from it, and GRUB Debian's kernel, whose shell sees the same disk.

    grub.py --emulator COMMAND --option OPTION... [--suite bookworm|trixie]

The options are those of the emulator; they connect the drive `disk`.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "boot"))
from boot import PROMPT, guest_folder  # noqa: E402
from console import Console, ConsoleError  # noqa: E402
from firmware import firmware_folder  # noqa: E402
from media import make_disk  # noqa: E402

MENU = """set timeout=0
menuentry "linux" {
  linux /kernel console=ttyAMA0 quiet
  initrd /initrd
}
"""


def ask(console, line, answer):
    console.type(line + "\n")
    console.wait_for(rf"\n{answer}\r*\n")
    console.wait_for(PROMPT)


def check_description(console, described_by):
    """The system knows its hardware from where it is to know it, and has nothing to say against that."""
    if described_by == "tree":
        ask(console, "ls /proc/device-tree/psci/method; ls /sys/firmware/acpi | wc -l", r"/proc/device-tree/psci/method\r*\n.*\n*0")
        return
    ask(console, "ls -d /sys/firmware/acpi/tables/APIC /proc/device-tree/psci 2>/dev/null", "/sys/firmware/acpi/tables/APIC")
    ask(console, "dmesg | grep -ciE '(ACPI|AML).*(error|warning|bug|invalid|unable|fail)'", "0")
    ask(console, "grep -q MSI /proc/interrupts; echo $?; cat /sys/class/rtc/rtc0/name", r"0\r*\nrtc-efi rtc-efi.0")
    ask(console, "cat /sys/class/dmi/id/product_name /sys/class/dmi/id/product_version", r"QEMU Virtual Machine\r*\nvirt-10.0")
    # Ctrl-A c is the monitor, and back.
    console.type("\x01c")
    console.wait_for(r"\(qemu\) ")
    console.type("system_powerdown\n")
    console.wait_for(r"\(qemu\) ")
    console.type("\x01c")
    ask(console, "", "")
    ask(console, "sleep 1; awk '/ACPI:Ged/ {print $2 + $3}' /proc/interrupts", "1")


def boot(arguments, folder):
    firmware = firmware_folder(arguments.suite)
    guest = guest_folder(arguments.suite)
    variables = folder / "vars.fd"
    subprocess.run(["cp", "--sparse=always", firmware / "vars.fd", variables], check=True)
    files = [(guest / "kernel", "kernel"), (guest / "initrd-devices", "initrd")]
    disk = make_disk(folder / "disk.img", 96 << 20, firmware / "grub.efi", MENU, files)
    command = [
        *shlex.split(arguments.emulator),
        *("-M", "virt", "-m", "512", "-nographic", "-no-reboot", "-nic", "none"),
        *("-drive", f"if=pflash,format=raw,file={firmware / 'code.fd'},readonly=on"),
        *("-drive", f"if=pflash,format=raw,file={variables}"),
        *("-drive", f"if=none,id=disk,format=raw,file={disk}"),
        *arguments.option,
    ]
    with Console(command, arguments.timeout) as console:
        console.wait_for("Welcome to GRUB")
        console.wait_for(PROMPT)
        console.type("test -d /sys/firmware/efi; echo $?; mkdir /mnt; mount -t vfat $(ls /dev/[sv]da /dev/nvme0n1 2> /dev/null) /mnt; ls /mnt/EFI/debian\n")
        console.wait_for(r"\n0\r*\ngrub\.cfg\r*\n")
        console.wait_for(PROMPT)
        check_description(console, arguments.described_by)
        console.type("umount /mnt; poweroff\n")
        status = console.wait_for_end()
        if status != 0:
            console.fail(f"ended with {status} after poweroff; 0 was expected")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    parser.add_argument("--suite", default="bookworm", choices=["bookworm", "trixie"])
    parser.add_argument("--option", action="append", default=[], help="one more argument for the emulator")
    parser.add_argument("--described-by", default="acpi", choices=["acpi", "tree"], help="what the system is to learn of hardware by")
    parser.add_argument("--timeout", type=float, default=150)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            boot(arguments, Path(folder))
        except ConsoleError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
