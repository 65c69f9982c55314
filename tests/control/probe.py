#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a machine that is none, in the background, what there is, as programs do that manage machines; then changes one that is there:
nodes, cables, objects and descriptors that come and go.

    probe.py --emulator COMMAND
"""

import argparse
import array
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from qmp import Client  # noqa: E402


class Started:
    """Client wants to know whether the emulator still lives."""

    def poll(self):
        return None


def background(emulator, folder):
    """Once the command is back, the process's number is written and its socket listens."""
    numbered, path = folder / "pid", folder / "probe"
    command = shlex.split(emulator) + ["-S", "-no-user-config", "-nodefaults", "-nographic", "-machine", "none,accel=kvm:tcg"]
    command += ["-qmp", f"unix:{path},server=on,wait=off", "-pidfile", str(numbered), "-daemonize"]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    client = Client(path, Started())
    client.value("qmp_capabilities")
    return client, int(numbered.read_text()), numbered


def check_schema(client):
    schema = client.value("query-qmp-schema")
    by_name = {each["name"]: each for each in schema}
    assert len(by_name) == len(schema), "a name is described twice"
    commands = {each["name"] for each in client.value("query-commands")}
    assert commands == {name for name, each in by_name.items() if each["meta-type"] == "command"}
    for each in schema:
        uses = [member["type"] for member in each.get("members", []) if each["meta-type"] == "object"]
        uses += [variant["type"] for variant in each.get("variants", [])]
        uses += [each[key] for key in ("arg-type", "ret-type", "element-type") if key in each]
        for used in uses:
            assert used in by_name, (each["name"], used)
    assert by_name["device_add"]["features"] == ["json-cli-hotplug"]

    def values(command, member):
        members = by_name[by_name[command]["arg-type"]]["members"]
        return by_name[next(one["type"] for one in members if one["name"] == member)]["values"]

    assert "dgram" in values("netdev_add", "type")
    assert "secret" in values("object-add", "qom-type")
    assert {"file", "raw", "qcow2"} <= set(values("blockdev-add", "driver"))


