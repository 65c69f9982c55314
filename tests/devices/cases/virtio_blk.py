# SPDX-License-Identifier: Apache-2.0
"""Disks by virtio-blk: partitions of data are read, a file system is written, blocks are given back, a serial number is seen."""

import hashlib
import os

SIZE = 64 << 20
DATA = os.urandom(4 << 20)

OPTIONS = [
    *("-nic", "none"),
    *("-drive", "file={folder}/data.img,format=raw,if=none,id=data,readonly=on,serial=D4T4"),
    *("-device", "virtio-blk-pci,drive=data,addr=3"),
    *("-drive", "file={folder}/work.img,format=raw,if=none,id=work,cache=none,discard=unmap"),
    *("-device", "virtio-blk-pci,drive=work,addr=4,packed=on,num-queues=2"),
    *("-drive", "file={folder}/slot.img,format=raw,if=none,id=slot,aio=threads"),
    *("-device", "virtio-blk-device,drive=slot"),
]


def prepare(folder):
    (folder / "data.img").write_bytes(DATA)
    for name in ("work.img", "slot.img"):
        (folder / name).write_bytes(b"")
        os.truncate(folder / name, SIZE)


CHECKS = [
    ("cd /sys/block; for d in vd?; do case $(cat $d/size) in 8192) D=$d;; *) readlink $d | grep -q a003e00 && S=$d || W=$d;; esac; done; cd; echo $?", "0"),
    ("sha256sum /dev/$D", hashlib.sha256(DATA).hexdigest() + "  /dev/vd."),
    ("cat /sys/block/$D/serial; echo -$(cat /sys/block/$D/ro)", "D4T4-1"),
    ("for d in $W $S; do dd if=/dev/$D of=/dev/$d bs=64k seek=16 2> /dev/null; done; sync; echo $?", "0"),
    ("echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/$W bs=64k skip=16 count=64 2> /dev/null | cmp - /dev/$D; echo $?", "0"),
    ("mkdir -p /mnt; mke2fs /dev/$S > /dev/null; mount -t ext4 /dev/$S /mnt; seq 100000 > /mnt/numbers; umount /mnt; mount -t ext4 /dev/$S /mnt; md5sum < /mnt/numbers",
     hashlib.md5(b"".join(b"%d\n" % i for i in range(1, 100001))).hexdigest() + "  -"),
    ("umount /mnt; blkdiscard /dev/$W; dd if=/dev/$W bs=1M 2> /dev/null | tr -d '\\0' | wc -c", "0"),
    ("dd if=/dev/zero of=/dev/$D count=1 2> /dev/null; echo $?", "1"),
]


def check(folder):
    assert (folder / "data.img").read_bytes() == DATA, "a read-only disk was written"
    assert os.stat(folder / "work.img").st_blocks * 512 < 1 << 20, "discarded blocks were not given back"
