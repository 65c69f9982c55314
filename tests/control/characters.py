#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Talks to monitors at the ends of all kinds of character devices: a shared line, telnet, a websocket, pipes, a client that tries
again; some with a log. What the monitor shows of a machine that has not begun.

    characters.py --emulator COMMAND
"""

import argparse
import base64
import hashlib
import os
import shlex
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "boot"))
from boot import guest_folder  # noqa: E402

PROMPT = b"(qemu) "
PAUSED = b"VM status: paused"


class Line:
    """A connection, or a pair of pipes."""

    def __init__(self, process, read, write):
        self.process, self.read, self.write = process, read, write
        self.heard = b""

    def wait_for(self, text):
        """What came before `text`, without it."""
        while text not in self.heard:
            piece = self.read()
            assert piece, f"the line has ended before {text}: {self.heard}"
            self.heard += piece
        before, _, self.heard = self.heard.partition(text)
        return before

    def ask_status(self):
        self.wait_for(PROMPT)
        self.write(b"info status\n")
        self.wait_for(PAUSED)


def dial(process, address):
    kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    for _ in range(400):
        try:
            client = socket.socket(kind)
            client.settimeout(20)
            client.connect(address)
            return client
        except OSError:
            assert process.poll() is None, "the emulator has ended"
            time.sleep(0.05)
    raise AssertionError(f"nobody listens at {address}")


def line_of(process, connection):
    return Line(process, lambda: connection.recv(4096), connection.sendall)


def shared_line(process, path):
    """Serial port and monitor at one socket: Ctrl-A c changes between them."""
    with dial(process, path) as connection:
        line = line_of(process, connection)
        connection.sendall(b"to the serial port\x01c")
        line.ask_status()
        connection.sendall(b"\x01h")
        line.wait_for(b"Ctrl-A c  change")
        connection.sendall(b"\x01cmore\x01cinfo name\n")
        line.wait_for(b"info name")
        connection.sendall(b"\x01c")


def monitor_commands(process, path):
    """What the monitor shows of the machine, and character devices that come and go."""
    with dial(process, path) as connection:
        line = line_of(process, connection)
        connection.sendall(b"\x01c")
        line.wait_for(PROMPT)

        def ask(command):
            connection.sendall(command.encode() + b"\n")
            return line.wait_for(PROMPT).decode().partition("\r\n")[2].replace("\r", "")

        kernel = (guest_folder("bookworm") / "kernel").read_bytes()
        assert ask("info name") == "tested\n"
        assert ask("info uuid") == "6ba7b810-9dad-11d1-80b4-00c04fd430c8\n"
        assert ask("info version").startswith("10.0.2 ")
        assert ask("info status") == "VM status: paused (prelaunch)\n"
        assert ask("info kvm") == "kvm support: disabled\n"
        for index, word in enumerate(ask("info cpus").splitlines()):
            assert word.startswith(f"{'* '[index]} CPU #{index}: thread_id="), word
            number = word.partition("=")[2].split()[0]
            assert Path(f"/proc/{process.pid}/task/{number}").is_dir(), f"{number} is no thread of the emulator"
        assert ask("info registers -a").count("PC=") == 2
        assert 'dev: virtio-serial-pci, id "ports"' in ask("info qtree")
        assert "0x09000000-0x09000fff" in (regions := ask("info mtree")), regions
        assert "1af4:1003" in (functions := ask("info pci")), functions
        for command in ("x /64xb $pc", f"xp /64xb {ask('print $pc').strip()}"):
            shown = [byte for byte in ask(command).split() if not byte.endswith(":")]
            assert bytes(int(byte, 0) for byte in shown) == kernel[:64], f"{command}: {shown}"
        assert len(ask("x /2i $pc").splitlines()) == 2
        assert "invalid CPU index" in ask("cpu 2") and ask("cpu 1") == "" and "* CPU #1" in ask("info cpus")
        assert ask("chardev-add ringbuf,id=extra") == "" and "extra: filename=ringbuf\n" in ask("info chardev")
        assert ask("device_add virtserialport,chardev=extra,id=port") == ""
        assert "in use by virtserialport 'port'" in ask("chardev-remove extra")
        assert ask("device_del port") == ""
        while "dev: virtserialport" in ask("info qtree"):
            time.sleep(0.01)
        assert ask("chardev-remove extra") == "" and "extra" not in ask("info chardev")
        assert "in use by a monitor" in ask("chardev-remove web")
        connection.sendall(b"\x01c")


def telnet(process, port):
    for _ in range(2):
        with dial(process, ("127.0.0.1", port)) as connection:
            line = line_of(process, connection)
            line.wait_for(b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00")
            line.wait_for(PROMPT)
            connection.sendall(b"\xff\xfc\x00\xff\xfd\x01info\xff\xfa\x18\x00vt\xff\xf0 sta\xff\xf1tus\r\x00")
            line.wait_for(PAUSED)


def receive_exactly(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, data
        data += piece
    return data


def frame(opcode, payload):
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked


def receive_frame(connection):
    first, length = receive_exactly(connection, 2)
    if length == 126:
        (length,) = struct.unpack(">H", receive_exactly(connection, 2))
    return first, receive_exactly(connection, length)


def websocket(process, port):
    with dial(process, ("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400"), "who is no browser was let in"
    with dial(process, ("127.0.0.1", port)) as connection:
        key = base64.b64encode(os.urandom(16))
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
            + key
            + b"\r\nSec-WebSocket-Protocol: binary\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        reply = b""
        while not reply.endswith(b"\r\n\r\n"):
            reply += receive_exactly(connection, 1)
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        assert b"Sec-WebSocket-Accept: " + accept in reply, reply

        def read():
            first, payload = receive_frame(connection)
            assert first == 0x82, hex(first)
            return payload

        line = Line(process, read, lambda text: connection.sendall(frame(2, text)))
        line.ask_status()
        line.wait_for(PROMPT)
        connection.sendall(frame(9, b"ping") + frame(8, struct.pack(">H", 1000)))
        assert receive_frame(connection) == (0x8A, b"ping")
        assert receive_frame(connection) == (0x88, struct.pack(">H", 1000))
        assert connection.recv(1) == b""


def pipes(process, path):
    incoming = os.open(f"{path}.out", os.O_RDONLY)
    outgoing = os.open(f"{path}.in", os.O_WRONLY)
    Line(process, lambda: os.read(incoming, 4096), lambda text: os.write(outgoing, text)).ask_status()
    os.close(incoming)
    os.close(outgoing)


def client(process, path):
    """Kelvin connects, also after its peer was away."""
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(60)
            server.bind(str(path))
            server.listen()
            connection, _ = server.accept()
            with connection:
                connection.settimeout(60)
                line_of(process, connection).ask_status()
        os.unlink(path)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def talk(process, folder, telnet_port, web_port):
    shared_line(process, f"{folder}/shared")
    monitor_commands(process, f"{folder}/shared")
    telnet(process, telnet_port)
    websocket(process, web_port)
    pipes(process, f"{folder}/pipe")
    client(process, f"{folder}/client")
    for log in ("web.log", "pipe.log"):
        assert PAUSED in Path(folder, log).read_bytes(), f"{log} lacks what was said"
    assert Path(folder, "pipe.log").read_bytes().startswith(b"before\n"), "logappend=on has emptied the file"
    with dial(process, f"{folder}/shared") as connection:
        connection.sendall(b"\x01x")
        status = process.wait(30)
        assert status == 0, f"ended with {status}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    arguments = parser.parse_args()
    telnet_port, web_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(f"{folder}/pipe.in")
        os.mkfifo(f"{folder}/pipe.out")
        Path(folder, "pipe.log").write_text("before\n")
        command = [
            *shlex.split(arguments.emulator),
            *("-M", "virt", "-m", "64", "-display", "none", "-nic", "none", "-S", "-kernel", guest_folder("bookworm") / "kernel"),
            *("-smp", "2", "-name", "tested", "-uuid", "6BA7B810-9dad-11d1-80b4-00c04fd430c8", "-device", "virtio-serial-pci,id=ports"),
            *("-serial", f"mon:unix:{folder}/shared,server=on,wait=off"),
            *("-monitor", f"telnet:127.0.0.1:{telnet_port},server=on,wait=off"),
            *("-chardev", f"socket,id=web,host=127.0.0.1,port={web_port},server=on,wait=off,websocket=on,logfile={folder}/web.log"),
            *("-chardev", f"pipe,id=pipe,path={folder}/pipe,logfile={folder}/pipe.log,logappend=on"),
            *("-chardev", f"socket,id=client,path={folder}/client,reconnect-ms=50"),
            *("-mon", "web", "-mon", "pipe", "-mon", "client"),
        ]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            talk(process, folder, telnet_port, web_port)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
