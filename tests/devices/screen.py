# SPDX-License-Identifier: Apache-2.0
"""What Linux draws on /dev/fb0, as the machine's screen shows it."""

import tempfile
import time
from pathlib import Path

from boot import PROMPT

ROW = b"\x10\x20\x30\x00\xff\x00\x00\x00\x00\xff\x00\x00\x00\x00\xff\x00"  # B, G, R, unused
COLORS = ((0x30, 0x20, 0x10), (0, 0, 255), (0, 255, 0), (255, 0, 0))


def takes_no_console(console):
    """Linux's own text goes elsewhere, and its cursor with it."""
    console.type("for c in /sys/class/vtconsole/vtcon*; do echo 0 > $c/bind; done; dd if=/dev/zero of=/dev/fb0 bs=64k 2> /dev/null\n")
    console.wait_for(PROMPT)


def take(console, device, file):
    console.monitor(f"screendump {file} {device}")
    header, size, most, pixels = file.read_bytes().split(b"\n", 3)
    assert header == b"P6" and most == b"255", header + most
    width, height = map(int, size.split())
    return width, height, pixels


def rows(shown):
    """The numbers and beginnings of rows that are not black."""
    width, height, pixels = shown
    every = [pixels[3 * width * row : 3 * width * (row + 1)] for row in range(height)]
    return [(number, row[:12].hex()) for number, row in enumerate(every) if any(row)][:5]


def draws(device, width, height):
    """A check: a line of four colours repeated, in row 3, and nothing elsewhere."""

    def check(console):
        text = "".join(f"\\{byte:03o}" for byte in ROW)
        console.type(f"{{ head -c {3 * 4 * width} /dev/zero; for i in $(seq {width // 4}); do printf '{text}'; done; }} > p; "
                     f"cat p > /dev/fb0\n")
        console.wait_for(PROMPT)
        line = b"".join(map(bytes, COLORS)) * (width // 4)
        expected = (width, height, bytes(9 * width) + line + bytes(3 * width * (height - 4)))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "screen.ppm"
            # Linux brings it to the screen a little later.
            for _ in range(25):
                shown = take(console, device, file)
                if shown == expected:
                    return
                time.sleep(0.2)
            console.fail(f"the screen of {shown[0]} by {shown[1]} is not what was drawn: rows {rows(shown)}")

    return check
