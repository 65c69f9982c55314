#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debugs a kernel of a hundred instructions on microvm under KVM, by GDB's protocol; with --gdb, GDB does it too.

    debug.py --emulator COMMAND [--gdb gdb-multiarch]

Ends with 77 where KVM cannot be used, with the reason.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gdb"))

from microvm import SKIPPED, build  # noqa: E402
from rsp import Client, RspError  # noqa: E402

RAX, RBX, RSI, RBP, RSP, RIP = 0, 1, 4, 6, 7, 16
ST0, XMM1, CR0 = 24, 41, 60
STOPPED = "T05thread:p01.01;"


def check(condition, *what):
    if not condition:
        raise RspError(f"not as expected: {what}")


def symbols(kernel):
    lines = subprocess.run(["nm", kernel], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {name: int(value, 16) for value, _, name in (line.split() for line in lines)}


def number(client, register):
    return int.from_bytes(bytes.fromhex(client.ask(f"p{register:x}")), "little")


def by_protocol(client, at):
    client.expect("?", STOPPED)
    check(number(client, RIP) == at["start"], hex(number(client, RIP)))
    check(number(client, CR0) & 1 == 1, "not in protected mode")
    check(client.memory(at["start"], 1) == b"\xbc", "no MOV ESP there")
    # Two instructions, then on to a breakpoint.
    client.expect("vCont;s:p1.1", STOPPED)
    check(number(client, RSP) == at["stack"], hex(number(client, RSP)))
    client.expect("vCont;s:p1.1", STOPPED)
    check(number(client, RBP) == number(client, RBX), "MOV EBP, EBX did nothing")
    client.expect(f"Z0,{at['print']:x},1", "OK")
    client.expect("vCont;c", STOPPED)
    check(number(client, RIP) == at["print"] and number(client, RSI) == at["hello"], hex(number(client, RIP)))
    # What it is to print is changed.
    client.expect(f"M{at['hello']:x},3:" + b"ABC".hex(), "OK")
    client.expect(f"P{ST0:x}=" + "0123456789abcdef0140", "OK")
    client.expect(f"p{ST0:x}", "0123456789abcdef0140")
    client.expect(f"P{XMM1:x}=" + "00112233445566778899aabbccddeeff", "OK")
    client.expect(f"p{XMM1:x}", "00112233445566778899aabbccddeeff")
    check("RIP=" in client.monitor("info registers"), "the monitor knows no registers")
    client.expect(f"z0,{at['print']:x},1", "OK")
    # More breakpoints than the processor has registers.
    for name in ("bad", "modules", "memory", "range", "hex", "nowhere"):
        client.expect(f"Z0,{at[name]:x},1", "OK")
    client.expect("vCont;c", STOPPED)
    check(number(client, RIP) == at["modules"], hex(number(client, RIP)))
    description = client.ask("qXfer:features:read:target.xml:0,4000")
    check("i386:x86-64" in description, description[:200])


def machine(emulator, kernel, path):
    words = ["-M", "microvm", "-m", "64", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-S"]
    command = [*shlex.split(emulator), *words, "-gdb", f"unix:{path},server=on,wait=off", "-kernel", str(kernel)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def by_gdb(gdb, emulator, kernel, path):
    at = symbols(kernel)
    with machine(emulator, kernel, path) as running:
        # The kernel's file is of 32 bits, the processor is not.
        script = [f"target remote {path}", f"hbreak *{at['memory']:#x}", "continue", "info registers rip xmm0 fctrl",
                  "stepi", "x/i $pc", "delete", "continue"]  # fmt: skip
        words = [word for line in script for word in ("-ex", line)]
        command = [gdb, "-nx", "-batch", "-ex", "set architecture i386:x86-64", *words]
        said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)  # fmt: skip
        printed = running.communicate(timeout=30)[0]
    check("Breakpoint 1" in said.stdout and "v4_float" in said.stdout and "0x37f" in said.stdout, said.stdout)
    check(printed.endswith("done\n"), printed, said.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--gdb")
    arguments = parser.parse_args()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("left out: /dev/kvm cannot be used here")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        kernel = build(Path(name))
        path = str(Path(name) / "gdb")
        with machine(arguments.emulator, kernel, path) as running:
            client = Client(path)
            by_protocol(client, symbols(kernel))
            client.expect("D", "OK")
            client.close()
            printed = running.communicate(timeout=30)[0]
        check(printed.startswith("ABC \n") and printed.endswith("done\n"), printed)
        if arguments.gdb:
            by_gdb(arguments.gdb, arguments.emulator, kernel, path)
    print("a kernel was debugged under KVM")


if __name__ == "__main__":
    main()
