#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debugs Debian's arm64 kernel from reset on, with two processors.

    gdb.py --emulator PROGRAM [--gdb gdb-multiarch]

By the protocol itself; with --gdb, GDB does a part of it too.
"""

import argparse
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "boot"))

from boot import PROMPT, guest_folder  # noqa: E402
from console import Console, ConsoleError  # noqa: E402
from rsp import Client, RspError, frame  # noqa: E402

CPSR = 33


def check(condition, message):
    if not condition:
        raise RspError(message)


def command_line(options, path):
    guest = guest_folder("bookworm")
    return [
        *(options.emulator, "-M", "virt", "-smp", "2", "-m", "512", "-nographic", "-nic", "none", "-S"),
        *("-gdb", f"unix:{path},server=on,wait=off"),
        *("-kernel", str(guest / "kernel"), "-initrd", str(guest / "initrd")),
        *("-append", "console=ttyAMA0 nokaslr"),
    ]


def step_from_reset(client):
    """The first instructions of all: ADD and a branch of the kernel's header."""
    client.expect("?", "T05thread:p01.01;")
    client.expect("qfThreadInfo", "mp01.01,p01.02")
    check(bytes.fromhex(client.ask("qThreadExtraInfo,p1.2")) == b"CPU#1 [off]", "the second processor is not off")
    entry = client.pc()
    check(client.memory(entry + 56, 4) == b"ARM\x64", f"the kernel is not at {entry:#x}")
    check(client.register(CPSR) & 0x3CF == 0x3C5, "not EL1h with all interrupts masked")
    client.expect("vCont;s:p1.1", "T05thread:p01.01;")
    check(client.pc() == entry + 4, "a step is not one instruction")
    branch = client.number(entry + 4, 4)
    check(branch >> 26 == 5, f"no branch: {branch:#x}")
    client.expect("vCont;s:p1.1", "T05thread:p01.01;")
    check(client.pc() == entry + 4 + 4 * (branch & 0x3FFFFFF), "a branch leads elsewhere")


def registers_and_memory(client):
    client.expect("P3=efcdab8967452301", "OK")
    check(client.register(3) == 0x0123456789ABCDEF, "x3 is not what was written")
    client.expect("P3=" + "0" * 16, "OK")
    client.expect("P22=" + "0123456789abcdef" * 2, "OK")
    client.expect("p22", "0123456789abcdef" * 2)
    client.expect("M5f000000,4:de00beef", "OK")
    check(client.memory(0x5F000000, 4) == b"\xde\x00\xbe\xef", "memory is not what was written")
    check("VM status: paused" in client.monitor("info status"), "the monitor does not say that the machine is paused")


def symbols_of_guest(console, names):
    """Where the running kernel has them."""
    console.wait_for(PROMPT)
    found = {}
    for name in names:
        console.type(f"grep ' {name}$' /proc/kallsyms\n")
        match = console.wait_for(rf"\n([0-9a-f]{{16}}) \w {name}\r*\n")
        found[name] = int(match.group(1), 16)
        console.wait_for(PROMPT)
    return found


def stop_the_running_guest(client):
    stopped = client.interrupt()
    check(stopped.startswith("T02thread:p01."), f"interrupted: {stopped}")
    for thread in ("p1.1", "p1.2"):
        client.expect("Hg" + thread, "OK")
        check(client.pc() != 0, f"{thread} is nowhere")
    first = [client.ask("Hg" + thread) and client.pc() for thread in ("p1.1", "p1.2")]
    client.expect("vCont;s:p1.2", "T05thread:p01.02;")
    second = [client.ask("Hg" + thread) and client.pc() for thread in ("p1.1", "p1.2")]
    check(first[0] == second[0], "the first processor ran while the second was stepped")
    check(first[1] != second[1], "the second processor did not step")


def break_at_start(client, symbols):
    client.monitor("system_reset")
    start = symbols["start_kernel"]
    client.expect("Hgp1.1", "OK")
    client.expect(f"Z0,{start:x},4", "OK")
    code = client.ask("vCont;c")
    check(code == "T05thread:p01.01;" and client.pc() == start, f"no stop at start_kernel: {code} {client.pc():#x}")
    client.expect(f"z0,{start:x},4", "OK")


