#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pauses, debugs and resets a machine again and again while its processors test each other.

    interruptions.py --emulator PROGRAM --guest ELF [--processors N] [--resets N] [--seed N] [OPTION]...

Passes if the guest (tests/smp/guest) finds nothing wrong but that it was interrupted, and the last of its lives ends well.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / folder) for folder in ("boot", "control", "gdb")]
import rsp  # noqa: E402
from console import Console, ConsoleError  # noqa: E402
from qmp import Client  # noqa: E402


class Machine:
    def __init__(self, console, folder, processors, source):
        self.console, self.folder, self.processors, self.source = console, folder, processors, source
        self.control = Client(folder / "qmp", console.process)
        self.control.value("qmp_capabilities")

    def nap(self, longest):
        time.sleep(self.source.random() ** 3 * longest)

    def pause(self):
        self.control.value("stop")
        assert not self.control.value("query-status")["running"]
        self.nap(0.005)
        self.control.value("cont")

    def pause_in_haste(self):
        for _ in range(10):
            self.control.value("stop")
            self.control.value("cont")

    def look(self):
        text = self.control.value("human-monitor-command", **{"command-line": "info registers -a"})
        assert text.count("PC=") == self.processors, text

    def debug(self):
        """Comes, steps a processor while the others run, and goes."""
        debugger = rsp.Client(str(self.folder / "gdb"))
        debugger.ask("?")
        thread = self.source.randrange(self.processors) + 1
        debugger.expect(f"Hgp1.{thread}", "OK")
        assert debugger.pc() != 0 or thread > 1
        for _ in range(self.source.randrange(4)):
            debugger.ask(f"vCont;s:p1.{self.source.choice([thread, 1])};c")
        debugger.expect("D;1", "OK")
        debugger.close()

    def interrupt(self):
        self.source.choice([self.pause, self.pause, self.pause_in_haste, self.look, self.debug])()

    def wait_for_start(self):
        self.console.wait_for(rf"{self.processors} CPUs, GICv\d")


def live(machine, seconds):
    """Interrupted for so long, then left alone until it ends."""
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end and machine.console.process.poll() is None:
        try:
            machine.interrupt()
        except (AssertionError, ConnectionError, rsp.RspError):
            machine.nap(0.1)
            if machine.console.wait_for_end() != 0:
                raise
            break
        machine.nap(0.03)
        count += 1
    return count


def run(arguments, folder):
    source = random.Random(arguments.seed)
    command = [arguments.emulator, "-M", f"virt,gic-version={arguments.gic}", "-cpu", "max", "-smp", str(arguments.processors)]
    command += ["-m", "128", "-nographic", "-kernel", arguments.guest, "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
    command += ["-gdb", f"unix:{folder}/gdb,server=on,wait=off", *arguments.option]
    with Console(command, arguments.timeout) as console:
        machine = Machine(console, folder, arguments.processors, source)
        machine.wait_for_start()
        for _ in range(arguments.resets):
            machine.nap(0.4)
            machine.interrupt()
            machine.control.value("system_reset")
            machine.wait_for_start()
        count = live(machine, arguments.seconds)
        status = console.wait_for_end()
        output = console.text()
        if status != 0 or "WRONG" in output or not output.rstrip().endswith("power: good"):
            console.fail(f"ended with {status}")
        print(f"{arguments.resets} resets, {count} interruptions")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--gic", type=int, default=3, choices=[2, 3])
    parser.add_argument("--processors", type=int, default=4)
    parser.add_argument("--resets", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5, help="of interruptions")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--timeout", type=float, default=240)
    parser.add_argument("option", nargs="*", help="more options for the emulator, behind --")
    arguments = parser.parse_args()
    print("seed", arguments.seed, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(arguments, Path(folder))
        except (ConsoleError, AssertionError, rsp.RspError) as error:
            sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
