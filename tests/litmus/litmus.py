#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the litmus tests of the Arm memory model in a bare guest.

    litmus.py --emulator PROGRAM --guest ELF [--processors N] [--seconds N] [--only PREFIX] [--everything] [OPTION]...

Passes if no outcome was seen that Arm forbids. Prints how often the others were. OPTIONs are the emulator's; --everything runs
with each `inject=` and `disable=` of the translator, on 2 and on 4 processors, and on one of the host's, --seconds each.
"""

import argparse
import os
import re
import subprocess
import sys


def run_once(arguments, processors, options, host_processors=None):
    command = [arguments.emulator, "-M", "virt", "-cpu", arguments.cpu, "-smp", str(processors), "-m", "128", "-nographic"]
    words = f"litmus-ms={int(arguments.seconds * 1000)}" + (f" litmus-only={arguments.only}" if arguments.only else "")
    command += ["-append", words, "-kernel", arguments.guest, *options]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=arguments.seconds * 20 + 120,
        check=False, preexec_fn=(lambda: os.sched_setaffinity(0, host_processors)) if host_processors else None,
    )
    output = result.stdout.decode(errors="replace").replace("\r", "")
    ran = re.search(r"(\d+) tests, (\d+) times\nlitmus: good\n$", output)
    good = result.returncode == 0 and ran and int(ran[1]) > 0
    print(f"{processors} processors {' '.join(options)}{' on one' if host_processors else ''}\n{output}", flush=True)
    if not good:
        print(f"status {result.returncode}: WRONG")
    return bool(good)


def injections(emulator):
    """What the emulator can be asked to make happen always, or to leave out."""
    for key in ("inject", "disable"):
        text = subprocess.run([emulator, "-accel", f"translator,{key}=help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        yield from (f"{key}={name}" for name in re.findall(r"^\s*([a-z_-]+)", text, re.MULTILINE))


def everything(arguments):
    """Each way to run."""
    for processors in (2, 4):
        yield processors, arguments.option, None
        yield processors, arguments.option, {min(os.sched_getaffinity(0))}
        for injection in injections(arguments.emulator):
            yield processors, [*arguments.option, "-accel", f"translator,{injection}"], None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", default="", help="only tests whose names begin so")
    parser.add_argument("--everything", action="store_true")
    parser.add_argument("option", nargs="*", help="more options for the emulator, behind --")
    arguments = parser.parse_args()
    runs = everything(arguments) if arguments.everything else [(arguments.processors, arguments.option, None)]
    results = [run_once(arguments, *run) for run in runs]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
