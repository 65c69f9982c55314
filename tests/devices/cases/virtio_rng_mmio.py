# SPDX-License-Identifier: Apache-2.0
"""Random bytes through a virtio-mmio slot."""

OPTIONS = ["-nic", "none", "-device", "virtio-rng-device,id=rng0"]
CHECKS = [
    ("grep -o virtio_rng.0 /sys/devices/virtual/misc/hw_random/rng_available", r"virtio_rng\.0"),
    ("dd if=/dev/hwrng bs=1k count=16 2> /dev/null | wc -c", "16384"),
    ("rand() { dd if=/dev/hwrng bs=32 count=1 2> /dev/null | md5sum; }; test \"$(rand)\" != \"$(rand)\"; echo $?", "0"),
    ("grep -c virtio0 /proc/interrupts", "1"),
]
