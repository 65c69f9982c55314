#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a device tree blob as one line a property, for comparison: dump.py FILE.dtb [NODE to leave out...]

    qemu-system-aarch64 -M virt,gic-version=2,dumpdtb=v.dtb -cpu cortex-a57 -m 512 ... && ./dump.py v.dtb > virt-10.0-gicv2.txt
"""
import struct
import sys

blob = open(sys.argv[1], "rb").read()
left_out = sys.argv[2:]
magic, _, structure, strings = struct.unpack(">4I", blob[:16])
assert magic == 0xD00DFEED
path, at = [], structure
while True:
    (token,) = struct.unpack_from(">I", blob, at)
    at += 4
    if token == 1:
        end = blob.index(b"\0", at)
        path.append(blob[at:end].decode())
        at = (end + 4) & ~3
        name = "/".join(path) or "/"
        if not any(part in name for part in left_out):
            print(f"node {name}")
    elif token == 2:
        path.pop()
        if not path:
            break
    elif token == 3:
        size, offset = struct.unpack_from(">2I", blob, at)
        key = blob[strings + offset:blob.index(b"\0", strings + offset)].decode()
        value = blob[at + 8:at + 8 + size]
        at = (at + 8 + size + 3) & ~3
        name = "/".join(path) or "/"
        if not any(part in name for part in left_out):
            shown = "(random)" if key in ("rng-seed", "kaslr-seed") else value.hex()
            print(f"{name} {key} = {shown}")
