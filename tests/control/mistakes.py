#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a mistake gets: each is answered by what is wrong, where, and what to do; nothing is started or written.

    mistakes.py --emulator COMMAND --image-tool COMMAND
"""

import argparse
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from qmp import Client  # noqa: E402

QUIET = ["-display", "none", "-nodefaults"]
SECONDS = 60


class Place:
    """The files that the mistakes are made with."""

    def __init__(self, folder, emulator, image_tool):
        self.folder = folder
        self.emulator = emulator
        self.image_tool = image_tool
        self.raw = self.make("raw.img", bytes(1 << 20))
        self.other = self.make("other.img", bytes(1 << 20))
        self.loop = self.make("loop.bin", (0x14000000).to_bytes(4, "little"))  # b .
        self.stream = self.make("stream", b"QEVM\0\0\0\x02" + bytes(100))
        self.cut_stream = self.make("cut", b"QEV")
        self.foreign = self.make("foreign", b"LibvirtQemudSave" + bytes(100))
        self.bzimage = self.make("vmlinuz", self.x86_kernel())
        self.damaged = folder / "damaged.qcow2"
        subprocess.run([*image_tool, "create", "-q", "-f", "qcow2", self.damaged, "16M"], check=True, timeout=SECONDS)
        with open(self.damaged, "r+b") as image:
            image.seek(40)  # l1_table_offset
            image.write((1 << 50).to_bytes(8, "big"))

    def make(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    @staticmethod
    def x86_kernel():
        """The head of a bzImage: Linux's x86 boot protocol, 1.1."""
        head = bytearray(4096)
        head[0x1FE:0x200] = b"\x55\xaa"
        head[0x202:0x206] = b"HdrS"
        head[0x206:0x208] = b"\x0f\x02"
        return bytes(head)

    def run(self, *arguments):
        return subprocess.run([*self.emulator, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS)

    def start(self, *arguments, **options):
        return subprocess.Popen([*self.emulator, *map(str, arguments)], stdin=subprocess.DEVNULL, text=True, **options)


def drive(path, name, more="if=none"):
    return ["-drive", f"file={path},{more},id={name}"]


def mistakes(at):
    """Arguments, and what the answer must say."""
    kernel = ["-kernel", at.loop]
    node = ["-blockdev", f"driver=file,filename={at.raw},node-name=n0"]
    return [
        (["-M", "virt", "-device", "virtio-nett", *kernel], ["virtio-nett", "did you mean 'virtio-net", "-device help"]),
        (["-M", "virtt"], ["virtt", "did you mean 'virt'", "-machine help"]),
        (["-M", "q35x"], ["q35x", "-machine help"]),
        (["-M", "virt", "-cpu", "maxx"], ["maxx", "did you mean 'max'", "-cpu help"]),
        (["-M", "virt", "-cpu", "hots"], ["hots", "-cpu help"]),
        (["-nosuch"], ["-nosuch", "-help"]),
        (["-kernl", "x"], ["did you mean '-kernel'"]),
        (["-M", "virt", "-m", "10T", *kernel], ["10 TiB", "the host has", "free", "-m"]),
        (["-M", "virt", "-m", "4qb", *kernel], ["4qb"]),
        (["-M", "virt", "-kernel", "/etc/passwd"], ["/etc/passwd", "text", "Image"]),
        (["-M", "virt", "-kernel", at.bzimage], [str(at.bzimage), "x86", "aarch64"]),
        (["-M", "virt", "-kernel", at.folder / "nowhere"], ["nowhere", "No such file"]),
        (["-M", "virt", *kernel, *drive(at.raw, "a", "if=virtio,format=raw"), *drive(at.raw, "b", "if=virtio,format=raw")],
         [str(at.raw), "'a'", "'b'"]),
        (["-M", "virt", *kernel, *drive(at.raw, "a", "if=virtio,format=raw"), *node, "-device", "virtio-blk-pci,drive=n0"],
         [str(at.raw), "'a'"]),
        (["-M", "virt", *kernel, "-device", "virtio-net-pci,netdev=n0"], ["netdev", "n0", "-netdev"]),
        (["-M", "virt", *kernel, "-netdev", "user,id=n1", "-device", "virtio-net-pci,netdev=n0"], ["n0", "n1"]),
        (["-M", "virt", *kernel, "-device", "virtio-blk-pci,drive=d0"], ["d0", "drive"]),
        (["-M", "virt", *kernel, *drive(at.damaged, "d", "if=virtio,format=qcow2")],
         [str(at.damaged), "L1 table", "kelvin-img check"]),
        (["-M", "virt", *kernel, "-incoming", "tcp:127.0.0.1:1"], ["-incoming", "yet", "leave -incoming out"]),
        (["-M", "virt", *kernel, "-incoming", "defer"], ["migrate-incoming", "yet"]),
        (["-M", "virt", *kernel, "-incoming", "unxi:/x"], ["did you mean 'unix'", "exec:COMMAND"]),
        (["-M", "virt", *kernel, "-incoming", f"file:{at.stream}"], [str(at.stream), "version 2", "QEMU 10 writes 3"]),
        (["-M", "virt", *kernel, "-incoming", f"file:{at.cut_stream}"], [str(at.cut_stream), "after 3 bytes", "8"]),
        (["-M", "virt", *kernel, "-incoming", f"file:{at.foreign}"], [str(at.foreign), "no migration stream", "QEVM"]),
        (["-M", "virt", *kernel, "-incoming", f"file:{at.folder}/nowhere"], ["nowhere", "No such file"]),
        (["-M", "virt", *kernel, "-loadvm", "tag"], ["'tag'", "kelvin-img snapshot"]),
        (["-M", "virt", "-accel", "kvm", *kernel], ["KVM", "x86-64", "aarch64", "-accel translator"]),
        (["-M", "virt,accel=kvm", *kernel], ["KVM", "-accel translator"]),
        (["-M", "virt", "-enable-kvm", *kernel], ["KVM", "-accel translator"]),
        (["-M", "virt", *kernel, "-serial", "file:/nowhere/x"], ["/nowhere/x", "No such file"]),
    ]


def check_refusals(at):
    pid_file, log = at.folder / "pid", at.folder / "log"
    for arguments, parts in mistakes(at):
        result = at.run(*QUIET, "-pidfile", pid_file, *arguments)
        shown = f"{' '.join(map(str, arguments))}: {result.returncode}\n{result.stdout}{result.stderr}"
        assert result.returncode == 1 and result.stdout == "", shown
        assert result.stderr.startswith("kelvin: "), shown
        for part in parts:
            assert part in result.stderr, f"{part!r} is not in: {shown}"
        assert not pid_file.exists(), shown
    # What the machine would have written to is as it was, though the mistake is seen late.
    log.write_text("kept")
    result = at.run(*QUIET, "-M", "virt", "-kernel", "/etc/passwd", "-serial", f"file:{log}")
    assert result.returncode == 1 and log.read_text() == "kept", (result, log.read_text())


def check_accepted(at):
    """What looks like one and is none, with what is said of it once."""
    for arguments, note in ((["-m", "4gb", "-M", "none"], ""),
                            (["-M", "none,accel=kvm:tcg"], ""),
                            (["-M", "none", "-accel", "kvm", "-accel", "tcg"], ""),
                            ([at.raw, "-S", "-kernel", at.loop], "no machine was named: it is 'virt'"),
                            (["-M", "virt", "-S", "-kernel", at.loop, *drive(at.raw, "d", "if=virtio")], f"{at.raw}")):
        socket = at.folder / "qmp"
        process = at.start(*QUIET, *arguments, "-qmp", f"unix:{socket},server=on,wait=off", stderr=subprocess.PIPE)
        client = Client(socket, process)
        client.value("qmp_capabilities")
        client.value("quit")
        said = process.communicate(timeout=SECONDS)[1]
        assert process.returncode == 0 and note in said, f"{arguments}: {said}"
        assert not note or said.count(note) == 1, said


def check_disk_in_use(at):
    arguments = ["-M", "virt", "-S", "-kernel", at.loop, *QUIET, *drive(at.raw, "d", "if=virtio,format=raw")]
    socket = at.folder / "holder"
    holder = at.start(*arguments, "-qmp", f"unix:{socket},server=on,wait=off")
    try:
        client = Client(socket, holder)
        result = at.run(*arguments)
        assert result.returncode == 1, result
        name = Path(f"/proc/{holder.pid}/comm").read_text().strip()
        for part in (str(at.raw), f"process {holder.pid} ({name})", "readonly=on", "kelvin-img create"):
            assert part in result.stderr, result.stderr
        client.value("qmp_capabilities")
        for line in ("savevm x", "loadvm x"):
            answer = client.value("human-monitor-command", **{"command-line": line})
            for part in ("Error: ", str(at.raw), "yet", "kelvin-img create -f qcow2 -b"):
                assert part in answer, answer
        assert "does not have yet" in client.value("human-monitor-command", **{"command-line": "migrate tcp:0:1"})
        client.value("quit")
        holder.wait(SECONDS)
    finally:
        holder.kill()


def check_silence(at):
    """A guest that goes in a circle, and one with nothing to do but wait."""
    wait = at.make("wait.bin", (0xD503207F).to_bytes(4, "little") + (0x17FFFFFF).to_bytes(4, "little"))  # wfi; b .-4
    started = [at.start("-M", "virt", *QUIET, "-serial", f"file:{at.folder / 'serial'}", "-kernel", kernel, stderr=subprocess.PIPE)
               for kernel in (at.loop, wait)]
    time.sleep(13)
    for process, state in zip(started, ("runs", "waits for an interrupt")):
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=SECONDS)[1]
        for part in ("has written nothing to its serial port", f"CPU 0 {state} at PC=0x", "in EL1", "console=ttyAMA0"):
            assert part in said, said
        assert said.count("written nothing") == 1, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--image-tool", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        at = Place(Path(name), shlex.split(options.emulator), shlex.split(options.image_tool))
        for check in (check_refusals, check_accepted, check_disk_in_use, check_silence):
            check(at)
            print(check.__name__, "passed")


if __name__ == "__main__":
    main()
