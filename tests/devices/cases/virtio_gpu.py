# SPDX-License-Identifier: Apache-2.0
"""A screen that the guest draws in its RAM: Linux's frame buffer arrives, in its order and its size."""

from screen import draws, takes_no_console

OPTIONS = ["-nic", "none", "-device", "virtio-gpu-pci,id=card,xres=320,yres=200"]
CHECKS = [
    ("modprobe virtio-gpu; cat /sys/class/graphics/fb0/name /sys/class/graphics/fb0/virtual_size",
     "virtio_gpudrmfb\r*\n320,200"),
    takes_no_console,
    draws("card", 320, 200),
    # What the monitor says of itself has a checksum, and the size that it prefers.
    ("head -n 1 /sys/class/drm/card0-Virtual-1/modes; wc -c < /sys/class/drm/card0-Virtual-1/edid", "320x200\r*\n128"),
]
