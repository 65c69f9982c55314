# SPDX-License-Identifier: Apache-2.0
"""Disks by NVMe: data is written and read back, given back, and namespaces and their controller come and go."""

import hashlib
import os

from boot import PROMPT

SIZE = 64 << 20
DATA = os.urandom(4 << 20)

OPTIONS = [
    *("-nic", "none", "-smp", "2"),
    *("-drive", "file={folder}/data.img,format=raw,if=none,id=data,readonly=on"),
    *("-device", "nvme,drive=data,serial=D4T4"),
    *("-drive", "file={folder}/work.img,format=raw,if=none,id=work,cache=none,discard=unmap"),
    *("-drive", "file={folder}/more.img,format=raw,if=none,id=more"),
    *("-device", "pcie-root-port,id=port1,slot=1"),
    *("-device", "nvme,id=ctrl,drive=work,serial=W0RK,bus=port1,max_ioqpairs=2"),
    *("-device", "nvme-ns,id=second,drive=more,bus=ctrl,logical_block_size=4096"),
]


def prepare(folder):
    (folder / "data.img").write_bytes(DATA)
    for name in ("work.img", "more.img"):
        (folder / name).write_bytes(b"")
        os.truncate(folder / name, SIZE)


def monitor(console, command):
    console.type("\x01c")
    console.wait_for(r"\(qemu\) ")
    console.type(command + "\n")
    console.wait_for(r"[^\n]*\n[^\n]*\(qemu\) ")
    console.type("\x01c")


def wait_in_guest(console, condition, word):
    console.type(f"until {condition}; do sleep 0.1; done; echo {word}\n")
    console.wait_for(rf"\n{word}\r*\n")
    console.wait_for(PROMPT)


def namespace_and_controller_go(console):
    monitor(console, "device_del second")
    wait_in_guest(console, "[ ! -e /dev/${W}n2 ]", "one")
    monitor(console, "device_add nvme-ns,id=third,drive=more,bus=ctrl,nsid=5")
    wait_in_guest(console, "[ -e /dev/${W}n2 ]", "again")
    monitor(console, "device_del ctrl")
    wait_in_guest(console, "[ ! -e /dev/${W}n1 ]", "none")


CHECKS = [
    ("for c in nvme0 nvme1; do case $(cat /sys/class/nvme/$c/serial) in D4T4*) D=$c;; *) W=$c;; esac; done; ls /dev/nvme*n? | wc -l", "3"),
    ("sha256sum /dev/${D}n1", hashlib.sha256(DATA).hexdigest() + "  /dev/nvme.n1"),
    ("cat /sys/block/${D}n1/ro /sys/block/${W}n2/queue/logical_block_size | tr '\\n' -; echo", "1-4096-"),
    ("for n in 1 2; do dd if=/dev/${D}n1 of=/dev/${W}n$n bs=256k seek=16 2> /dev/null; done; sync; echo $?", "0"),
    ("echo 3 > /proc/sys/vm/drop_caches; for n in 1 2; do dd if=/dev/${W}n$n bs=1M skip=4 count=4 2> /dev/null | cmp - /dev/${D}n1; echo $?; done | tr '\\n' -; echo", "0-0-"),
    ("mke2fs -b 4096 /dev/${W}n2 > /dev/null; mkdir -p /mnt; mount -t ext4 /dev/${W}n2 /mnt; seq 100000 > /mnt/numbers; umount /mnt; mount -t ext4 /dev/${W}n2 /mnt; md5sum < /mnt/numbers; umount /mnt",
     hashlib.md5(b"".join(b"%d\n" % i for i in range(1, 100001))).hexdigest() + "  -"),
    ("blkdiscard /dev/${W}n1; dd if=/dev/${W}n1 bs=1M 2> /dev/null | tr -d '\\0' | wc -c", "0"),
    ("dd if=/dev/zero of=/dev/${D}n1 count=1 2> /dev/null; echo $?", "1"),
    ("grep -c 'MSI.*nvme' /proc/interrupts", "6"),
    namespace_and_controller_go,
]


def check(folder):
    assert (folder / "data.img").read_bytes() == DATA, "a read-only disk was written"
    assert os.stat(folder / "work.img").st_blocks * 512 < 1 << 20, "discarded blocks were not given back"
