# SPDX-License-Identifier: Apache-2.0
"""A card on the user network: an address by DHCP, a web server on the host's loopback, a port of the host's that leads to the
guest, a command of the host's behind an address."""

import hashlib
import http.server
import os
import socket
import threading

from boot import PROMPT

DATA = os.urandom(8 << 20)


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
COLLECTOR = socket.create_server(("127.0.0.1", 0))
COLLECTED = []


def collect():
    connection, _ = COLLECTOR.accept()
    data = b""
    while piece := connection.recv(65536):
        data += piece
    COLLECTED.append(data)
    connection.close()


threading.Thread(target=collect, daemon=True).start()
URL = f"http://10.0.2.2:{SERVER.server_port}/"
FORWARDED = free_port()


def connect_to_guest(console):
    """What is sent to the host's port comes to the guest, and its answer back."""
    console.type("nc -l -p 77 -e /bin/busybox tr a-z A-Z & sleep 1; echo listens$((1+1))\n")
    console.wait_for("listens2")
    console.wait_for(PROMPT)
    with socket.create_connection(("127.0.0.1", FORWARDED), timeout=30) as host:
        host.sendall(b"hello, guest")
        host.shutdown(socket.SHUT_WR)
        answer = b""
        while data := host.recv(4096):
            answer += data
    if answer != b"HELLO, GUEST":
        console.fail(f"the guest answered {answer!r}")


def pull_the_cable(console):
    carrier = "/sys/class/net/eth0/carrier"
    for how, seen in (("off", 0), ("on", 1)):
        console.monitor(f"set_link n0 {how}")
        console.type(f"until [ $(cat {carrier}) = {seen} ]; do sleep 0.1; done; echo carrier{seen}\n")
        console.wait_for(rf"\ncarrier{seen}\r*\n")
        console.wait_for(PROMPT)


OPTIONS = [
    *("-netdev", f"user,id=n0,hostname=tester,hostfwd=tcp:127.0.0.1:{FORWARDED}-:77,guestfwd=tcp:10.0.2.100:9-cmd:cat"),
    *("-object", "filter-dump,id=d0,netdev=n0,file={folder}/frames.pcap"),
    *("-device", "virtio-net-pci,netdev=n0,mac=52:54:00:ab:cd:ef"),
]
CHECKS = [
    ("cat /sys/class/net/eth0/address /sys/class/net/eth0/carrier 2> /dev/null; ip link set lo up; ip link set eth0 up", "52:54:00:ab:cd:ef"),
    ("udhcpc -n -q -i eth0 -s /bin/true 2>&1 | grep -o 'lease of 10.0.2.15'", "lease of 10.0.2.15"),
    ("ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2; cat /sys/class/net/eth0/carrier", "1"),
    pull_the_cable,
    ("ping -c 2 10.0.2.2 | grep -c 'bytes from'", "2"),
    (f"wget -q -O /tmp/data {URL}; sha256sum < /tmp/data", hashlib.sha256(DATA).hexdigest() + "  -"),
    (f"nc 10.0.2.2 {COLLECTOR.getsockname()[1]} < /tmp/data; echo $?", "0"),
    ("(echo round; sleep 1) | timeout 9 nc 10.0.2.100 9", "round"),
    connect_to_guest,
]


def check(folder):
    frames = (folder / "frames.pcap").read_bytes()
    assert frames.startswith(b"\xd4\xc3\xb2\xa1") and len(frames) > 2 * len(DATA), "the capture is no pcap of all frames"
    assert COLLECTED == [DATA], "what the guest sent came wrong"
