#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random requests and snapshots on qcow2 images of many kinds; qemu-img must find them whole and read the same bytes.

    random_test.py EXERCISE [SEED]
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = 120
OPTIONS = [
    "compat=1.1",
    "compat=0.10",
    "cluster_size=512",
    "cluster_size=512,refcount_bits=8",
    "cluster_size=4k,refcount_bits=64",
    "cluster_size=2M",
    "extended_l2=on",
    "extended_l2=on,cluster_size=16k",
    "lazy_refcounts=on",
]


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def exercise_and_compare(exercise, image, seed, copy):
    run(exercise, "random", image, seed, STEPS, copy)
    run("qemu-img", "check", image)
    run("qemu-img", "compare", "-F", "raw", image, copy)


def main(arguments):
    exercise = arguments[0]
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(1 << 30)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = folder / "copy"
        for number, options in enumerate(OPTIONS):
            image = folder / f"{number}.qcow2"
            run("qemu-img", "create", "-f", "qcow2", "-o", options, image, "6M")
            exercise_and_compare(exercise, image, seed + number, copy)
        raw = folder / "base.raw"
        run("qemu-img", "create", "-f", "raw", raw, "5M")
        run(exercise, "random", raw, seed, STEPS, copy)
        middle, top = folder / "middle.qcow2", folder / "top.qcow2"
        run("qemu-img", "create", "-f", "qcow2", "-F", "raw", "-b", raw.name, middle, "6M")
        run("qemu-img", "create", "-f", "qcow2", "-F", "qcow2", "-b", middle.name, top, "7M")
        exercise_and_compare(exercise, middle, seed + 100, copy)
        exercise_and_compare(exercise, top, seed + 101, copy)
        for kind in ("zlib", "zstd"):
            packed = folder / f"{kind}.qcow2"
            run("qemu-img", "convert", "-c", "-O", "qcow2", "-o", f"compression_type={kind}", raw, packed)
            exercise_and_compare(exercise, packed, seed + 200, copy)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
