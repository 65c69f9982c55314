#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kelvin-img against qemu-img: images of every kind, made by either and read by both.

    convert_test.py KELVIN_IMG EXERCISE [SEED]
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

OPTIONS = [
    "compat=1.1",
    "compat=0.10",
    "cluster_size=512",
    "cluster_size=16k,extended_l2=on",
    "compression_type=zstd",
    "refcount_bits=1",
    "refcount_bits=64,cluster_size=4k",
]
PREALLOCATIONS = ["metadata", "falloc", "full"]


def run(*command, status=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def whole(image, disk, disk_format="raw"):
    run("qemu-img", "check", image)
    run("qemu-img", "compare", "-f", disk_format, "-F", "qcow2", disk, image)


def convert_both_ways(kelvin, folder, raw):
    image, back = folder / "image.qcow2", folder / "back.raw"
    for options in OPTIONS:
        for compressed in ([], ["-c"]):
            run(kelvin, "convert", *compressed, "-f", "raw", "-O", "qcow2", "-o", options, raw, image)
            whole(image, raw)
            run(kelvin, "compare", "-f", "raw", "-F", "qcow2", raw, image)
            run("qemu-img", "convert", *compressed, "-f", "raw", "-O", "qcow2", "-o", options, raw, image)
            run(kelvin, "convert", "-O", "raw", image, back)
            if raw.read_bytes() != back.read_bytes():
                sys.exit(f"{options} {compressed}: what qemu-img wrote is read differently")
    for preallocation in PREALLOCATIONS:
        run(kelvin, "convert", "-O", "qcow2", "-o", f"preallocation={preallocation}", raw, image)
        whole(image, raw)


def change(kelvin, exercise, folder, raw, seed):
    base, top, copy = folder / "base.qcow2", folder / "top.qcow2", folder / "copy"
    run(kelvin, "convert", "-O", "qcow2", raw, base)
    run(kelvin, "create", "-f", "qcow2", "-F", "qcow2", "-b", base.name, top)
    run(exercise, "random", top, seed, 40, copy)
    whole(top, copy)
    run(kelvin, "commit", top)
    whole(base, copy)
    whole(top, copy)
    for size, shrink in (("+3M", []), ("2M", ["--shrink"]), ("8M", [])):
        run(kelvin, "resize", *shrink, base, size)
        run("qemu-img", "check", base)
    run(kelvin, "snapshot", "-c", "first", base)
    before = folder / "before.raw"
    run(kelvin, "convert", "-O", "raw", base, before)
    run("qemu-io", "-c", "write -P 7 64k 1M", base)
    run(kelvin, "snapshot", "-a", "first", base)
    whole(base, before)
    run(kelvin, "snapshot", "-d", "1", base)
    whole(base, before)
    run(kelvin, "rebase", "-u", "-b", "", top)
    if "backing-filename" in json.loads(run(kelvin, "info", "--output=json", top)):
        sys.exit("rebase -u left the backing file's name")
    pieces = json.loads(run(kelvin, "map", "--output=json", base))
    if sum(piece["length"] for piece in pieces) != 8 << 20:
        sys.exit("map does not cover the disk")


def measure(kelvin, folder, raw):
    image = folder / "measured.qcow2"
    run("qemu-img", "convert", "-O", "qcow2", raw, image)
    for source in (["--size", "10G"], ["--size=1000000"], [raw], [image]):
        for options in ("cluster_size=64k", "cluster_size=4k", "cluster_size=16k,extended_l2=on", "preallocation=full"):
            words = ["measure", "--output", "json", "-O", "qcow2", "-o", options, *source]
            ours, theirs = (json.loads(run(tool, *words)) for tool in (kelvin, "qemu-img"))
            ours.pop("bitmaps", None), theirs.pop("bitmaps", None)
            if source == [image] and ours["required"] < theirs["required"]:
                ours["required"] = theirs["required"]  # we see the holes that a cluster has in the file
            if ours != theirs:
                sys.exit(f"{words}: {ours}, but qemu-img says {theirs}")
    run(kelvin, "measure", "--size", "10X", status=1)


def copy_part(kelvin, folder, raw):
    image, part = folder / "whole.qcow2", folder / "part"
    run(kelvin, "dd", "-O", "qcow2", f"if={raw}", f"of={image}", "bs=64k")
    whole(image, raw)
    run(kelvin, "dd", f"if={image}", f"of={part}", "bs=4096", "skip=3", "count=5")
    if part.read_bytes() != raw.read_bytes()[3 * 4096 : 8 * 4096]:
        sys.exit("dd copied something else")
    run(kelvin, "dd", f"if={image}", f"of={part}", "sipk=3", status=1)


def rebase_and_amend(kelvin, exercise, folder, raw, seed):
    old, other, top, copy = (folder / name for name in ("old.qcow2", "other.qcow2", "moved.qcow2", "moved.raw"))
    run("qemu-img", "convert", "-O", "qcow2", raw, old)
    run("qemu-img", "create", "-q", "-f", "qcow2", other, raw.stat().st_size // 2 // 512 * 512)
    run(exercise, "random", other, seed + 1, 20, folder / "other.raw")
    for tool in (kelvin, "qemu-img"):
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", old.name, top)
        run(exercise, "random", top, seed, 40, copy)
        for backing in (["-b", other.name, "-F", "qcow2"], ["-b", old.name, "-F", "qcow2"], ["-b", ""]):
            run(tool, "rebase", "-f", "qcow2", *backing, top)
            whole(top, copy)
            run(kelvin, "compare", "-f", "raw", "-F", "qcow2", copy, top)
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "compat=0.10", top, "64M")
    run(kelvin, "amend", "-o", "compat=1.1,lazy_refcounts=on", top)
    data = json.loads(run("qemu-img", "info", "--output=json", top))["format-specific"]["data"]
    if data["compat"] != "1.1" or not data["lazy-refcounts"]:
        sys.exit(f"amend left {data}")
    run("qemu-img", "check", top)
    run(kelvin, "amend", "-o", "compat=0.10", top, status=1)


def check_and_repair(kelvin, folder, raw):
    image = folder / "check.qcow2"
    run(kelvin, "convert", "-O", "qcow2", "-o", "cluster_size=4k", raw, image)
    run(kelvin, "snapshot", "-c", "s", image)
    run(kelvin, "check", image)
    whole_bytes = image.read_bytes()
    table = int.from_bytes(whole_bytes[48:56], "big")
    block = int.from_bytes(whole_bytes[table : table + 8], "big")
    # One cluster leaks, one that is in use is counted as free; the dirty bit says that counts may be wrong.
    for cluster, count, status, repair in ((1000, 1, 3, "leaks"), (30, 0, 2, "all")):
        data = bytearray(whole_bytes)
        data[block + 2 * cluster : block + 2 * cluster + 2] = count.to_bytes(2, "big")
        data[79] = 1 if repair == "all" else 0
        image.write_bytes(data.ljust(1001 << 12, b"\0"))
        run(kelvin, "check", image, status=status)
        if repair == "all" and "check -r all" not in run(kelvin, "resize", image, "+1M", status=1):
            sys.exit("a dirty image was opened for writing")
        run(kelvin, "check", "-r", repair, image)
        whole(image, raw)
        run(kelvin, "check", image)


def mistakes(kelvin, folder, raw):
    hostile = folder / "hostile.qcow2"
    for arguments, expected in (
        (["convrt"], "did you mean 'convert'?"),
        (["create", "-f", "qcow3", folder / "x", "1G"], "did you mean 'qcow2'?"),
        (["create", "-f", "qcow2", "-o", "cluster_siz=3", folder / "x", "1G"], "did you mean 'cluster_size'?"),
        (["create", "-f", "qcow2", "-b", raw, folder / "x"], "-F raw or -F qcow2"),
        (["resize", "-f", "raw", raw, "1M"], "--shrink"),
        (["snapshot", "-c", "x", raw], "is raw"),
        (["info", folder / "missing"], "No such file"),
    ):
        message = run(kelvin, *arguments, status=1)
        if expected not in message:
            sys.exit(f"{arguments}: {message}")
    for backing, expected in (("nbd://host/x", "is not a file's name"), ("json:{}", "is not a file's name"),
                              ("hostile.qcow2", "is behind itself"), ("/dev/null", "neither a file nor a block device")):
        run("qemu-img", "create", "-u", "-f", "qcow2", "-F", "qcow2", "-b", backing, hostile, "1M")
        message = run(kelvin, "convert", hostile, folder / "x", status=1)
        if expected not in message:
            sys.exit(f"{backing}: {message}")


def mutate(kelvin, folder, raw, chance, rounds=60):
    """Damaged images end in an answer: never a signal, never without end."""
    image, mutant = folder / "m.qcow2", folder / "mutant.qcow2"
    run(kelvin, "convert", "-c", "-O", "qcow2", "-o", "cluster_size=4k", raw, image)
    original = image.read_bytes()
    for _ in range(rounds):
        data = bytearray(original)
        for _ in range(chance.randint(1, 8)):
            at = chance.choice([chance.randrange(112), chance.randrange(min(len(data), 65536)), chance.randrange(len(data))])
            data[at] = chance.choice([0, 1, 0x80, 0xFF, chance.randrange(256)])
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        mutant.write_bytes(data)
        for command in (["info", mutant], ["check", mutant], ["convert", "-f", "qcow2", "-O", "raw", mutant, folder / "x"],
                        ["resize", "-f", "qcow2", mutant, "+1M"], ["snapshot", "-c", "s", mutant]):
            done = subprocess.run([kelvin, *map(str, command)], capture_output=True, timeout=60)
            if done.returncode not in (0, 1, 2, 3, 63) or (done.returncode == 1 and not done.stderr):
                Path("/tmp/mutant.qcow2").write_bytes(data)
                sys.exit(f"{command}: {done.returncode} {done.stderr}; the image is kept as /tmp/mutant.qcow2")


def main(arguments):
    kelvin, exercise = arguments[0], arguments[1]
    seed = int(arguments[2]) if len(arguments) > 2 else random.randrange(1 << 30)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = folder / "disk.raw"
        run("qemu-img", "create", "-f", "raw", raw, "5M")
        run(exercise, "random", raw, seed, 100, folder / "copy")
        mistakes(kelvin, folder, raw)
        check_and_repair(kelvin, folder, raw)
        convert_both_ways(kelvin, folder, raw)
        change(kelvin, exercise, folder, raw, seed + 1)
        measure(kelvin, folder, raw)
        copy_part(kelvin, folder, raw)
        rebase_and_amend(kelvin, exercise, folder, raw, seed + 2)
        mutate(kelvin, folder, raw, random.Random(seed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
