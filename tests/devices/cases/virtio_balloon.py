# SPDX-License-Identifier: Apache-2.0
"""A balloon takes memory from the guest, which the host gets, and gives it back; free pages are reported."""

import re
from pathlib import Path

from boot import PROMPT

OPTIONS = ["-nic", "none", "-device", "virtio-balloon-pci,id=balloon0,addr=4,free-page-reporting=on"]
USED = "dd if=/dev/zero of=/tmp/full bs=1M count=150 2> /dev/null"


def monitor(console, command, answer=""):
    console.type("\x01c")
    console.wait_for(r"\(qemu\) ")
    console.type(command + "\n")
    console.wait_for(answer + r"[^\n]*\n[^\n]*\(qemu\) ")
    console.type("\x01c")


def resident_mib(console):
    status = Path(f"/proc/{console.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"RssAnon:\s+(\d+) kB", status).group(1)) >> 10


def in_guest(console, line, answer):
    console.type(line + "\n")
    console.wait_for(rf"\n{answer}\r*\n")
    console.wait_for(PROMPT)


def inflate(console):
    # Memory that was used and is free again goes to the host by reports, or by the balloon.
    in_guest(console, f"{USED}; rm /tmp/full; echo used", "used")
    monitor(console, "info balloon", "balloon: actual=512")
    monitor(console, "balloon 128")
    in_guest(console, "until [ $(sed -n 's/MemTotal: *//p' /proc/meminfo | cut -d' ' -f1) -lt 120000 ]; do sleep 0.2; done; echo small", "small")
    monitor(console, "info balloon", "balloon: actual=128")
    assert resident_mib(console) < 200, f"{resident_mib(console)} MiB of memory are in use with the guest at 128"
    monitor(console, "balloon 512")
    in_guest(console, "until [ $(sed -n 's/MemTotal: *//p' /proc/meminfo | cut -d' ' -f1) -gt 400000 ]; do sleep 0.2; done; echo large", "large")
    in_guest(console, f"{USED}; ls -s /tmp/full | cut -d/ -f1; rm /tmp/full", "153600 ")


CHECKS = [
    ("cut -c1-40 /sys/bus/virtio/drivers/virtio_balloon/virtio*/features", r"0100010+110010+"),
    inflate,
]
