# SPDX-License-Identifier: Apache-2.0
"""What guest/writer.c does to a disk, and whether what was found on one may be there."""

import struct

SECTOR = 512
WORKERS = 3
MOST_SECTORS = 512
PAGE = 8
MAGIC = 0x4D55525544
MASK = (1 << 64) - 1
WRITE, ZERO, DISCARD = range(3)
ZEROES = bytes(SECTOR)
BASE = -1  # the number of what was there before


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def sector_of(seed, disk, worker, number, sector):
    """The bytes that operation `number` writes to a sector."""
    words = (MAGIC, disk << 32 | worker, number & MASK, sector, seed)
    total = mix(mix(mix(words[1] ^ seed) ^ words[2]) ^ sector)
    return struct.pack("<5Q", *words) + struct.pack("<Q", total) * (SECTOR // 8 - 5)


def base_image(seed, disk, sectors):
    """A disk of which every other 16 sectors hold something."""
    return b"".join(sector_of(seed, disk, 0, BASE, i) if i // 16 % 2 else ZEROES for i in range(sectors))


class Worker:
    """One process of guest/writer.c: where it works, and its operations."""

    def __init__(self, seed, disk, number, sectors):
        self.seed, self.disk, self.number = seed, disk, number
        self.count = sectors // WORKERS // PAGE * PAGE
        self.first = self.count * number
        self.buffered = number == WORKERS - 1
        self.key = mix(seed ^ disk << 48 ^ number << 56)

    def operation(self, number):
        """(kind, first sector, sectors)"""
        a = mix((self.key + number) & MASK)
        b = mix(a)
        c = mix(b)
        kind, size = a % 100, a // 100 % 10
        most = 8 if size < 5 else 64 if size < 9 else MOST_SECTORS
        room = self.count if a // 1000 % 2 else self.count // 8
        count = 1 + b % most
        kind = WRITE if self.buffered or kind < 70 else ZERO if kind < 85 else DISCARD
        return kind, self.first + c % (room - count), count


class History:
    """What one worker may have left in each sector, when everything up to operation `flushed` was flushed (-1: nothing)
    and no operation behind `last` has begun."""

    def __init__(self, worker, flushed, last):
        self.worker = worker
        self.oldest = {}  # the last operation up to `flushed` that said what is in a sector
        self.newer = {}  # the writes behind that one
        self.may_be_zero = set()
        for number in range(last + 1):
            kind, first, count = worker.operation(number)
            for sector in range(first, first + count):
                self._note(sector, number, kind, number <= flushed)

    def _note(self, sector, number, kind, durable):
        if durable and kind != DISCARD:
            self.oldest[sector] = number if kind == WRITE else None
            self.newer.pop(sector, None)
            self.may_be_zero.discard(sector)
        elif kind == WRITE:
            self.newer.setdefault(sector, []).append(number)
        if kind != WRITE:
            self.may_be_zero.add(sector)

    def complaint(self, sector, found, base):
        """None if `found` may be in the sector, in which `base` was before; else what is wrong."""
        worker = self.worker
        oldest = self.oldest.get(sector, BASE)
        if found == ZEROES and (sector in self.may_be_zero or (oldest == BASE and base == ZEROES)):
            return None
        if oldest == BASE and found == base:
            return None
        magic, who, number, where, seed = struct.unpack_from("<5Q", found)
        allowed = [*([oldest] if oldest not in (None, BASE) else []), *self.newer.get(sector, [])]
        if number in allowed and found == sector_of(worker.seed, worker.disk, worker.number, number, sector):
            return None
        what = "zeroes" if found == ZEROES else f"{who:#x} {number} {where} {seed:#x}" if magic == MAGIC else found[:40].hex()
        return f"sector {sector} holds {what}; operation {oldest} or one of {self.newer.get(sector, [])} should be there"


def newest(image, worker):
    """The number of the last operation of the worker's that an image shows."""
    number = -1
    for sector in range(worker.first, worker.first + worker.count):
        magic, who, found, _, seed = struct.unpack_from("<5Q", image, sector * SECTOR)
        if magic == MAGIC and who == worker.disk << 32 | worker.number and seed == worker.seed and found != BASE & MASK:
            number = max(number, found)
    return number
