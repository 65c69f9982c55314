# SPDX-License-Identifier: Apache-2.0
"""A SCSI bus by virtio-scsi: a disk is written, blocks are given back, a CD is mounted, a target has two units."""

import hashlib
import os

SIZE = 64 << 20
DATA = os.urandom(2 << 20)

OPTIONS = [
    *("-nic", "none", "-device", "virtio-scsi-pci,id=scsi0,num_queues=2"),
    *("-drive", "file={folder}/disk.img,format=raw,if=none,id=disk,discard=unmap"),
    *("-device", "scsi-hd,drive=disk,bus=scsi0.0,scsi-id=3,serial=S3R14L,wwn=0x5000c50015ea71ac"),
    *("-drive", "file={folder}/cd.iso,format=raw,if=none,id=cd,media=cdrom"),
    *("-device", "scsi-cd,drive=cd,bus=scsi0.0,scsi-id=5"),
    *("-drive", "file={folder}/small.img,format=raw,if=none,id=small,readonly=on"),
    *("-device", "scsi-hd,drive=small,bus=scsi0.0,scsi-id=3,lun=1"),
]


def prepare(folder):
    (folder / "disk.img").write_bytes(b"")
    os.truncate(folder / "disk.img", SIZE)
    (folder / "small.img").write_bytes(DATA)
    (folder / "cd.iso").write_bytes(DATA)


CHECKS = [
    ("sleep 1; ls /sys/bus/scsi/devices | grep -c '^[0-9]*:0:[35]:[01]$'", "3"),
    ("dev() { basename $(echo /sys/bus/scsi/devices/*:0:$1/block/*); }; D=$(dev 3:0) R=$(dev 3:1) C=$(dev 5:0); echo $C", "sr0"),
    ("cat /sys/block/$D/size /sys/block/$D/device/model /sys/block/$R/ro /sys/block/$C/size",
     r"131072\r*\nQEMU HARDDISK *\r*\n1\r*\n4096"),
    ("tail -c 20 /sys/block/$D/device/vpd_pg83 | od -An -tx1 | tr -d ' \\n' | grep -c 5000c50015ea71ac", "1"),
    ("sha256sum < /dev/$R", hashlib.sha256(DATA).hexdigest() + "  -"),
    ("sha256sum < /dev/$C", hashlib.sha256(DATA).hexdigest() + "  -"),
    ("mkdir -p /mnt; mke2fs /dev/$D > /dev/null; mount -t ext4 /dev/$D /mnt; seq 100000 > /mnt/numbers; umount /mnt;"
     " mount -t ext4 /dev/$D /mnt; md5sum < /mnt/numbers",
     hashlib.md5(b"".join(b"%d\n" % i for i in range(1, 100001))).hexdigest() + "  -"),
    ("umount /mnt; blkdiscard /dev/$D; dd if=/dev/$D bs=1M 2> /dev/null | tr -d '\\0' | wc -c", "0"),
    ("dd if=/dev/zero of=/dev/$R count=1 2> /dev/null; echo $?", "1"),
    ("dmesg | grep -c -i 'i/o error'", "0"),
]


def check(folder):
    assert (folder / "small.img").read_bytes() == DATA, "a read-only disk was written"
    assert os.stat(folder / "disk.img").st_blocks * 512 < 1 << 20, "discarded blocks were not given back"
