# SPDX-License-Identifier: Apache-2.0
"""Media that UEFI firmware starts GRUB from: a FAT file system as a whole disk, and a CD."""

import os
import subprocess


def make_disk(path, size, grub, menu, files=()):
    """A FAT file system of `size` bytes, as removable media are: Debian's GRUB, its menu's text, and `files`, pairs of a file and its name there."""
    path.touch()
    os.truncate(path, size)
    at = ("-i", path)
    subprocess.run(["mformat", *at, "-F", "::"], check=True)
    subprocess.run(["mmd", *at, "::/EFI", "::/EFI/BOOT", "::/EFI/debian"], check=True)
    subprocess.run(["mcopy", *at, "-", "::/EFI/debian/grub.cfg"], input=menu.encode(), check=True)
    for source, name in [(grub, "EFI/BOOT/BOOTAA64.EFI"), *files]:
        subprocess.run(["mcopy", *at, source, f"::/{name}"], check=True)
    return path


def make_cd(path, grub, menu, files):
    """An ISO 9660 file system with `files` and what Debian's GRUB looks for on a CD; its El Torito record (UEFI 2.10, 13.3.2.1) names a
    FAT file system with GRUB in it."""
    boot = make_disk(path.with_suffix(".boot"), 40 << 20, grub, "")
    config = path.with_suffix(".cfg")
    config.write_text(menu)
    contents = [(boot, "boot.img"), (config, "boot/grub/grub.cfg"), (config, ".disk/info"), *files]
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", path, "-e", "boot.img", "-no-emul-boot", "-graft-points"]
    subprocess.run([*command, *(f"{name}={source}" for source, name in contents)], check=True)
    return path
