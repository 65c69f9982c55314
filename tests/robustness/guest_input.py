# SPDX-License-Identifier: Apache-2.0
"""What the guests of random instructions and random accesses get: see guests/random.inc."""

import random
import struct

BASE = 0x44000000
HEADER = 0x1000
CODE_SIZE = 1 << 20
MODES = {"el1": 0, "el1-mmu": 1, "el0": 2}


def operand(rng):
    """A number that makes trouble more often than a random one."""
    kind = rng.randrange(10)
    if kind < 3:  # into the code itself, or around its ends
        return BASE + HEADER + rng.randrange(CODE_SIZE)
    if kind == 3:
        return 0x48000000 - rng.randrange(1, 40)
    if kind == 4:  # devices
        return rng.choice([0, 0x8000000, 0x8010000, 0x9000000, 0x9010000, 0x9020000, 0x9030000, 0xA000000]) + rng.randrange(0x1000)
    if kind == 5:
        return rng.randrange(256)
    if kind == 6:
        return 1 << rng.randrange(64)
    if kind == 7:
        return ~rng.randrange(4096) & (1 << 64) - 1
    if kind == 8:  # a big-endian address, as fw_cfg takes it
        return int.from_bytes((BASE + HEADER + rng.randrange(0x1000)).to_bytes(8, "big"), "little")
    return rng.getrandbits(64)


def word(rng):
    kind = rng.randrange(16)
    bits = rng.getrandbits(32)
    if kind < 4:
        return bits
    if kind < 6:  # system instructions and registers
        return 0xD5000000 | bits & 0x3FFFFF
    if kind < 9:  # loads and stores
        return bits & ~(1 << 25) | 1 << 27
    if kind < 13:  # Advanced SIMD and floating point
        return bits | 7 << 25
    if kind < 15:  # data processing
        return bits & ~(7 << 26) | rng.choice([4, 5]) << 26 if rng.randrange(2) else bits & ~(7 << 25) | 5 << 25
    # branches, not far
    return rng.choice(
        [
            0x54000000 | bits & 0x1FFF | (0x7FF << 13 if bits & 0x1000 else 0),
            0x14000000 | bits & 0x3FF,
            0x34000000 | bits & 0x83001FFF,
            0xD61F0000 | bits & 0x3E0,
            0xD69F03E0,
        ]
    )


def make(seed, mode="el1", count=0, code=True):
    rng = random.Random(seed)
    pool = struct.pack("<64Q", *(operand(rng) for _ in range(64)))
    header = struct.pack("<4Q", rng.getrandbits(64) | 1, MODES[mode], count, CODE_SIZE) + pool
    # A block of words many times over: making them costs more than running them.
    block = struct.pack("<16384I", *(word(rng) for _ in range(16384))) if code else b""
    return header.ljust(HEADER, b"\0") + block * (CODE_SIZE // max(1, len(block)))
