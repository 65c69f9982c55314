#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What guests do wrong and what hosts do to the process: nothing ends it but what should.

    robustness.py --emulator PROGRAM --guests FOLDER [--seconds N] [--seed N] [unittest's arguments]

--seconds is how long each kind of random guest is tried; --seed is the first one's.
"""

import argparse
import itertools
import os
import resource
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "boot"))

import guest_input
from console import Console

EXPECTED = Path(__file__).with_name("edges.txt")
options = argparse.Namespace()


def command(guest, *more, cpu="max"):
    kernel = Path(options.guests) / f"{guest}.elf"
    return [options.emulator, "-M", "virt", "-cpu", cpu, "-m", "128", "-nographic", "-kernel", str(kernel), *more]


def finished(guest, *more, seconds=60, **settings):
    """Runs a guest that ends by itself."""
    return subprocess.run(command(guest, *more, **settings), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)


class Running:
    """A guest that does not end by itself, its console on pipes."""

    def __init__(self, guest, *more, stdout=subprocess.PIPE):
        self.process = subprocess.Popen(command(guest, *more), stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def signal_and_wait(self, number):
        self.process.send_signal(number)
        return self.process.wait(20)


class Stubborn(unittest.TestCase):
    """Guests that never end, but by us."""

    def test_signals_end_all(self):
        for guest in ("nowhere", "spin", "sleep"):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                with self.subTest(guest=guest, signal=number), Running(guest) as running:
                    running.process.stdout.read(1)
                    self.assertEqual(running.signal_and_wait(number), 0)
                    self.assertIn(b"terminating on signal", running.process.stderr.read())

    def test_monitor_and_keys_work_and_the_terminal_is_as_before(self):
        for guest in ("nowhere", "spin", "sleep"):
            with self.subTest(guest=guest), Console(command(guest), 60) as console:
                console.wait_for("[nsw]")
                self.assertFalse(is_usual(console.terminal))
                console.type("\x01c")
                console.wait_for(r"\(qemu\) ")
                console.type("info registers\n")
                console.wait_for(r"PC=[0-9a-f]{16} ")
                console.type("system_reset\n")
                console.type("info status\n")
                console.wait_for("running")
                console.type("\x01c\x01x")
                self.assertEqual(console.wait_for_end(), 0)
                self.assertTrue(is_usual(console.terminal))

    def test_a_sleeping_guest_costs_nothing(self):
        with Running("sleep") as running:
            running.process.stdout.read(1)
            ticks = processor_ticks(running.process.pid)
            time.sleep(1)
            self.assertLess(processor_ticks(running.process.pid) - ticks, 0.02 * os.sysconf("SC_CLK_TCK") + 1)


def is_usual(terminal):
    """The terminal edits lines and echoes, as it does unless told otherwise."""
    return termios.tcgetattr(terminal)[3] & (termios.ECHO | termios.ICANON) == termios.ECHO | termios.ICANON


def processor_ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Power(unittest.TestCase):
    def test_off(self):
        result = finished("off")
        self.assertEqual((result.returncode, result.stdout), (0, b"o"))

    def test_reset_ends_only_if_told_to(self):
        result = finished("reset", "-no-reboot")
        self.assertEqual((result.returncode, result.stdout), (0, b"r"))

    def test_a_hundred_resets_leave_nothing_behind(self):
        with Running("reset") as running:
            self.assertEqual(running.process.stdout.read(20), b"r" * 20)
            pid = running.process.pid
            before = resident(pid), len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
            self.assertEqual(running.process.stdout.read(100), b"r" * 100)
            after = resident(pid), len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
            self.assertEqual(after[1:], before[1:])
            # A sanitizer keeps what has been freed for a while.
            self.assertLess(after[0] - before[0], (64 if options.sanitized else 8) << 20)
            self.assertEqual(running.signal_and_wait(signal.SIGTERM), 0)


class Border(unittest.TestCase):
    def test_no_page_is_writable_and_executable(self):
        for guest in ("spin", "nowhere"):
            with self.subTest(guest=guest), Running(guest) as running:
                running.process.stdout.read(1)
                lines = Path(f"/proc/{running.process.pid}/maps").read_text().splitlines()
                maps = [(fields[1], fields[4]) for fields in map(str.split, lines)]
                self.assertEqual([mode for mode, _ in maps if {"w", "x"} <= set(mode)], [])
                # Code that is made is shared memory, mapped twice.
                memory = {inode for mode, inode in maps if mode == "r-xs"}
                self.assertEqual(len(memory), 1)
                self.assertEqual(sorted(mode for mode, inode in maps if inode in memory), ["r-xs", "rw-s"])



class Edges(unittest.TestCase):
    def test_accesses_and_code_at_ends(self):
        expected = [line.split() for line in EXPECTED.read_text().splitlines() if line and line[0] != "#"]
        for column, cpu in ((1, "cortex-a72"), (2, "max")):
            result = finished("edges", cpu=cpu)
            self.assertEqual(result.returncode, 0, result.stderr)
            cases = [line.split() for line in result.stdout.decode(errors="replace").splitlines()]
            self.assertEqual(
                [(case[0], int(case[1], 16)) for case in cases],
                [(case[0], int(case[column], 16)) for case in expected],
                cpu,
            )


class Random(unittest.TestCase):
    """Each run is a process of its own and has its seed, so that any failure can be repeated."""

    def attempt(self, guest, data, cpu, machine):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            more = ("-M", machine, "-no-reboot", "-initrd", file.name)
            process = subprocess.Popen(
                command(guest, *more, cpu=cpu), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            try:
                process.wait(options.run)
            except subprocess.TimeoutExpired:
                process.terminate()
            try:
                _, errors = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.fail("does not end on SIGTERM")
            self.assertEqual(process.returncode, 0, errors.decode(errors="replace")[-6000:])

    def sweep(self, guest, **settings):
        end = time.monotonic() + options.seconds
        for seed in itertools.count(options.seed):
            if time.monotonic() > end:
                break
            data = guest_input.make(seed, **settings)
            cpu = ("max", "cortex-a72")[seed % 2]
            machine = "virt,gic-version=3" if guest == "devices" and seed % 4 < 2 else "virt"
            with self.subTest(seed=seed, cpu=cpu):
                self.attempt(guest, data, cpu, machine)

    def test_instructions_at_el1(self):
        self.sweep("random", mode="el1", count=200000)

    def test_instructions_at_el1_with_mmu(self):
        self.sweep("random", mode="el1-mmu", count=200000)

    def test_instructions_at_el0(self):
        self.sweep("random", mode="el0", count=200000)

    def test_accesses_to_devices(self):
        self.sweep("devices", count=300000, code=False)


class Host(unittest.TestCase):
    def test_end_of_input_is_no_end(self):
        with Running("sleep") as running:
            running.process.stdin.close()
            running.process.stdout.read(1)
            time.sleep(0.2)
            self.assertIsNone(running.process.poll())
            self.assertEqual(running.signal_and_wait(signal.SIGTERM), 0)

    def test_nobody_reads_the_output_any_more(self):
        with Running("shout") as running:
            running.process.stdout.read(10)
            running.process.stdout.close()
            time.sleep(0.2)
            self.assertIsNone(running.process.poll())
            self.assertEqual(running.signal_and_wait(signal.SIGTERM), 0)

    def test_a_reader_that_stalls_does_not_hold_up_the_end(self):
        with Running("shout") as running:
            time.sleep(0.5)
            started = time.monotonic()
            self.assertEqual(running.signal_and_wait(signal.SIGTERM), 0)
            self.assertLess(time.monotonic() - started, 10)

    def test_a_terminal_that_stalls_does_not_either(self):
        with Console(command("shout"), 60) as console:
            console.wait_for("x")
            time.sleep(0.5)
            console.process.terminate()
            time.sleep(0.2)
            self.assertEqual(console.process.wait(20), 0)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full, Running("shout", stdout=full) as running:
            time.sleep(0.2)
            self.assertIsNone(running.process.poll())
            self.assertEqual(running.signal_and_wait(signal.SIGTERM), 0)

    def test_memory_sizes(self):
        for size in ("0", "1K", "99999999T", "-1", "18446744073709551615"):
            result = finished("off", "-m", size)
            self.assertEqual(result.returncode, 1, (size, result.stderr))
            self.assertTrue(result.stderr.startswith(b"kelvin: "), result.stderr)
        for size in ("2M", "2053K", "4G"):
            self.assertEqual(finished("off", "-m", size).stdout, b"o", size)

    def test_files_that_cannot_be_read(self):
        with tempfile.TemporaryDirectory() as folder:
            empty = Path(folder) / "empty"
            empty.touch()
            pipe = Path(folder) / "pipe"
            os.mkfifo(pipe)
            for name in (folder, empty, pipe, "/dev/null", "/dev/zero", "/proc/self/mem", f"{folder}/none", "\n"):
                for option in ("-kernel", "-initrd", "-dtb"):
                    more = ("-dtb", str(name)) if option == "-dtb" else (option, str(name))
                    result = finished("off", *more, seconds=20)
                    harmless = option == "-initrd" and result.returncode == 0
                    self.assertTrue(harmless or result.returncode == 1, (option, name, result))
                    if not harmless:
                        self.assertTrue(result.stderr.startswith(b"kelvin: "), (option, name, result.stderr))

    def test_no_memory_to_be_had(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

        if options.sanitized:
            self.skipTest("a sanitizer needs address space itself")
        result = subprocess.run(
            command("off", "-m", "1024"), stdin=subprocess.DEVNULL, capture_output=True, timeout=20, preexec_fn=limit
        )
        self.assertEqual(result.returncode, 1, result)
        self.assertTrue(result.stderr.startswith(b"kelvin: "), result.stderr)

    def test_start_and_end_take_no_time(self):
        if options.sanitized:
            self.skipTest("a sanitizer takes longer")
        times = []
        for _ in range(10):
            started = time.monotonic()
            finished("off")
            times.append(time.monotonic() - started)
        self.assertLess(min(times), 0.03)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--guests", required=True, help="folder of the guests' ELF files")
    parser.add_argument("--seconds", type=float, default=2, help="for each kind of random guest")
    parser.add_argument("--run", type=float, default=0.3, help="seconds that one random guest may run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sanitized", action="store_true", help="the emulator is slow and large")
    _, rest = parser.parse_known_args(namespace=options)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