def check_types(client):
    types = {each["name"] for each in client.value("qom-list-types")}
    assert {"tcg-accel", "rng-random", "pcie-root-port", "virtio-blk-pci", "virt-10.0-machine", "max-arm-cpu"} <= types
    for name in types:
        client.value("qom-list-properties", typename=name)
    for name in ("memory-backend-file", "memory-backend-memfd", "none-machine"):
        client.value("qom-list-properties", typename=name)
    options = {each["name"]: each for each in client.value("device-list-properties", typename="virtio-blk-pci")}
    assert options["drive"]["type"] == "str", options
    assert options["discard"]["default-value"] is True and options["queue-size"]["default-value"] == 256, options
    assert client.error("device-list-properties", typename="kvm-pit")["class"] == "DeviceNotFound"
    machine = client.value("query-machines")[0]
    assert machine["name"] == "virt-10.0" and machine["alias"] == "virt", machine
    cpus = {each["name"]: each["typename"] for each in client.value("query-cpu-definitions")}
    assert cpus["cortex-a72"] == "cortex-a72-arm-cpu"
    properties = client.value("query-cpu-model-expansion", type="full", model={"name": "max", "props": {"pauth": False}})
    assert properties["model"]["props"]["pauth"] is False and properties["model"]["props"]["lse"] is True, properties
    assert client.error("query-cpu-model-expansion", type="full", model={"name": "host"})["class"] == "GenericError"
    assert client.error("query-balloon")["class"] == "DeviceNotActive"
    client.value("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])


def check_none(client):
    assert client.value("query-cpus-fast") == []
    client.value("cont")
    assert not client.events and client.value("query-status")["status"] == "prelaunch"


def check_end(client, number, numbered):
    os.kill(number, signal.SIGTERM)
    client.wait_for("SHUTDOWN")
    for _ in range(200):
        if not numbered.exists():
            return
        time.sleep(0.05)
    raise AssertionError("the file with the process's number is still there")


def check_refusal(emulator, folder):
    """What keeps a machine from starting reaches whoever started it."""
    command = shlex.split(emulator) + ["-M", "virt", "-display", "none", "-daemonize", "-kernel", str(folder / "none")]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 1 and "none" in outcome.stderr, outcome


def pass_descriptor(client, descriptor, name):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
    command = f'{{"execute":"getfd","arguments":{{"fdname":"{name}"}}}}\n'.encode()
    client.socket.sendmsg([command], rights)
    assert client.reply() == {"return": {}}


def check_networks(client):
    ours, theirs = socket.socketpair()
    pass_descriptor(client, theirs.fileno(), "cable")
    client.value("netdev_add", type="socket", id="n0", fd="cable")
    assert "called" in client.error("netdev_add", type="socket", id="n1", fd="cable")["desc"]
    assert client.error("closefd", fdname="cable")["class"] == "GenericError"
    client.value("netdev_add", type="user", id="n1")
    client.value("device_add", driver="virtio-net-pci", netdev="n1", id="card", bus="port")
    assert "card" in client.error("netdev_del", id="n1")["desc"]
    client.value("netdev_del", id="n0")
    ours.close()
    theirs.close()


def check_nodes(client, folder):
    image = folder / "disk.raw"
    image.write_bytes(bytes(1 << 20))
    client.value("blockdev-add", **{"driver": "file", "filename": str(image), "node-name": "storage"})
    client.value("blockdev-add", **{"driver": "raw", "file": "storage", "node-name": "format"})
    assert client.error("blockdev-del", **{"node-name": "storage"})["class"] == "GenericError"
    names = {each["node-name"] for each in client.value("query-named-block-nodes", flat=True)}
    assert {"storage", "format"} <= names, names
    client.value("blockdev-del", **{"node-name": "format"})
    client.value("blockdev-del", **{"node-name": "storage"})
    assert client.error("blockdev-add", driver="file")["class"] == "GenericError"


def check_objects(client):
    client.value("object-add", **{"qom-type": "rng-builtin", "id": "dice"})
    assert "dice" in {each["name"] for each in client.value("qom-list", path="/objects")}
    assert client.value("qom-get", path="/objects/dice", property="type") == "rng-builtin"
    client.value("object-del", id="dice")
    assert client.error("object-del", id="dice")["class"] == "GenericError"
    assert {"name": "card", "type": "child<virtio-net-pci>"} in client.value("qom-list", path="/machine/peripheral")
    assert client.value("qom-get", path="/machine/peripheral/card", property="netdev") == "n1"
    assert client.error("qom-list", path="/machine/peripheral/nobody")["class"] == "DeviceNotFound"
    check_properties(client)


def check_properties(client):
    """Values have the types that lists say, and few can be changed."""
    card = "/machine/peripheral/card"
    types = {each["name"]: each["type"] for each in client.value("qom-list", path=card)}
    python_types = {"bool": bool, "uint32": int, "uint16": int, "str": str, "string": str, "size": int}
    for name, kind in types.items():
        value = client.value("qom-get", path=card, property=name)
        assert value is None or type(value) is python_types.get(kind, type(value)), (name, kind, value)
    assert client.value("qom-get", path="card", property="realized") is True
    assert client.error("qom-set", path=card, property="mq", value=True)["class"] == "GenericError"
    assert "did you mean 'netdev'" in client.error("qom-set", path=card, property="netdv", value="x")["desc"]
    assert client.error("qom-set", path="/machine/peripheral/nobody", property="x", value=1)["class"] == "DeviceNotFound"
    assert client.value("qom-get", path="/machine", property="gic-version") in ("2", "3")
    assert client.value("qom-get", path="/machine/unattached/device[1]", property="pmu") in (True, False)
    client.value("device_add", driver="virtio-balloon-pci", id="balloon", bus="balloons")
    balloon = "/machine/peripheral/balloon"
    types = {each["name"]: each["type"] for each in client.value("qom-list", path=balloon)}
    assert types["guest-stats-polling-interval"] == "int" and types["guest-stats"] == "guest statistics", types
    figures = client.value("qom-get", path=balloon, property="guest-stats")
    assert figures["last-update"] == 0 and figures["stats"]["stat-free-memory"] == 2**64 - 1, figures
    client.value("qom-set", path=balloon, property="guest-stats-polling-interval", value=5)
    assert client.value("qom-get", path=balloon, property="guest-stats-polling-interval") == 5
    for wrong in ("5", -1, 2**32, 1.5, None):
        assert client.error("qom-set", path=balloon, property="guest-stats-polling-interval", value=wrong)["class"] == "GenericError", wrong
    assert "only read" in client.error("qom-set", path=balloon, property="guest-stats", value=1)["desc"]


def check_characters(client, folder):
    path = str(folder / "line")
    address = {"type": "unix", "data": {"path": path}}
    client.value("chardev-add", id="line", backend={"type": "socket", "data": {"addr": address, "server": True, "wait": False}})
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
    assert "/dev/pts/" in client.value("chardev-add", id="terminal", backend={"type": "pty", "data": {}})["pty"]
    client.value("chardev-add", id="log", backend={"type": "file", "data": {"out": str(folder / "log")}})
    assert {"line", "terminal", "log"} <= {each["label"] for each in client.value("query-chardev")}
    for backend in ({"type": "sockt"}, {"type": "socket", "data": {"addr": {"type": "vsock", "data": {}}}}, 7, {}):
        assert client.error("chardev-add", id="wrong", backend=backend)["class"] == "GenericError", backend
    for name in ("line", "terminal", "log"):
        client.value("chardev-remove", id=name)
    assert client.error("chardev-remove", id="log")["class"] == "GenericError"


def check_processors(client, process):
    processors = client.value("query-cpus-fast")
    assert [each["cpu-index"] for each in processors] == [0, 1]
    for each in processors:
        task = Path(f"/proc/{process.pid}/task/{each['thread-id']}/comm")
        assert task.read_text().strip() == f"CPU {each['cpu-index']}", task.read_text()


def change(emulator, folder):
    path = folder / "changed"
    command = shlex.split(emulator) + ["-M", "virt", "-S", "-smp", "2", "-nodefaults", "-display", "none"]
    command += ["-device", "pcie-root-port,id=port", "-device", "pcie-root-port,id=balloons", "-qmp", f"unix:{path},server=on,wait=off"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            client = Client(path, process)
            client.value("qmp_capabilities", enable=["oob"])
            client.send(b'{"exec-oob":"query-status"}')
            assert client.reply()["return"]["status"] == "prelaunch"
            check_networks(client)
            check_nodes(client, folder)
            check_objects(client)
            check_characters(client, folder)
            check_processors(client, process)
            client.value("quit")
            assert process.wait(30) == 0
        finally:
            process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", required=True)
    emulator = parser.parse_args().emulator
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        client, number, numbered = background(emulator, folder)
        try:
            check_schema(client)
            check_types(client)
            check_none(client)
        finally:
            check_end(client, number, numbered)
        check_refusal(emulator, folder)
        change(emulator, folder)


if __name__ == "__main__":
    main()
