# SPDX-License-Identifier: Apache-2.0
"""Sockets between guest and host: data both ways at once, whoever has connected, halves that end, who is refused."""

import hashlib
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

from boot import PROMPT

DATA = os.urandom(8 << 20)
SUM = hashlib.sha256(DATA).hexdigest()
FOLDER = []

OPTIONS = [
    *("-nic", "none", "-smp", "2"),
    *("-drive", "file={folder}/program,format=raw,if=none,id=program,readonly=on", "-device", "virtio-blk-pci,drive=program"),
    *("-drive", "file={folder}/data,format=raw,if=none,id=data,readonly=on", "-device", "virtio-blk-device,drive=data"),
    *("-device", "pcie-root-port,id=root,slot=1"),
    *("-device", "virtio-vsock-pci,guest-cid=5,socket={folder}/guest,id=sockets,bus=root"),
]


def prepare(folder):
    FOLDER[:] = [folder]
    source = Path(__file__).resolve().parent.parent / "guest" / "vsock.c"
    program = folder / "program"
    subprocess.run(["aarch64-linux-gnu-gcc", "-O1", "-static", "-s", "-Wall", str(source), "-o", str(program)], check=True)
    os.truncate(program, (program.stat().st_size + 511) // 512 * 512)
    (folder / "data").write_bytes(DATA)


def run(console, command, answer):
    console.type(command + "\n")
    console.wait_for(rf"\n{answer}\r*\n")
    console.wait_for(PROMPT)


def receive(end):
    data = b""
    while piece := end.recv(1 << 18):
        data += piece
    return data


def exchange(end, heard):
    """Sends everything while it receives, and ends its half."""
    receiver = threading.Thread(target=lambda: heard.append(receive(end)))
    receiver.start()
    end.sendall(DATA)
    end.shutdown(socket.SHUT_WR)
    receiver.join()


def dial(port):
    host = socket.socket(socket.AF_UNIX)
    host.settimeout(60)
    host.connect(str(FOLDER[0] / "guest"))
    host.sendall(b"CONNECT %d\n" % port)
    answer = b""
    while not answer.endswith(b"\n"):
        piece = host.recv(1)
        if not piece:
            break
        answer += piece
    return host, answer


def find_disks(console):
    run(console, "for d in vda vdb; do [ $(cat /sys/block/$d/size) = 16384 ] && D=/dev/$d || cp /dev/$d /vsock; done; chmod +x /vsock; echo found", "found")


def guest_connects(console):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(FOLDER[0] / "guest_1234"))
        server.listen(1)
        server.settimeout(60)
        heard = []

        def serve():
            end, _ = server.accept()
            end.settimeout(60)
            with end:
                exchange(end, heard)

        serving = threading.Thread(target=serve)
        serving.start()
        run(console, "/vsock connect 1234 < $D | sha256sum", f"{SUM}  -")
        serving.join()
        assert heard == [DATA], "what the guest has sent is something else"


def host_connects(console):
    console.type("/vsock listen 22 < $D | sha256sum\n")
    for _ in range(100):
        host, answer = dial(22)
        if answer:
            break
        host.close()
        time.sleep(0.1)
    assert answer.startswith(b"OK "), answer
    heard = []
    with host:
        exchange(host, heard)
    console.wait_for(rf"\n{SUM}  -\r*\n")
    console.wait_for(PROMPT)
    assert heard == [DATA], "what the guest has sent is something else"


def goes_and_comes(console):
    """Whoever is connected when the device is taken away is not kept waiting; another one can be had at once."""
    console.type("sleep 60 | /vsock listen 23 > /dev/null; echo ended$((1+1))\n")
    for _ in range(100):
        host, answer = dial(23)
        if answer:
            break
        host.close()
        time.sleep(0.1)
    with host:
        assert answer.startswith(b"OK "), answer
        console.monitor("device_del sockets")
        assert host.recv(1) == b"", "the host's end stays open"
    console.type("\x03")
    console.wait_for(PROMPT)
    run(console, 'until [ "$(cat /sys/bus/pci/slots/*/adapter)" = 0 ]; do sleep 0.1; done; echo gone', "gone")
    assert not (FOLDER[0] / "guest").exists(), "the socket is still there"
    console.monitor(f"device_add virtio-vsock-pci,guest-cid=6,socket={FOLDER[0]}/guest,id=sockets,bus=root")
    # There is no such device until its driver has it; then nobody listens.
    run(console, "until /vsock connect 99 2>&1 < /dev/null | grep -q reset; do sleep 0.1; done; echo back", "back")


CHECKS = [
    find_disks,
    guest_connects,
    host_connects,
    ("/vsock connect 99 < /dev/null 2>&1", "connect: Connection reset by peer"),
    goes_and_comes,
    lambda console: ((FOLDER[0] / "guest_1234").unlink(), guest_connects(console)),
]


def check(folder):
    assert not (folder / "guest").exists(), "the socket was left behind"
