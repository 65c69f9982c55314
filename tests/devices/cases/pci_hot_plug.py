# SPDX-License-Identifier: Apache-2.0
"""Cards come to root ports and go again, several at once, as Linux's pciehp takes part in it."""

from boot import PROMPT

PORTS = range(1, 5)
ROUNDS = 2

OPTIONS = ["-nic", "none", "-smp", "2"] + [
    word for port in PORTS for word in ("-device", f"pcie-root-port,id=port{port},slot={port},addr=1.{port - 1},multifunction=on")
]


def wait_in_guest(console, condition, word):
    console.type(f"until {condition}; do sleep 0.1; done; echo {word}\n")
    console.wait_for(rf"\n{word}\r*\n")
    console.wait_for(PROMPT)


def come_and_go(console):
    console.monitor("device_add virtio-rng-pci", r"start the machine with -device pcie-root-port")
    cards = "/sys/bus/pci/drivers/virtio-pci/0000:*"
    for turn in range(ROUNDS):
        for port in PORTS:
            console.monitor(f"device_add virtio-rng-pci,id=card{port},bus=port{port}")
        wait_in_guest(console, f'[ "$(ls -d {cards} | wc -l)" = {len(PORTS)} ]', f"came{turn}")
        console.type("dd if=/dev/hwrng bs=1k count=4 2> /dev/null | wc -c\n")
        console.wait_for(r"\n4096\r*\n")
        for port in PORTS:
            console.monitor(f"device_del card{port}")
        wait_in_guest(console, f'[ "$(ls -d {cards} 2> /dev/null | wc -l)" = 0 ]', f"went{turn}")
        wait_in_guest(console, '[ "$(cat /sys/bus/pci/slots/*/adapter | sort -u)" = 0 ]', f"empty{turn}")


CHECKS = [
    ("cat /sys/bus/pci/devices/0000:00:01.*/class | sort -u", "0x060400"),
    ("ls /sys/bus/pci/slots | wc -l", str(len(PORTS))),
    ("cat /sys/bus/pci/slots/*/adapter | sort -u", "0"),
    ("grep -c PCIe.*pciehp /proc/interrupts", str(len(PORTS))),
    come_and_go,
]