def watch_stack(client):
    """start_kernel begins to fill its frame. Stops are before the access, which is made when the guest goes on."""
    size = 256
    place = client.register(31) - size
    client.expect(f"Z2,{place:x},{size:x}", "OK")
    places = []
    for _ in range(4):
        stopped = client.ask("vCont;c")
        match = re.fullmatch(r"T05watch:([0-9a-f]+);thread:p01\.01;", stopped)
        check(match and place <= int(match[1], 16) < place + size, f"no stop at the stack: {stopped}")
        # Bit 27: a load or store; bit 22: a load.
        check(client.number(client.pc(), 4) >> 22 & 0x21 == 0x20, f"no store at {client.pc():#x}")
        places.append((client.pc(), int(match[1], 16)))
    check(len(set(places)) == 4, f"the same store again and again: {places}")
    client.expect(f"z2,{place:x},{size:x}", "OK")
    client.expect(f"Z3,{place:x},{size:x}", "OK")
    stopped = client.ask("vCont;c")
    check(stopped.startswith("T05rwatch:"), f"no stop at a load: {stopped}")
    client.expect(f"z3,{place:x},{size:x}", "OK")
    for i in range(20):
        before = client.pc()
        client.expect("vCont;s:p1.1", "T05thread:p01.01;")
        check(client.pc() != before, f"step {i} did nothing")


def leave_in_the_middle(path):
    """A debugger that speaks nonsense, or goes without a word, is no harm."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    source = random.Random(seed)
    for attempt in range(20):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            peer.settimeout(10)
            if attempt % 4 == 0:
                peer.sendall(frame(b"Z0,ffff800008000000,4") + frame(b"c") + b"\x03")
            elif attempt % 4 == 1:
                peer.sendall(b"$m0," + b"f" * 100000)
            else:
                peer.sendall(source.randbytes(4096).replace(b"$k#6b", b""))
                peer.sendall(frame(b"qC") * 10)


def with_gdb(options, path, symbols):
    """GDB itself: attaches, finds the kernel's function, steps, leaves."""
    start = symbols["start_kernel"]
    commands = [
        *("set architecture aarch64", f"target remote {path}", "monitor system_reset", "maintenance flush register-cache"),
        *("stepi", "stepi", f"hbreak *{start:#x}", "continue", "info threads", "printf \"at %lx\\n\", $pc", "stepi"),
        *("printf \"then %lx\\n\", $pc", "p $v0.d.u", "detach"),
    ]
    arguments = [options.gdb, "-batch", "-nx", *(part for command in commands for part in ("-ex", command))]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
    text = result.stdout + result.stderr
    check(f"at {start:x}\n" in text and "CPU#1" in text and "detached" in text, f"GDB said:\n{text}")
    after = re.search(r"then ([0-9a-f]+)\n", text)
    check(after and int(after.group(1), 16) != start, f"GDB did not step:\n{text}")


def debug(options, path):
    with Console(command_line(options, path), options.timeout) as console:
        client = Client(path)
        step_from_reset(client)
        registers_and_memory(client)
        client.send("c")
        symbols = symbols_of_guest(console, ["start_kernel"])
        stop_the_running_guest(client)
        break_at_start(client, symbols)
        watch_stack(client)
        client.expect("D;1", "OK")
        client.close()
        console.wait_for(PROMPT)
        leave_in_the_middle(path)
        if options.gdb:
            with_gdb(options, path, symbols)
            console.wait_for(PROMPT)
        console.type("echo $((6*7))\n")
        console.wait_for(r"\n42\r*\n")
        console.type("poweroff\n")
        check(console.wait_for_end() == 0, "the machine did not end well")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--gdb")
    parser.add_argument("--timeout", type=float, default=240)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            debug(options, folder + "/gdb")
        except (ConsoleError, RspError, OSError, subprocess.TimeoutExpired) as error:
            print(f"{type(error).__name__}: {error}")
            return 1
    print(f"good, {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
