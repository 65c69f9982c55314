#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a program that writes to a qcow2 image, and looks whether the image is whole and what was flushed is there.

    kill_test.py EXERCISE [COUNT [SEED]]
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OPTIONS = ["cluster_size=64k", "cluster_size=4k", "extended_l2=on", "compat=0.10", "cluster_size=512,refcount_bits=8"]


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def kill_once(exercise, image, seed, delay):
    """The number of the last write that was said to be flushed; -1: none."""
    process = subprocess.Popen([exercise, "kill", image, str(seed)], stdout=subprocess.PIPE, text=True)
    time.sleep(delay)
    process.kill()
    said = process.communicate()[0]
    whole = said[: said.rfind("\n") + 1].split()
    return int(whole[-1]) if whole else -1


def check_image(image):
    """The host may still be ending what the killed process had under way, and keeps the locks until then."""
    for _ in range(100):
        check = run("qemu-img", "check", image)
        if "lock" not in check.stderr:
            break
        time.sleep(0.05)
    return check


def main(arguments):
    exercise = arguments[0]
    count = int(arguments[1]) if len(arguments) > 1 else 20
    seed = int(arguments[2]) if len(arguments) > 2 else random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    flushed_in_all = 0
    with tempfile.TemporaryDirectory() as folder:
        for round_number in range(count):
            image = Path(folder) / f"{round_number}.qcow2"
            options = OPTIONS[round_number % len(OPTIONS)]
            made = run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image, "16M")
            if made.returncode != 0:
                fail(made.stderr)
            flushed = kill_once(exercise, image, seed + round_number, chance.uniform(0.02, 0.4))
            check = check_image(image)
            if check.returncode not in (0, 3):  # 3: leaked clusters only
                fail(f"{options}: after write {flushed}: {check.stdout}{check.stderr}")
            if flushed >= 0:
                compared = run(exercise, "survived", image, seed + round_number, flushed)
                if compared.returncode != 0:
                    fail(f"{options}: after write {flushed}: {compared.stderr}")
            flushed_in_all += flushed + 1
            image.unlink()
    if flushed_in_all == 0:
        fail("nothing was flushed in any round: the host is too slow for this test to say anything")
    print(f"{count} kills, {flushed_in_all} flushed writes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
