# SPDX-License-Identifier: Apache-2.0
"""GICv3's interrupt translation service: PCI devices' messages reach each of four processors."""

OPTIONS = ["-nic", "none", "-M", "virt,gic-version=3", "-smp", "4", "-device", "virtio-rng-pci"]

CHECKS = [
    ("dmesg | grep -c 'ITS.*allocated'", "2"),
    ("dmesg | grep -c 'CPU[0-3]: using allocated LPI pending table'", "4"),
    ("cat /sys/class/misc/hw_random/rng_current", r"virtio_rng\.0"),
    ("grep -c 'ITS-.*MSI.*virtio' /proc/interrupts", "2"),
    # MOVI, by way of each processor in turn: the line of the ring counts there.
    (
        "irq=$(awk '/virtio0-input/ { sub(\":\", \"\", $1); print $1 }' /proc/interrupts);"
        " for cpu in 1 2 3; do echo $cpu > /proc/irq/$irq/smp_affinity_list;"
        " dd if=/dev/hwrng of=/dev/null bs=512 count=8 2> /dev/null; done;"
        " awk '/virtio0-input/ { print ($3 > 0) + ($4 > 0) + ($5 > 0) }' /proc/interrupts",
        "3",
    ),
]
