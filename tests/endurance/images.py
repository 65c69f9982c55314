# SPDX-License-Identifier: Apache-2.0
"""Kinds of qcow2 images and ways to use them, and what must be true of an image after a crash."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "images"))
from kill_test import check_image, run  # noqa: E402

from operations import SECTOR, WORKERS, History, Worker, base_image, newest  # noqa: E402

SIZE = 24 << 20
SECTORS = SIZE // SECTOR
FORMATS = [
    "cluster_size=64k",
    "cluster_size=4k",
    "extended_l2=on",
    "lazy_refcounts=on",
    "compat=0.10",
    "cluster_size=512,refcount_bits=8",
    "cluster_size=2M",
    "cluster_size=16k,extended_l2=on,lazy_refcounts=on",
    "refcount_bits=64,preallocation=metadata",
]
BASES = ["nothing", "itself", "snapshot", "raw", "qcow2"]
USES = ["cache=writeback", "cache=none", "cache=writethrough", "cache=directsync", "cache=none,aio=io_uring",
        "cache=writeback,aio=threads", "cache=writeback,detect-zeroes=unmap", "cache=none,discard=ignore"]
DEVICES = ["virtio-blk-pci", "scsi-hd", "nvme", "virtio-blk-device"]
# A writer goes on for so many operations, about, without a flush: what it says is not further behind.
BEHIND = 400


def must(*command):
    done = run(*command)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


class Disk:
    """Number `number` of a machine's disks: an image of some kind, used in some way by some device."""

    def __init__(self, folder, chance, number, seed, turn):
        self.seed, self.number = seed, number
        self.name = f"d{number}"
        self.path = folder / f"{self.name}.qcow2"
        self.format = FORMATS[turn % len(FORMATS)]
        self.use = chance.choice(USES)
        self.device = chance.choice(DEVICES)
        self.base = chance.choice(BASES)
        if self.base in ("raw", "qcow2") and "preallocation" in self.format:
            self.base = "itself"
        self.before = bytes(SIZE) if self.base == "nothing" else base_image(seed, number, SECTORS)
        self._create(folder)

    def __str__(self):
        return f"{self.format} on {self.base} by {self.device}, {self.use}"

    def _create(self, folder):
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", self.format]
        if self.base == "nothing":
            must(*create, self.path, str(SIZE))
            return
        raw = folder / f"{self.name}.base"
        raw.write_bytes(self.before)
        if self.base in ("itself", "snapshot"):
            must(*create, self.path, str(SIZE))
            must("qemu-img", "convert", "-n", "-O", "qcow2", raw, self.path)
        else:
            behind = raw
            if self.base == "qcow2":
                behind = folder / f"{self.name}.behind"
                must("qemu-img", "convert", "-O", "qcow2", raw, behind)
            must(*create, "-b", behind, "-F", self.base, self.path)
        if self.base == "snapshot":
            must("qemu-img", "snapshot", "-c", "before", self.path)

    def options(self):
        drive = f"file={self.path},format=qcow2,if=none,id={self.name},discard=unmap,{self.use}"
        if "discard=ignore" in self.use:
            drive = drive.replace("discard=unmap,", "")
        return ["-drive", drive, "-device", f"{self.device},drive={self.name},serial={self.name}_serial"]

    def verify(self, image_tool, flushed):
        """`flushed`: each worker's last operation up to which everything was flushed."""
        check = check_image(self.path)
        assert check.returncode in (0, 3), f"qemu-img check: {check.stdout}{check.stderr}"  # 3: leaks only
        own = run(image_tool, "check", self.path)
        assert own.returncode == check.returncode, f"kelvin-img check: {own.returncode}, qemu-img: {check.returncode}: {own.stdout}"
        image = self._read("qemu-img")
        assert image == self._read(image_tool), "kelvin-img and qemu-img read different bytes"
        for number in range(WORKERS):
            self._verify_slice(image, Worker(self.seed, self.number, number, SECTORS), flushed[number])
        if self.base == "snapshot":
            must("qemu-img", "convert", "-O", "raw", "-l", "before", self.path, self.path.with_suffix(".then"))
            assert self.path.with_suffix(".then").read_bytes() == self.before, "the snapshot has changed"
        if check.returncode == 3:
            must(image_tool, "check", "-r", "leaks", self.path)
            must("qemu-img", "check", self.path)
            assert image == self._read("qemu-img"), "the repair changed what the disk holds"

    def _read(self, tool):
        raw = self.path.with_suffix(".raw")
        must(tool, "convert", "-f", "qcow2", "-O", "raw", self.path, raw)
        return raw.read_bytes()

    def _verify_slice(self, image, worker, flushed):
        history = History(worker, flushed, max(flushed, newest(image, worker)) + BEHIND)
        for sector in range(worker.first, worker.first + worker.count):
            place = slice(sector * SECTOR, (sector + 1) * SECTOR)
            wrong = history.complaint(sector, image[place], self.before[place])
            assert wrong is None, f"worker {worker.number}, flushed up to {flushed}: {wrong}"
