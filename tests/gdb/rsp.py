# SPDX-License-Identifier: Apache-2.0
"""GDB's remote serial protocol, as its client speaks it."""

import contextlib
import socket
import time


class RspError(Exception):
    """The server did not answer as it should."""


def frame(payload):
    return b"$" + payload + b"#%02x" % (sum(payload) & 0xFF)


class Client:
    """Connects to the socket at `path`, which may take a moment to be there."""

    def __init__(self, path, seconds=60):
        self.seconds = seconds
        self.data = b""
        end = time.monotonic() + seconds
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                self.socket.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.socket.settimeout(seconds)
        self.ask("qSupported:multiprocess+")

    def close(self):
        self.socket.close()

    def send(self, payload):
        self.socket.sendall(frame(payload.encode()))

    def receive(self):
        """The next packet's payload."""
        while True:
            begin = self.data.find(b"$")
            end = self.data.find(b"#", begin)
            if 0 <= begin < end and len(self.data) >= end + 3:
                payload = self.data[begin + 1 : end]
                if frame(payload)[-2:] != self.data[end + 1 : end + 3]:
                    raise RspError(f"wrong checksum: {self.data!r}")
                self.data = self.data[end + 3 :]
                with contextlib.suppress(BrokenPipeError):  # who has said goodbye waits for no answer
                    self.socket.sendall(b"+")
                return payload.decode("latin-1")
            more = self.socket.recv(65536)
            if not more:
                raise RspError("the server has closed the connection")
            self.data += more

    def ask(self, payload):
        self.send(payload)
        return self.receive()

    def expect(self, payload, answer):
        got = self.ask(payload)
        if got != answer:
            raise RspError(f"{payload} was answered with {got!r}, not {answer!r}")

    def interrupt(self):
        self.socket.sendall(b"\x03")
        return self.receive()

    def memory(self, address, size):
        answer = self.ask(f"m{address:x},{size:x}")
        if len(answer) != 2 * size:
            raise RspError(f"{size} bytes at {address:#x} were answered with {answer!r}")
        return bytes.fromhex(answer)

    def number(self, address, size=8):
        return int.from_bytes(self.memory(address, size), "little")

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def pc(self):
        return self.register(32)

    def monitor(self, line):
        """What the monitor prints."""
        self.send("qRcmd," + line.encode().hex())
        text = ""
        while (answer := self.receive()) != "OK":
            if not answer.startswith("O"):
                raise RspError(f"monitor command {line!r} was answered with {answer!r}")
            text += bytes.fromhex(answer[1:]).decode()
        return text
