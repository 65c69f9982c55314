#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's arm64 kernel to a shell, uses it, and switches the machine off.

    boot.py --emulator COMMAND [--suite bookworm|trixie] [--machine virt] [--cpu MODEL] [--smp N] [--option OPTION]...
            [--brief]

Passes if the shell calculates and hashes rightly and can be interrupted, and if the emulator ends with 0 after `poweroff`.
"""

import argparse
import hashlib
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from console import Console, ConsoleError

ROOT = Path(__file__).resolve().parents[2]
PROMPT = r"kelvin:[^\n]*# "


def guest_folder(suite):
    """The folder with the suite's kernel and initramfs, fetched if it is not there."""
    fetch = subprocess.run([ROOT / "tools/fetch-guest", suite], stdout=subprocess.PIPE, text=True, check=False)
    if fetch.returncode:
        raise ConsoleError(f"tools/fetch-guest {suite} failed, see above")
    return Path(fetch.stdout.strip())


def expected_hash():
    return hashlib.sha256(b"".join(b"%d\n" % i for i in range(1, 50001))).hexdigest()


def expected_sum():
    return f"{sum(1 / (i * i) for i in range(1, 2001)):.12f}"


# Each command and what it must print on a line of its own. The commands spell nothing that they print, as the terminal
# echoes them.
def checks(processors):
    return [
        ("echo $((6*7))", "42"),
        ("seq 50000 | sha256sum", re.escape(expected_hash()) + "  -"),
        ("awk 'BEGIN { for (i = 1; i <= 2000; i++) s += 1 / (i * i); printf \"%.12f\\n\", s }'", re.escape(expected_sum())),
        ("echo $(uname -m)-$(nproc)", f"aarch64-{processors}"),
    ]


def command_line(arguments):
    guest = guest_folder(arguments.suite)
    return [
        *shlex.split(arguments.emulator),
        *("-M", arguments.machine, "-smp", str(arguments.smp), "-m", "1024", "-nographic", "-no-reboot"),
        *(("-cpu", arguments.cpu) if arguments.cpu else ()),
        *("-kernel", str(guest / "kernel"), "-initrd", str(guest / "initrd"), "-append", "console=ttyAMA0"),
        *arguments.option,
    ]


def interrupt(console):
    """Ctrl-C ends a program: the console is the shell's controlling terminal, and signals arrive."""
    # The program speaks itself: what the shell has only forked still has the shell's signal handlers.
    console.type("/bin/busybox sh -c 'echo run$((1+1)); exec sleep 1000'\n")
    console.wait_for(r"\nrun2\r*\n")
    console.type("\x03")
    console.wait_for(PROMPT)
    console.type("echo status $?\n")
    console.wait_for(r"\nstatus 130\r*\n")
    console.wait_for(PROMPT)


def boot(command, seconds, processors=1, brief=False, free_of=None):
    """One boot; returns (seconds to the prompt, seconds in all)."""
    started = time.monotonic()
    with Console(command, seconds) as console:
        console.wait_for(PROMPT)
        to_prompt = time.monotonic() - started
        for line, answer in checks(processors)[: 1 if brief else None]:
            console.type(line + "\n")
            console.wait_for(rf"\n{answer}\r*\n")
            console.wait_for(PROMPT)
        if not brief:
            interrupt(console)
        console.type("poweroff\n")
        status = console.wait_for_end()
        if status != 0:
            console.fail(f"ended with {status} after poweroff; 0 was expected")
        if re.search(r"Kernel panic|Oops|BUG:|Call trace:", console.text()):
            console.fail("the guest's kernel complained")
        if free_of and re.search(free_of, console.text()):
            console.fail(f"the console said {free_of!r}")
    return to_prompt, time.monotonic() - started


def parser():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    result.add_argument("--suite", default="bookworm", choices=["bookworm", "trixie"])
    result.add_argument("--machine", default="virt")
    result.add_argument("--cpu", help="its own default if left out")
    result.add_argument("--smp", type=int, default=1, help="processors")
    result.add_argument("--option", action="append", default=[], help="one more word of the command line; may be repeated")
    result.add_argument("--brief", action="store_true", help="little more than boot and switch off")
    result.add_argument("--free-of", metavar="REGEX", help="what the console must not say")
    result.add_argument("--timeout", type=float, default=300, help="seconds for one boot")
    return result


def main():
    arguments = parser().parse_args()
    try:
        to_prompt, total = boot(
            command_line(arguments), arguments.timeout, arguments.smp, arguments.brief, arguments.free_of
        )
    except ConsoleError as error:
        print(error)
        return 1
    print(f"prompt after {to_prompt:.2f} s, switched off after {total:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
