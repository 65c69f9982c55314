# SPDX-License-Identifier: Apache-2.0
"""Disks on block nodes: a chain of images by reference and inside each other, compressed clusters, a part of a file, zeroes; one comes
and goes while Linux uses the others."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from boot import PROMPT

sys.path.append(str(Path(__file__).parent))
from pci_hot_plug import wait_in_guest  # noqa: E402

MIB = 1 << 20
DATA = b"".join(hashlib.sha256(b"%d" % i).digest() * 16 for i in range(4 * MIB // 512))
PART = os.urandom(MIB)

OPTIONS = [
    *("-nic", "none"),
    *("-device", "pcie-root-port,id=port,slot=1"),
    *("-blockdev", '{{"driver":"file","filename":"{folder}/base.qcow2","node-name":"base-storage","auto-read-only":true}}'),
    *("-blockdev", '{{"driver":"qcow2","node-name":"base","file":"base-storage","read-only":true,"backing":null}}'),
    *("-blockdev", '{{"driver":"file","filename":"{folder}/top.qcow2","node-name":"top-storage","discard":"unmap"}}'),
    *("-blockdev", '{{"driver":"qcow2","node-name":"top","file":"top-storage","backing":"base","discard":"unmap"}}'),
    *("-device", "virtio-blk-pci,drive=top,serial=TOP,id=disk-top"),
    *("-blockdev", "driver=raw,node-name=part,offset=1M,size=1M,file.driver=file,file.filename={folder}/whole.img,file.aio=threads"),
    *("-device", "virtio-blk-pci,drive=part,serial=PART"),
    *("-drive", "if=none,id=forgets,file={folder}/kept.img,format=raw,snapshot=on"),
    *("-device", "virtio-blk-pci,drive=forgets,serial=FORGETS"),
    *("-blockdev", "null-co,node-name=nothing,size=2M"),
]


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def prepare(folder):
    (folder / "data").write_bytes(DATA)
    run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", folder / "data", folder / "base.qcow2")
    run("qemu-img", "create", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", folder / "top.qcow2", 16 * MIB)
    shutil.copy(folder / "base.qcow2", folder / "base.before")
    (folder / "whole.img").write_bytes(bytes(MIB) + PART + bytes(MIB))
    (folder / "kept.img").write_bytes(b"k" * MIB)


def come_and_go(console):
    console.monitor("device_add virtio-blk-pci,drive=top,bus=port", "whoever writes to a node has it alone")
    console.type('S="/sys/block/vd*/serial"\n')
    console.wait_for(PROMPT)
    for turn in range(2):
        console.monitor("device_add virtio-blk-pci,drive=nothing,bus=port,id=card,serial=NOTHING")
        wait_in_guest(console, "grep -q NOTHING $S", f"came{turn}")
        console.type("D=$(dirname $(grep -l NOTHING $S)); tr -d '\\0' < /dev/${D##*/} | wc -c; cat $D/size\n")
        console.wait_for(r"\n0\r*\n4096\r*\n")
        console.wait_for(PROMPT)
        console.monitor("device_del card")
        wait_in_guest(console, "! grep -qs NOTHING $S", f"went{turn}")
        wait_in_guest(console, "grep -q 0 /sys/bus/pci/slots/1/adapter", f"empty{turn}")


def disk(serial):
    return f"D=$(dirname $(grep -lx {serial} /sys/block/vd*/serial)); D=/dev/${{D##*/}}"


CHECKS = [
    (disk("TOP") + f"; head -c {len(DATA)} $D | sha256sum", hashlib.sha256(DATA).hexdigest() + "  -"),
    ("yes overlay | dd of=$D bs=4096 seek=100 count=500 iflag=fullblock 2> /dev/null; sync; echo 3 > /proc/sys/vm/drop_caches; "
     "dd if=$D bs=4096 skip=100 count=500 2> /dev/null | uniq | wc -l", "1"),
    (disk("PART") + "; sha256sum < $D", hashlib.sha256(PART).hexdigest() + "  -"),
    ("yes part | dd of=$D bs=64k count=2 iflag=fullblock 2> /dev/null; sync; echo $?", "0"),
    (disk("FORGETS") + "; yes gone | dd of=$D bs=64k count=2 iflag=fullblock 2> /dev/null; sync; head -c 4 $D; echo", "gone"),
    come_and_go,
]


def check(folder):
    whole = (folder / "whole.img").read_bytes()
    assert whole[:MIB] == bytes(MIB) and whole[2 * MIB:] == bytes(MIB), "a part of a file was written outside of it"
    assert whole[MIB:].startswith(b"part\npart\n"), "a part of a file was not written"
    assert (folder / "kept.img").read_bytes() == b"k" * MIB, "snapshot=on changed the image"
    run("qemu-img", "check", folder / "top.qcow2")
    run("qemu-img", "convert", "-O", "raw", folder / "top.qcow2", folder / "top.raw")
    top = (folder / "top.raw").read_bytes()
    text = b"overlay\n" * (500 * 4096 // 8)
    assert top == DATA[:409600] + text + DATA[409600 + len(text):] + bytes(12 * MIB), "the overlay holds something else"
    assert (folder / "base.qcow2").read_bytes() == (folder / "base.before").read_bytes(), "the base was written"
