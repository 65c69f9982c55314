# SPDX-License-Identifier: Apache-2.0
"""Random bytes over PCI, with message-signalled interrupts."""

OPTIONS = ["-nic", "none", "-object", "rng-random,id=source,filename=/dev/urandom", "-device", "virtio-rng-pci,id=rng0,rng=source,addr=0x4"]
CHECKS = [
    ("grep -o virtio_rng.0 /sys/devices/virtual/misc/hw_random/rng_available", r"virtio_rng\.0"),
    ("dd if=/dev/hwrng bs=1k count=16 2> /dev/null | wc -c", "16384"),
    ("cat /sys/bus/pci/devices/0000:00:00.0/vendor /sys/bus/pci/devices/0000:00:04.0/device", "0x1b36\r*\n0x1005"),
    ("grep -c MSI.*virtio0 /proc/interrupts", "2"),
    ("cat /sys/bus/pci/devices/0000:00:04.0/msi_irqs/* | sort -u", "msix"),
]
