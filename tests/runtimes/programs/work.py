# SPDX-License-Identifier: Apache-2.0
"""What every runtime is made to do; the results of this one, on the host, are what all must print."""

import hashlib
import math
import re
import threading

MASK = 0xFFFFFFFF


def sequence(count, seed=12345):
    numbers = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        numbers.append(seed)
    return numbers


def integers():
    mixed = 2166136261
    for number in sequence(200000):
        mixed = ((mixed ^ (number & 0xFF)) * 16777619) & MASK
        mixed = ((mixed << 7) | (mixed >> 25)) & MASK
    return mixed


def big_numbers():
    factorial = 1
    for i in range(2, 1501):
        factorial *= i
    return hashlib.sha256(str(factorial).encode()).hexdigest()


def floats():
    total, x = 0.0, 0.5
    for i in range(1, 100001):
        x = 3.75 * x * (1.0 - x)
        total += math.sqrt(x) if i % 3 else x / i
    return int(total * 1048576.0)


def trees():
    def make(depth):
        return (make(depth - 1), make(depth - 1)) if depth else (None, None)

    def count(node):
        return 1 + count(node[0]) + count(node[1]) if node[0] is not None else 1

    return sum(count(make(12)) for _ in range(10))


def strings():
    text = " ".join("%x" % number for number in sequence(20000))
    words = re.findall(r"\b[a-f][0-9]+[a-f]*\b", text)
    replaced = re.sub(r"([0-9])\1", r"<\1>", text)
    return "%d %s" % (len(words), hashlib.sha256(replaced.encode()).hexdigest())


def tables():
    counts = {}
    for number in sequence(100000):
        key = "k%d" % (number % 5003)
        counts[key] = counts.get(key, 0) + number % 7
    digest = hashlib.sha256()
    for key in sorted(counts):
        digest.update(("%s=%d;" % (key, counts[key])).encode())
    return digest.hexdigest()


def exceptions():
    caught = 0

    def descend(depth):
        if depth == 0:
            raise ValueError("x")
        descend(depth - 1)

    for i in range(2000):
        try:
            descend(i % 20)
        except ValueError as error:
            caught += i + len(str(error))
    return caught


def threads():
    parts = [0] * 4

    def run(part):
        total = 0
        for number in sequence(50000, part + 1):
            total = (total + number * (part + 3)) & MASK
        parts[part] = total

    workers = [threading.Thread(target=run, args=(part,)) for part in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return " ".join(str(part) for part in parts)


def main():
    for task in (integers, big_numbers, floats, trees, strings, tables, exceptions, threads):
        print("result %s %s" % (task.__name__, task()), flush=True)


if __name__ == "__main__":
    main()
