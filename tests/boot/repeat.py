#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots many times in a row, to find what goes wrong seldom. Takes boot.py's options, and

    repeat.py N --emulator COMMAND ...

Goes on after a failure; the last line is `M of N`, and the exit status is 0 if they are equal.
"""

import statistics
import sys

from boot import boot, command_line, parser
from console import ConsoleError


def main():
    options = parser()
    options.add_argument("times", type=int)
    arguments = options.parse_args()
    command = command_line(arguments)
    times = []
    for number in range(1, arguments.times + 1):
        try:
            times.append(boot(command, arguments.timeout, arguments.smp)[0])
            print(f"{number}: prompt after {times[-1]:.2f} s", flush=True)
        except ConsoleError as error:
            print(f"{number}: {error}", flush=True)
    if times:
        print(f"to the prompt: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
    print(f"{len(times)} of {arguments.times}")
    return 0 if len(times) == arguments.times else 1


if __name__ == "__main__":
    sys.exit(main())
