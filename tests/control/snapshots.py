#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""External snapshots by QMP, as libvirt takes them: an image is made by a job, opened, and put on the disk by a transaction.

    snapshots.py --emulator COMMAND
"""

import argparse
import shlex
import subprocess
import tempfile
from pathlib import Path

from qmp import Client, guest_folder

SIZE = 8 << 20


def add_file(client, folder, name):
    path = folder / f"{name}.qcow2"
    path.touch()
    client.value("blockdev-add", **{"driver": "file", "filename": str(path), "node-name": f"{name}-storage",
                                    "auto-read-only": True, "discard": "unmap"})


def make_image(client, folder, name, **options):
    add_file(client, folder, name)
    job = f"create-{name}"
    client.value("blockdev-create", **{"job-id": job, "options": {"driver": "qcow2", "file": f"{name}-storage", "size": SIZE,
                                                                  "cluster-size": 65536, **options}})
    client.wait_for("JOB_STATUS_CHANGE")
    ended = next(each for each in client.value("query-jobs") if each["id"] == job)
    client.value("job-dismiss", id=job)
    assert client.value("query-jobs") == []
    told = [data["status"] for name, data in client.event_data if name == "JOB_STATUS_CHANGE" and data["id"] == job]
    between = ["aborting"] if "error" in ended else ["waiting", "pending"]
    assert told == ["created", "running", *between, "concluded", "null"], told
    return ended


def add_overlay(client, folder, name, backing):
    ended = make_image(client, folder, name, **{"backing-file": str(folder / backing), "backing-fmt": "qcow2"})
    assert ended == {"id": f"create-{name}", "type": "create", "status": "concluded", "current-progress": 1, "total-progress": 1}, ended
    client.value("blockdev-add", **{"node-name": name, "read-only": False, "driver": "qcow2", "file": f"{name}-storage", "backing": None})


def snapshots(client, folder):
    client.value("qmp_capabilities")
    add_overlay(client, folder, "top", "base.qcow2")
    wrong = make_image(client, folder, "wrong", **{"backing-file": "b", "backing-fmt": "raw", "extended-l2": True, "cluster-size": 4096})
    assert "extended_l2" in wrong["error"] and wrong["status"] == "concluded", wrong
    both = [{"type": "blockdev-snapshot", "data": {"node": "base", "overlay": "top"}},
            {"type": "blockdev-snapshot", "data": {"node": "base", "overlay": "none"}}]
    assert "there is no block node 'none'" in client.error("transaction", actions=both)["desc"]
    assert client.value("query-block")[0]["inserted"]["node-name"] == "base"
    client.value("transaction", actions=both[:1])
    inserted = client.value("query-block")[0]["inserted"]
    assert inserted["node-name"] == "top" and inserted["backing_file_depth"] == 1, inserted
    assert inserted["image"]["backing-image"]["filename"] == str(folder / "base.qcow2"), inserted
    nodes = {each["node-name"]: each for each in client.value("query-named-block-nodes", flat=True)}
    assert nodes["base"]["ro"] and not nodes["top"]["ro"], nodes
    assert "in use by node 'top'" in client.error("blockdev-del", **{"node-name": "base"})["desc"]
    # Whoever reads may come to what nobody writes any more.
    subprocess.run(["qemu-img", "check", "-q", folder / "base.qcow2"], check=True)

    third = str(folder / "third.qcow2")
    assert "give one of both" in client.error("blockdev-snapshot-sync", **{"snapshot-file": third})["desc"]
    client.value("blockdev-snapshot-sync", **{"node-name": "top", "snapshot-file": third, "snapshot-node-name": "third"})
    statistics = client.value("query-blockstats")[0]
    assert statistics["node-name"] == "third" and statistics["backing"]["backing"]["node-name"] == "base", statistics
    assert client.error("transaction", actions=[{"type": "drive-backup", "data": {}}])["desc"].startswith("'drive-backup' cannot")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", folder / "base.qcow2", str(SIZE)], check=True)
        command = [
            *shlex.split(arguments.emulator),
            *("-M", "virt", "-display", "none", "-serial", "null", "-nic", "none", "-S"),
            *("-kernel", guest_folder("bookworm") / "kernel"),
            *("-blockdev", f"driver=file,node-name=storage,filename={folder}/base.qcow2"),
            *("-blockdev", "driver=qcow2,node-name=base,file=storage", "-device", "virtio-blk-pci,drive=base,id=disk"),
            *("-qmp", f"unix:{folder}/qmp,server=on,wait=off"),
        ]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            client = Client(folder / "qmp", process)
            snapshots(client, folder)
            client.value("quit")
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        chain = subprocess.run(["qemu-img", "info", "--backing-chain", folder / "third.qcow2"], check=True, capture_output=True, text=True)
        assert chain.stdout.count("virtual size: 8 MiB") == 3, chain.stdout
        for image in ("base", "top", "third"):
            subprocess.run(["qemu-img", "check", "-q", folder / f"{image}.qcow2"], check=True)


if __name__ == "__main__":
    main()
