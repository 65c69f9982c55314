# SPDX-License-Identifier: Apache-2.0
"""The interface of drafts before virtio 1.0, which Linux takes where there is no other."""

import os

OPTIONS = [
    *("-drive", "file={folder}/work.img,format=raw,if=none,id=work"),
    *("-device", "virtio-blk-pci,drive=work,disable-modern=on"),
    *("-device", "pcie-root-port,id=port1", "-device", "virtio-rng-pci,bus=port1,disable-modern=on"),
    *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,mrg_rxbuf=off,disable-modern=on"),
]


def prepare(folder):
    (folder / "work.img").write_bytes(b"")
    os.truncate(folder / "work.img", 16 << 20)


CHECKS = [
    ("grep -c virtio-pci-legacy /proc/ioports", "3"),
    ("dd if=/dev/urandom of=/tmp/x bs=1M count=4 2> /dev/null; cat /tmp/x > /dev/vda; sync; echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/vda bs=1M count=4 2> /dev/null | cmp - /tmp/x; echo $?", "0"),
    ("dd if=/dev/hwrng bs=1k count=4 2> /dev/null | wc -c", "4096"),
    ("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ping -c 2 -s 1200 10.0.2.2 | grep -c 'bytes from'", "2"),
]
