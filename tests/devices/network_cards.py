# SPDX-License-Identifier: Apache-2.0
"""What each case of a network card has in common: the card is on the user network, gets and sends files, loses its cable, and
its driver goes and comes back."""

import hashlib
import http.server
import os
import socket
import threading

from boot import PROMPT

DATA = os.urandom(4 << 20)
ADDRESS = "52:54:00:ab:cd:ef"


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA)

    def log_message(self, *_):
        pass


class Collector(threading.Thread):
    """Takes what comes by one connection."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.data = b""
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        while piece := connection.recv(65536):
            self.data += piece
        connection.close()


def pull_the_cable(console):
    for how, seen in (("off", 0), ("on", 1)):
        console.monitor(f"set_link n0 {how}")
        console.type(f"until [ $(cat /sys/class/net/eth0/carrier) = {seen} ]; do sleep 0.1; done; echo carrier{seen}\n")
        console.wait_for(rf"\ncarrier{seen}\r*\n")
        console.wait_for(PROMPT)


def options(card):
    return ["-netdev", "user,id=n0", "-device", f"{card},netdev=n0,mac={ADDRESS}"]


def checks(module, interrupts, collector):
    """`interrupts` are the lines of /proc/interrupts that the card has."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return [
        (f"modprobe {module}; cat /sys/class/net/eth0/address", ADDRESS),
        ("ip link set lo up; ip link set eth0 up; udhcpc -n -q -i eth0 -s /bin/true 2>&1 | grep -o 'lease of 10.0.2.15'", "lease of 10.0.2.15"),
        ("ip addr add 10.0.2.15/24 dev eth0; cat /sys/class/net/eth0/carrier", "1"),
        ("grep -c eth0 /proc/interrupts", str(interrupts)),
        ("ping -c 2 10.0.2.2 | grep -c 'bytes from'", "2"),
        (f"wget -q -O /tmp/data http://10.0.2.2:{server.server_port}/; sha256sum < /tmp/data", hashlib.sha256(DATA).hexdigest() + "  -"),
        (f"nc 10.0.2.2 {collector.port} < /tmp/data; echo $?", "0"),
        pull_the_cable,
        (f"ip link set eth0 down; rmmod {module}; modprobe {module}; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; echo $?", "0"),
        ("ping -c 2 10.0.2.2 | grep -c 'bytes from'", "2"),
        ("cat /sys/class/net/eth0/statistics/rx_errors /sys/class/net/eth0/statistics/tx_errors | sort -u", "0"),
    ]
