# SPDX-License-Identifier: Apache-2.0
"""Ports between guest and host: bytes both ways through a named one, a shell on a console, one that comes and goes."""

import hashlib
import os
import socket
import threading
import time

from boot import PROMPT

DATA = os.urandom(3 << 20)
NAME = "test.kelvin.0"
FOLDER = []

OPTIONS = [
    *("-nic", "none", "-smp", "2"),
    *("-chardev", "socket,id=bytes,path={folder}/bytes,server=on,wait=off"),
    *("-chardev", "socket,id=shell,path={folder}/shell,server=on,wait=off"),
    *("-chardev", "socket,id=later,path={folder}/later,server=on,wait=off"),
    *("-device", "virtio-serial-pci,id=ports"),
    *("-device", "pcie-root-port,id=root,slot=1"),
    *("-device", f"virtserialport,chardev=bytes,name={NAME},id=port"),
    *("-device", "virtconsole,chardev=shell"),
]


def prepare(folder):
    FOLDER[:] = [folder]


def connect(name):
    host = socket.socket(socket.AF_UNIX)
    host.settimeout(60)
    host.connect(str(FOLDER[0] / name))
    return host


def receive(host, size):
    data = b""
    while len(data) < size:
        piece = host.recv(1 << 16)
        assert piece, f"the guest's end was closed after {len(data)} of {size} bytes"
        data += piece
    return data


def run(console, command, answer):
    console.type(command + "\n")
    console.wait_for(rf"\n{answer}\r*\n")
    console.wait_for(PROMPT)


def bytes_both_ways(console):
    with connect("bytes") as host:
        sender = threading.Thread(target=host.sendall, args=(DATA,))
        sender.start()
#The guest opens its end later than the host has begun to send.
        run(console, f"sleep 1; head -c {len(DATA)} /dev/vport0p1 > /data; sha256sum < /data", f"{hashlib.sha256(DATA).hexdigest()}.*")
        sender.join()
        console.type("cat /data > /dev/vport0p1; echo sent$((1+1))\n")
        time.sleep(1)  # more than the socket holds is on its way, and nobody takes it
        assert receive(host, len(DATA)) == DATA, "the bytes that the guest sent are others"
        console.wait_for("sent2")
        console.wait_for(PROMPT)
#Who sends and goes at once : all of it comes, and then the end of it.
        host.sendall(b"last words")
    run(console, "cat /dev/vport0p1; echo", "last words")


def shell(console):
    console.type("setsid sh -i < /dev/hvc0 > /dev/hvc0 2>&1 &\n")
    console.wait_for(PROMPT)
    with connect("shell") as host:
        host.sendall(b"echo it is $((6*7))\n")
        heard = b""
        while b"it is 42\r\n" not in heard:
            heard += host.recv(4096)


def comes_and_goes(console):
    for turn in range(3):
        console.monitor("device_add virtserialport,chardev=later,name=later,id=later,nr=3")
        run(console, f"until cat /sys/class/virtio-ports/vport0p3/name 2> /dev/null; do sleep 0.1; done; echo came{turn}", f"later\r*\ncame{turn}")
        with connect("later") as host:
            run(console, f"echo hello{turn} > /dev/vport0p3; echo done", "done")
            assert receive(host, 7) == b"hello%d\n" % turn
        console.monitor("device_del later")
        run(console, f"while [ -e /sys/class/virtio-ports/vport0p3 ]; do sleep 0.1; done; echo went{turn}", f"went{turn}")


def goes_with_its_ports(console):
    """A controller that is taken away takes its ports along."""
    console.monitor("device_add virtio-serial-pci,id=more,bus=root")
    console.monitor("device_add virtserialport,bus=more.0,chardev=later,name=inner,id=inner")
    run(console, "until grep -qs inner /sys/class/virtio-ports/*/name; do sleep 0.1; done; echo more", "more")
    console.monitor("device_del more")
    run(console, 'until [ "$(cat /sys/bus/pci/slots/*/adapter)" = 0 ]; do sleep 0.1; done; echo less', "less")
    console.monitor("chardev-remove later")
    console.monitor("chardev-remove later", "defined: bytes, serial0, shell")


CHECKS = [
    ("cat /sys/class/virtio-ports/vport0p1/name", NAME),
    bytes_both_ways,
    shell,
    comes_and_goes,
    goes_with_its_ports,
]
