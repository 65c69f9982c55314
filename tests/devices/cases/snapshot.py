# SPDX-License-Identifier: Apache-2.0
"""External snapshots while a guest writes: each image holds what was written by then, and the last shows all of it."""

import subprocess

from boot import PROMPT

MIB = 1 << 20
SIZE = 32 * MIB
ROUNDS = 3

OPTIONS = [
    *("-nic", "none"),
    *("-drive", "if=none,id=disk,file={folder}/0.qcow2,format=qcow2"),
    *("-device", "virtio-blk-pci,drive=disk"),
]
made = {}


def prepare(folder):
    made["folder"] = folder
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", folder / "0.qcow2", str(SIZE)], check=True)


def write(console, word, seek):
    console.type(f"yes {word} | dd of=/dev/vda bs=64k count=64 seek={seek} iflag=fullblock conv=notrunc,fsync 2> /dev/null; echo wrote $?\n")


def grow_while_writing(console):
    for turn in range(ROUNDS):
        write(console, f"word000{turn + 1}"[-7:], turn * 64)
        console.wait_for(r"\n")
        console.monitor(f"snapshot_blkdev disk {made['folder']}/{turn + 1}.qcow2")
        console.wait_for(r"\nwrote 0\r*\n")
        console.wait_for(PROMPT)


CHECKS = [grow_while_writing]


def check(folder):
    for image in range(ROUNDS + 1):
        subprocess.run(["qemu-img", "check", "-q", folder / f"{image}.qcow2"], check=True)
    subprocess.run(["qemu-img", "convert", "-O", "raw", folder / f"{ROUNDS}.qcow2", folder / "raw"], check=True)
    content = (folder / "raw").read_bytes()
    for turn in range(ROUNDS):
        word = f"word000{turn + 1}"[-7:].encode() + b"\n"
        assert content[turn * 4 * MIB:][:4 * MIB] == word * (4 * MIB // 8), f"what was written in round {turn} is not there"
    assert not any(content[ROUNDS * 4 * MIB:]), "something else was written"
