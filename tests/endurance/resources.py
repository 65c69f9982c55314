# SPDX-License-Identifier: Apache-2.0
"""What a process holds of the host, and whether that grows from round to round."""

import os
import re
import statistics
import time
from pathlib import Path
from typing import NamedTuple


# Little room for generated code, so that what is known of it does not grow for long.
TRANSLATOR = ["-accel", "translator,tb-size=4"]
ENOUGH = 40
SLACK = 64  # KiB, of an allocator's that fills pages as it likes


class Held(NamedTuple):
    descriptors: int
    threads: int
    heap: int  # KiB of private memory that is neither the guest's RAM nor generated code


def held_by(process, ram_mib):
    folder = Path("/proc", str(process))
    heap = 0
    for mapping in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", (folder / "smaps").read_text()):
        fields = dict(re.findall(r"^(\w+): +(\d+) kB$", mapping, re.MULTILINE))
        is_code = "x" in mapping.split(" ", 2)[1] or "memfd:" in mapping.split("\n", 1)[0]
        if int(fields["Size"]) < ram_mib * 1024 and not is_code:
            heap += int(fields["Private_Dirty"])
    return Held(len(os.listdir(folder / "fd")), len(os.listdir(folder / "task")), heap)


class Trend:
    """Rounds, each of which must leave the process with what it had before."""

    def __init__(self, process, ram_mib, pause=0.1):
        self.process, self.ram_mib, self.pause = process, ram_mib, pause
        self.rounds = []

    def note(self):
        """The least of ten looks, as connections of the guest's come and go."""
        seen = []
        for _ in range(10):
            seen.append(held_by(self.process, self.ram_mib))
            time.sleep(self.pause)
        self.rounds.append(Held(*(min(each[i] for each in seen) for i in range(len(Held._fields)))))

    def verify(self, heap_per_round):
        """No descriptor and no thread more at the end than after a quarter of the rounds, which warm up; of memory, at most
        `heap_per_round` KiB, once there are enough rounds for the guest's code to be translated in the first of them."""
        quarter = max(1, len(self.rounds) // 4)
        early, late = self.rounds[quarter : 2 * quarter] or self.rounds[:1], self.rounds[-quarter:]
        growth = statistics.median(each.heap for each in late) - statistics.median(each.heap for each in early)
        rounds = max(1, len(self.rounds) - 2 * quarter)
        per_round = growth / rounds
        text = f"{len(self.rounds)} rounds: first {self.rounds[0]}, after a quarter {early[0]}, last {late[-1]}, {per_round:.2f} KiB a round"
        for what in ("descriptors", "threads"):
            assert min(getattr(each, what) for each in late) <= max(getattr(each, what) for each in early), f"{what} grow: {text}"
        assert len(self.rounds) < ENOUGH or growth <= heap_per_round * rounds + SLACK, f"memory grows: {text}"
        return text
