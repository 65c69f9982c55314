#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk and a network card come to a busy machine and go again, many times; nothing hangs, and nothing is left behind.

    plugging.py --emulator COMMAND [--rounds N]

In the guest four processors calculate, use another disk and another card meanwhile.
"""

import argparse
import http.server
import sys
import tempfile
import threading
import time
from pathlib import Path

from guest import PROMPT, Console, ConsoleError, Control, ask, command_line
from images import must
from resources import TRANSLATOR, Trend

RAM = 256
SIZE = 16 << 20
LOAD = [
    "while :; do dd if=/dev/zero of=/dev/vda bs=64k count=128; dd if=/dev/vda of=/dev/null bs=64k; done 2> /dev/null",
    "while :; do wget -q -O /dev/null http://10.0.2.2:{port}/; done",
    "while :; do :; done",
    "while :; do seq 10000 | sha256sum > /dev/null; done",
]
HEAP_PER_ROUND = 8  # KiB


class Files(http.server.BaseHTTPRequestHandler):
    data = bytes(1 << 20)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data)

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def start_load(console, load):
    ask(console, "ip link set lo up; ip link set eth0 up; udhcpc -n -q -i eth0 -s /bin/true 2>&1 | grep -o 'lease of 10.0.2.15'", "lease of 10.0.2.15")
    ask(console, "ip addr add 10.0.2.15/24 dev eth0; echo $((6*7))", "42")
    port = serve()
    for number, line in enumerate(load):
        ask(console, f"sh -c '{line.format(port=port)}' & echo load{number}", f"load{number}")
    ask(console, "head -c 1048576 /dev/urandom > /data; echo $((6*7))", "42")


def plug_disk(control, turn, path):
    """Three kinds of disks, each in a raw or a qcow2 image."""
    driver = ("raw", "qcow2")[turn // 3 % 2]
    file = {"driver": "file", "filename": str(path / f"disk.{driver}"), "node-name": "file"}
    control.value("blockdev-add", **file, discard="unmap")
    control.value("blockdev-add", driver=driver, file="file", discard="unmap", **{"node-name": "disk"})
    common = {"drive": "disk", "serial": f"round{turn}"}
    if turn % 3 == 2:
        control.value("device_add", driver="virtio-scsi-pci", id="slot1", bus="port1")
        control.value("device_add", driver="scsi-hd", id="inner", bus="slot1.0", **common)
    else:
        control.value("device_add", driver=("virtio-blk-pci", "nvme")[turn % 3], id="slot1", bus="port1", **common)


def plug_card(control):
    control.value("netdev_add", type="user", id="net1", net="10.7.0.0/24")
    control.value("device_add", driver="virtio-net-pci", id="slot2", bus="port2", netdev="net1", mac="52:54:00:00:00:77")


def use_disk(console, turn):
    serials = "/sys/block/*/serial /sys/block/*/device/serial /sys/block/*/device/vpd_pg80"
    ask(console, f"while F=$(grep -lsw round{turn} {serials}); [ -z \"$F\" ]; do sleep 0.1; done; D=$(echo $F | cut -d / -f 4); echo disk$((6*7))", "disk42")
    ask(console, "dd if=/data of=/dev/$D bs=64k seek=16 2> /dev/null; sync; echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/$D bs=64k skip=16 count=16 2> /dev/null | cmp - /data; echo same$?", "same0")
    ask(console, "blkdiscard -o 1048576 -l 524288 /dev/$D; dd if=/dev/$D bs=64k skip=16 count=8 2> /dev/null | tr -d '\\0' | wc -c", "0")


def use_card(console):
    find = "grep -l 52:54:00:00:00:77 /sys/class/net/*/address"
    ask(console, f"until F=$({find}); do sleep 0.1; done; N=$(echo $F | cut -d / -f 5); ip link set $N up; echo card$((6*7))", "card42")
    ask(console, "udhcpc -n -q -i $N -s /bin/true 2>&1 | grep -o 'lease of 10.7.0.15'", "lease of 10.7.0.15")
    ask(console, "ip addr add 10.7.0.15/24 dev $N; ping -c 2 -i 0.2 10.7.0.2 | grep -c 'bytes from'", "2")


def unplug(control):
    for device in ("slot1", "slot2"):
        control.value("device_del", id=device)
    control.wait_until_gone("slot1", "slot2")
    control.value("blockdev-del", **{"node-name": "disk"})
    control.value("blockdev-del", **{"node-name": "file"})
    control.value("netdev_del", id="net1")


def one_round(console, control, turn, folder):
    plug_disk(control, turn, folder)
    plug_card(control)
    use_disk(console, turn)
    use_card(console)
    unplug(control)
    ask(console, 'until [ "$(cat /sys/bus/pci/slots/*/adapter | sort -u)" = 0 ]; do sleep 0.1; done; echo empty$((6*7))', "empty42")


def run(arguments, folder):
    for name in ("load.raw", "disk.raw", "disk.qcow2"):
        format_name = name.rsplit(".", maxsplit=1)[-1]
        must(Path(arguments.emulator).parent / "kelvin-img", "create", "-q", "-f", format_name, folder / name, str(SIZE))
    command = command_line(
        arguments.emulator, "-smp", "4", "-m", str(RAM), *TRANSLATOR, "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
        "-drive", f"file={folder}/load.raw,format=raw,if=none,id=load", "-device", "virtio-blk-pci,drive=load",
        "-nic", "user,model=virtio-net-pci",
        *(word for port in (1, 2) for word in ("-device", f"pcie-root-port,id=port{port},slot={port}")),
    )
    with Console(command, 240 + 60 * arguments.rounds) as console:
        console.wait_for(PROMPT)
        control = Control(folder / "qmp", console.process)
        start_load(console, [] if arguments.idle else LOAD)
        trend = Trend(console.process.pid, RAM)
        for turn in range(arguments.rounds):
            begun = time.monotonic()
            one_round(console, control, turn, folder)
            trend.note()
            print(f"round {turn}: {time.monotonic() - begun:.1f} s, {trend.rounds[-1]}", flush=True)
        ask(console, "dmesg | grep -c -e 'Call trace' -e 'WARNING:' -e 'BUG:'", "0")
        control.value("quit")
        assert console.wait_for_end() == 0
    print(trend.verify(HEAP_PER_ROUND))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--idle", action="store_true", help="without the rest of the guest's work, which hides small leaks")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(arguments, Path(folder))
    except (ConsoleError, AssertionError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
