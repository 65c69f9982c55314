# SPDX-License-Identifier: Apache-2.0
"""The host's file system fills up while a guest writes: the machine pauses, goes on when there is room, and no data is lost."""

import ctypes
import os
import subprocess
import time
from pathlib import Path

from boot import PROMPT

MIB = 1 << 20
SIZE = 16 * MIB
WRITTEN = 8 * MIB
ROOM = 3 * MIB  # that the host has at first
FULL = Path("/mnt")  # a small file system there is seen by this process and the emulator only
BALLAST = FULL / "ballast"

OPTIONS = [
    *("-nic", "none"),
    # What is preset: pauses if the host is full.
    *("-drive", f"if=none,id=plain,file={FULL}/plain.img,format=raw"),
    *("-device", "virtio-blk-pci,drive=plain,serial=PLAIN"),
    *("-blockdev", f"driver=qcow2,node-name=image,file.driver=file,file.filename={FULL}/image.qcow2"),
    *("-device", "virtio-scsi-pci,id=scsi"),
    *("-device", "scsi-hd,drive=image,serial=IMAGE,rerror=stop,werror=stop"),
    *("-drive", f"if=none,id=express,file={FULL}/express.qcow2,format=qcow2,werror=stop,cache=writethrough,aio=threads"),
    *("-device", "nvme,drive=express,serial=EXPRESS"),
    *("-drive", f"if=none,id=told,file={FULL}/told.img,format=raw,werror=report"),
    *("-device", "virtio-blk-pci,drive=told,serial=TOLD"),
]


def make_small_file_system():
    """In a mount name space of our own, and in one of users if we may not do that otherwise."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, new_users, private = 0x20000, 0x10000000, (1 << 18) | (1 << 14)
    if libc.unshare(new_mounts) != 0:
        uid, gid = os.getuid(), os.getgid()
        assert libc.unshare(new_mounts | new_users) == 0, "no name space for mounts"
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    assert libc.mount(b"none", b"/", None, private, None) == 0, os.strerror(ctypes.get_errno())
    assert libc.mount(b"tmpfs", str(FULL).encode(), b"tmpfs", 0, b"size=64m") == 0, os.strerror(ctypes.get_errno())


def prepare(_folder):
    make_small_file_system()
    for name in ("plain.img", "told.img"):
        (FULL / name).touch()
        os.truncate(FULL / name, SIZE)
    for name in ("image.qcow2", "express.qcow2"):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", FULL / name, str(SIZE)], check=True)


def leave_room(room):
    state = os.statvfs(FULL)
    with open(BALLAST, "wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, state.f_bavail * state.f_frsize - room)


def pattern(disk):
    return f"{disk:7}\n".encode() * (WRITTEN // 8)


def write(console, disk):
    console.type(f"yes '{disk:7}' | dd of=/dev/{disk} bs=64k count={WRITTEN // 65536} iflag=fullblock conv=fsync 2> /dev/null; echo wrote $?\n")


def wait_until_paused(console):
    console.type("\x01c")
    status = ""
    while "paused (io-error)" not in status:
        time.sleep(0.1)
        console.wait_for(r"\(qemu\) ")
        console.type("info status\n")
        status = console.wait_for(r"VM status: [^\n]*\n")[0].decode()
    console.type("\x01c")


def fills_up(disk):
    def run(console):
        leave_room(ROOM)
        write(console, disk)
        wait_until_paused(console)
        console.monitor("cont")  # in vain: there is still no room
        wait_until_paused(console)
        os.unlink(BALLAST)
        console.monitor("cont")
        console.wait_for(r"\nwrote 0\r*\n")
        console.wait_for(PROMPT)

    return run


def guest_is_told(console):
    leave_room(ROOM)
    write(console, "vdb")
    console.wait_for(r"\nwrote 1\r*\n")
    console.wait_for(PROMPT)
    os.unlink(BALLAST)


CHECKS = [fills_up("vda"), fills_up("sda"), fills_up("nvme0n1"), guest_is_told]


def check(folder):
    for disk, name, image_format in (("vda", "plain.img", "raw"), ("sda", "image.qcow2", "qcow2"), ("nvme0n1", "express.qcow2", "qcow2")):
        if image_format == "qcow2":
            subprocess.run(["qemu-img", "check", "-q", FULL / name], check=True)
        subprocess.run(["qemu-img", "convert", "-f", image_format, "-O", "raw", FULL / name, folder / "raw"], check=True)
        content = (folder / "raw").read_bytes()
        assert content == pattern(disk) + bytes(SIZE - WRITTEN), f"{name} does not hold what the guest wrote"
