#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients do to a machine again and again leaves nothing behind: connections, character devices, objects, block nodes,
networks, debuggers; and a machine is reset again and again while its guest writes to a disk, whose image stays whole.

    repeats.py --emulator COMMAND [--rounds N]
"""

import argparse
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from guest import HERE, Client, guest_folder, initrd_with
from images import must
from resources import ENOUGH, TRANSLATOR, Trend

sys.path.append(str(HERE.parent / "gdb"))
import rsp  # noqa: E402

RAM = 256
SIZE = 16 << 20
HEAP_EACH = 0.1  # KiB


class Machine:
    """One whose control, monitor and debugger are sockets in `folder`."""

    def __init__(self, emulator, folder, *options):
        self.folder = folder
        self.process = subprocess.Popen(
            [emulator, "-M", "virt", "-m", str(RAM), "-display", "none", "-serial", "null", "-nic", "none",
             "-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-chardev", f"socket,id=second,path={folder}/second,server=on,wait=off",
             "-mon", "chardev=second,mode=control", "-monitor", f"unix:{folder}/monitor,server=on,wait=off",
             "-gdb", f"unix:{folder}/gdb,server=on,wait=off", *map(str, options)],
            stdin=subprocess.DEVNULL)
        self.client = self.connect("qmp")

    def connect(self, name):
        client = Client(self.folder / name, self.process)
        client.value("qmp_capabilities")
        return client

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.client.value("quit")
                assert self.process.wait(60) == 0, "the emulator did not end well"
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


def connections(machine, turn):
    """Some say goodbye in the middle of a word, or of what they are told."""
    client = machine.connect("second")
    if turn % 3 == 0:
        client.value("query-status")
    elif turn % 3 == 1:
        client.send(b'{"execute":"query-qmp-schema"}')
    else:
        client.socket.sendall(b'{"execute":"query-')
    client.lines.close()
    client.socket.close()
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(str(machine.folder / "monitor"))
        monitor.sendall(b"info qtree\n" if turn % 2 else b"info")


def characters(machine, turn):
    backends = [
        {"type": "ringbuf", "data": {"size": 65536}},
        {"type": "null", "data": {}},
        {"type": "pty", "data": {}},
        {"type": "file", "data": {"out": str(machine.folder / "out")}},
        {"type": "socket", "data": {"addr": {"type": "unix", "data": {"path": str(machine.folder / "extra")}}, "server": True, "wait": False}},
    ]
    for number, backend in enumerate(backends):
        machine.client.value("chardev-add", id=f"extra{number}", backend=backend)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(machine.folder / "extra"))
        if turn % 2:
            machine.client.value("query-chardev")
        for number in range(len(backends)):
            machine.client.value("chardev-remove", id=f"extra{number}")


def objects(machine, _):
    machine.client.value("object-add", **{"qom-type": "rng-random", "id": "random", "filename": "/dev/urandom"})
    machine.client.value("netdev_add", type="user", id="net")
    machine.client.value("netdev_del", id="net")
    machine.client.value("object-del", id="random")


def nodes(machine, _):
    machine.client.value("blockdev-add", driver="file", filename=str(machine.folder / "disk.qcow2"), **{"node-name": "file"})
    machine.client.value("blockdev-add", driver="qcow2", file="file", **{"node-name": "disk"})
    machine.client.value("blockdev-del", **{"node-name": "disk"})
    machine.client.value("blockdev-del", **{"node-name": "file"})


def debuggers(machine, turn):
    client = rsp.Client(str(machine.folder / "gdb"))
    client.ask("g")
    client.ask("Z1,ffff800008000000,4")
    if turn % 2:
        client.ask("vCont;s:p1.1")
    client.close()
    machine.client.value("stop")


def repeat(machine, what, rounds):
    for _ in range(20):
        what(machine, 1)
    trend = Trend(machine.process.pid, RAM, pause=0)
    each = max(1, rounds // ENOUGH)
    for part in range(ENOUGH):
        for turn in range(each):
            what(machine, part * each + turn)
        trend.note()
    machine.client.value("query-status")
    print(f"{what.__name__}: {ENOUGH * each} times; {trend.verify(HEAP_EACH * each)}", flush=True)


def writes_of(machine):
    return machine.client.value("query-blockstats")[0]["stats"]["wr_operations"]


def reset_again_and_again(arguments, folder):
    """The guest's first program writes; a reset comes in the middle of that or, one in four, of a boot."""
    init = folder / "init"
    init.write_text("#!/bin/busybox sh\nbusybox mount -t devtmpfs dev /dev\nbusybox xargs busybox modprobe -a < /etc/modules 2> /dev/null\nwhile [ ! -e /dev/vda ]; do :; done\nexec /writer 1 /dev/vda\n")
    init.chmod(0o755)
    shutil.copy(arguments.writer, folder / "writer")
    initrd = initrd_with(folder, folder / "writer", init)
    chance = random.Random(arguments.seed)
    drive = f"file={folder}/disk.qcow2,format=qcow2,if=none,id=disk,cache=none,discard=unmap"
    with Machine(arguments.emulator, folder, *TRANSLATOR, "-smp", "2", "-kernel", guest_folder("bookworm") / "kernel", "-initrd", initrd, "-append", "quiet", "-drive", drive, "-device", "virtio-blk-pci,drive=disk") as machine:
        trend = Trend(machine.process.pid, RAM)
        for turn in range(arguments.resets):
            before = writes_of(machine)
            while turn % 4 != 0 and writes_of(machine) < before + 20:
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 1))
            machine.client.value("system_reset")
            machine.client.wait_for("RESET")
            trend.note()
        print(f"{arguments.resets} resets; {trend.verify(8)}", flush=True)
    for tool in ("qemu-img", Path(arguments.emulator).parent / "kelvin-img"):
        must(tool, "check", folder / "disk.qcow2")


def repeat_all(arguments, folder):
    # Without a system in it, so that nothing but what is done here takes memory.
    with Machine(arguments.emulator, folder, "-S") as machine:
        for what in (connections, characters, objects, nodes, debuggers):
            repeat(machine, what, arguments.rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--resets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--writer", type=Path, help="guest/writer.c, made for arm64; without it nothing is reset")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        must(Path(arguments.emulator).parent / "kelvin-img", "create", "-q", "-f", "qcow2", Path(name, "disk.qcow2"), str(SIZE))
        repeat_all(arguments, Path(name))
        if arguments.writer:
            reset_again_and_again(arguments, Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
