# SPDX-License-Identifier: Apache-2.0
"""A linear frame buffer: Linux's arrives, in the size that the monitor prefers."""

from screen import draws, takes_no_console

OPTIONS = ["-nic", "none", "-device", "bochs-display,id=card,xres=640,yres=480"]
CHECKS = [
    ("modprobe bochs; cat /sys/class/graphics/fb0/name /sys/class/graphics/fb0/virtual_size",
     "bochs-drmdrmfb\r*\n640,480"),
    takes_no_console,
    draws("card", 640, 480),
]
