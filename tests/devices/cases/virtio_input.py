# SPDX-License-Identifier: Apache-2.0
"""Keys and a pointer: what the monitor sends arrives as Linux's input events."""

from boot import PROMPT

OPTIONS = [
    *("-nic", "none", "-device", "virtio-keyboard-pci,serial=K1", "-device", "virtio-mouse-device"),
    *("-device", "pcie-root-port,id=root,slot=1"),
]


def events(console, device, command, expected):
    """`expected`: type, code and value of each, as od shows the last 8 of an event's 24 bytes."""
    console.type(f"exec 3< /dev/input/{device}\n")
    console.wait_for(PROMPT)
    console.monitor(command)
    console.type(f"dd bs=24 count={len(expected)} 2> /dev/null <&3 | od -An -v -t x2 -w24 | cut -c 41-\n")
    console.wait_for(r"\n" + r"\r*\n".join(expected) + r"\r*\n")
    console.wait_for(PROMPT)


def event(kind, code, value):
    return f" {kind:04x} {code:04x} {value & 0xFFFF:04x} {value >> 16 & 0xFFFF:04x}"


SYNC = event(0, 0, 0)


def keys(console):
    events(console, "event1", "sendkey shift-a 10", [
        event(1, 42, 1), SYNC, event(1, 30, 1), SYNC, event(1, 30, 0), SYNC, event(1, 42, 0), SYNC])


def mouse(console):
    events(console, "event0", "mouse_move 5 -3", [event(2, 0, 5), event(2, 1, -3), SYNC])
    events(console, "event0", "mouse_button 4", [event(1, 0x111, 1), SYNC])


def tablet_comes(console):
    console.monitor("device_add virtio-tablet-pci,id=tablet,bus=root")
    console.type("until [ -e /dev/input/event2 ]; do sleep 0.1; done; cat /sys/class/input/event2/device/name\n")
    console.wait_for(r"\nQEMU Virtio Tablet\r*\n")
    console.wait_for(PROMPT)
    events(console, "event2", "mouse_button 1", [event(1, 0x110, 1), SYNC])
    console.monitor("device_del tablet")
    console.type("while [ -e /dev/input/event2 ]; do sleep 0.1; done; echo went$((1))\n")
    console.wait_for(r"\nwent1\r*\n")
    console.wait_for(PROMPT)


CHECKS = [
    ("modprobe evdev; modprobe virtio_input; cat /sys/class/input/event[01]/device/name", "QEMU Virtio Mouse\r*\nQEMU Virtio Keyboard"),
    ("cat /sys/class/input/event1/device/uniq", "K1"),
    keys,
    mouse,
    tablet_comes,
]
