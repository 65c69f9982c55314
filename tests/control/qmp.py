#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Controls a machine by QMP: negotiation, states, events, errors, a device that comes and goes; then by a monitor on a socket.

    qmp.py --emulator COMMAND
"""

import argparse
import json
import random
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "boot"))
from boot import guest_folder  # noqa: E402


def connect(path, process):
    for _ in range(200):
        try:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(60)
            client.connect(str(path))
            return client
        except OSError:
            assert process.poll() is None, "the emulator has ended"
            time.sleep(0.05)
    raise AssertionError(f"nobody listens at {path}")


class Client:
    def __init__(self, path, process):
        self.socket = connect(path, process)
        self.lines = self.socket.makefile("rb")
        self.events = []
        self.event_data = []  # every event so far: its name and its data
        greeting = self.read()
        assert greeting["QMP"]["version"]["qemu"]["major"] == 10, greeting

    def read(self):
        line = self.lines.readline()
        assert line.endswith(b"\r\n"), line
        return json.loads(line)

    def send(self, data):
        self.socket.sendall(data + b"\n")

    def reply(self):
        while "event" in (message := self.read()):
            self.keep_event(message)
        return message

    def keep_event(self, message):
        self.events.append(message["event"])
        self.event_data.append((message["event"], message.get("data", {})))

    def command(self, name, **arguments):
        identifier = {"of": name, "number": random.random()}
        self.send(json.dumps({"execute": name, "arguments": arguments, "id": identifier}).encode())
        reply = self.reply()
        assert reply["id"] == identifier, reply
        return reply

    def value(self, name, **arguments):
        reply = self.command(name, **arguments)
        assert "return" in reply, reply
        return reply["return"]

    def error(self, name, **arguments):
        reply = self.command(name, **arguments)
        assert "error" in reply, reply
        return reply["error"]

    def wait_for(self, event):
        while event not in self.events:
            message = self.read()
            assert "event" in message and "timestamp" in message, message
            self.keep_event(message)
        self.events.clear()


def states(client):
    assert client.error("query-status")["class"] == "CommandNotFound"
    client.value("qmp_capabilities")
    assert client.error("qmp_capabilities")["class"] == "CommandNotFound"
    assert client.value("query-status") == {"running": False, "status": "prelaunch"}
    client.value("cont")
    client.wait_for("RESUME")
    assert client.value("query-status") == {"running": True, "status": "running"}
    client.value("stop")
    client.wait_for("STOP")
    assert client.value("query-status")["status"] == "paused"
    client.value("stop")
    assert not client.events, client.events
    client.value("cont")
    client.wait_for("RESUME")
    assert client.value("query-name") == {"name": "tested"}
    names = {each["name"] for each in client.value("query-commands")}
    assert {"qmp_capabilities", "device_add", "quit"} <= names, names


def mistakes(client):
    assert client.error("query-statis") == {
        "class": "CommandNotFound",
        "desc": "there is no command query-statis (did you mean 'query-status'?)",
    }
    assert client.error("stop", now=True)["class"] == "GenericError"
    assert client.error("device_del", id="nobody")["class"] == "DeviceNotFound"
    for line in [b'{"execute":', b"[1]", b'"x"', b"{}", b'{"execute":7}', b'{"execute":"stop","x":1}', b"[" * 100000]:
        client.send(line)
        assert "error" in client.reply(), line
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    noise = random.Random(seed)
    for _ in range(200):
        client.send(bytes(noise.choice(b'{}[]",:\\ae1 ') for _ in range(noise.randrange(1, 60))))
    client.send(b'{"execute":"query-status","id":"after the noise"}')
    while client.reply().get("id") != "after the noise":
        pass


def hot_plug(client):
    time.sleep(4)  # until the guest's driver of the port is there
    client.value("device_add", driver="virtio-rng-pci", id="rng1", bus="port1")
    assert "another device has that id" in client.error("device_add", driver="virtio-rng-pci", id="rng1", bus="port1")["desc"]
    assert "1af4:1044" in client.value("human-monitor-command", **{"command-line": "info pci"})
    time.sleep(1)
    client.value("device_del", id="rng1")
    client.wait_for("DEVICE_DELETED")
    assert "1af4:1044" not in client.value("human-monitor-command", **{"command-line": "info pci"})


def human_monitor(path, process):
    with connect(path, process) as monitor:
        monitor.sendall(b"info status\n")
        text = b""
        while b"VM status: running" not in text:
            piece = monitor.recv(4096)
            assert piece, text
            text += piece


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    arguments = parser.parse_args()
    guest = guest_folder("bookworm")
    with tempfile.TemporaryDirectory() as folder:
        control, monitor = Path(folder, "qmp"), Path(folder, "hmp")
        command = [
            *shlex.split(arguments.emulator),
            *("-M", "virt", "-m", "512", "-display", "none", "-serial", "null", "-nic", "none", "-S", "-no-shutdown"),
            *("-name", "guest=tested,debug-threads=on", "-device", "pcie-root-port,id=port1,slot=1"),
            *("-kernel", guest / "kernel", "-initrd", guest / "initrd-devices", "-append", "quiet"),
            *("-chardev", f"socket,id=control,path={control},server=on,wait=off", "-mon", "chardev=control,mode=control"),
            *("-monitor", f"unix:{monitor},server=on,wait=off"),
        ]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            client = Client(control, process)
            states(client)
            mistakes(client)
            client.socket.close()
            client.lines.close()
            client = Client(control, process)
            client.value("qmp_capabilities")
            hot_plug(client)
            human_monitor(monitor, process)
            client.value("system_reset")
            client.wait_for("RESET")
            client.value("system_powerdown")
            client.wait_for("POWERDOWN")
            client.value("quit")
            client.wait_for("SHUTDOWN")
            status = process.wait(30)
            assert status == 0, f"ended with {status}"
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
