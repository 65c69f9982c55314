#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole Debian starts through UEFI and GRUB, is logged in to, uses the network both ways, and switches off with clean disks.

    system.py --emulator COMMAND [--system FOLDER] [--smp N] [--end systemctl|qmp|monitor] [--option OPTION]...

FOLDER is what tools/make-debian-root makes, and does make if none is given. The options connect the drive `disk`; --end says who
switches the machine off: the guest, or the power key, pressed by QMP or by the monitor.
"""

import argparse
import hashlib
import http.server
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "boot"), str(TESTS / "firmware"), str(TESTS / "control")]
from console import Console, ConsoleError  # noqa: E402
from firmware import firmware_folder  # noqa: E402
from qmp import Client  # noqa: E402

PROMPT = "root@kelvin:~# "
DATA = os.urandom(4 << 20)
ROOT_START = 65 << 20  # where tools/make-debian-root puts the root's file system

# Warnings of Debian's kernel that every such machine gives, QEMU's too, and why.
EXPLAINED = [
    "Memory resource size exceeds max for 32 bits",  # the board's upper window for PCI is 64-bit and not prefetchable, as QEMU's is
    "CONFIG_IMA_DISABLE_HTABLE is disabled",
    "regulatory|wiki.debian.org/Firmware",  # firmware for wireless networks is a package of its own
    "Early cacheinfo failed",  # the board says nothing of caches, as QEMU's does not
    "hrtimer: interrupt took",  # the host has other things to do
]


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def system_folder(emulator):
    make = subprocess.run([TESTS.parent / "tools/make-debian-root", "--emulator", emulator], stdout=subprocess.PIPE, text=True, check=False)
    if make.returncode:
        raise ConsoleError("tools/make-debian-root failed, see above")
    return Path(make.stdout.strip())


class Machine:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.system = Path(arguments.system) if arguments.system else system_folder(arguments.emulator)
        self.disk = folder / "disk.qcow2"
        self.ssh_port = free_port()

    def image_tool(self, *words):
        tool = Path(self.arguments.emulator).parent / "kelvin-img"
        subprocess.run([tool, *words], check=True, stdout=subprocess.DEVNULL)

    def command_line(self):
        firmware = firmware_folder("bookworm")
        variables = self.folder / "vars.fd"
        subprocess.run(["cp", "--sparse=always", firmware / "vars.fd", variables], check=True)
        self.image_tool("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(self.system / "disk.qcow2"), str(self.disk))
        return [
            self.arguments.emulator,
            *("-M", "virt", "-cpu", "max", "-m", "1G", "-smp", str(self.arguments.smp), "-nographic"),
            *("-qmp", f"unix:{self.folder}/qmp,server=on,wait=off"),
            *("-drive", f"if=pflash,format=raw,file={firmware / 'code.fd'},readonly=on"),
            *("-drive", f"if=pflash,format=raw,file={variables}"),
            *("-drive", f"if=none,id=disk,format=qcow2,file={self.disk},discard=unmap"),
            *("-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22", "-device", "virtio-net-pci,netdev=net"),
            *self.arguments.option,
        ]

    def ssh(self, command):
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes", "IdentitiesOnly=yes"]
        words = [word for option in options for word in ("-o", option)]
        key = self.folder / "key"
        key.write_bytes((self.system / "key").read_bytes())
        key.chmod(0o600)
        return subprocess.run(
            ["ssh", "-F", "none", *words, "-i", key, "-p", str(self.ssh_port), "root@127.0.0.1", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100, check=False,
        ).stdout

    def check_disk(self):
        """The image has no errors, and the file system in it was unmounted and has none."""
        self.image_tool("check", "-q", str(self.disk))
        raw = self.folder / "disk.raw"
        self.image_tool("convert", "-O", "raw", str(self.disk), str(raw))
        check = subprocess.run(
            ["/sbin/e2fsck", "-fn", f"{raw}?offset={ROOT_START}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if check.returncode or "recovering journal" in check.stdout:
            raise ConsoleError(f"the file system is not clean: e2fsck says {check.returncode}\n{check.stdout}")


def log_in(console):
    console.wait_for("kelvin login: ")
    console.type("root\n")
    console.wait_for("Password: ")
    console.type("kelvin\n")
    console.wait_for(PROMPT)
    console.type("dmesg -n 1; stty cols 999; bind 'set enable-bracketed-paste off'\n")
    console.wait_for(PROMPT)


def ask(console, command):
    """What a command prints."""
    console.type(command + "; echo en''d\n")
    console.wait_for(r"\n")  # the echo
    text = console.wait_for(r"((?s:.*?))end\r*\n" + PROMPT).group(1).decode(errors="replace")
    return text.replace("\r", "").strip()


def expect(console, command, answer):
    given = ask(console, command)
    if given != answer:
        console.fail(f"{command!r} printed {given!r}; {answer!r} was expected")


def use(console, machine, url):
    expect(console, "systemctl is-system-running --wait; systemctl --failed --plain --no-legend", "running")
    expect(console, "nproc; uname -m; test -d /sys/firmware/efi && echo UEFI", f"{machine.arguments.smp}\naarch64\nUEFI")
    expect(console, f"curl -s {url} | sha256sum", hashlib.sha256(DATA).hexdigest() + "  -")
    warnings = ask(console, "dmesg --level=emerg,alert,crit,err,warn").splitlines()
    strange = [line for line in warnings if not any(re.search(pattern, line) for pattern in EXPLAINED)]
    if strange:
        console.fail("the kernel warns:\n" + "\n".join(strange))
    answer = machine.ssh("nproc && hostname && cat /etc/debian_version")
    if not re.fullmatch(rf"{machine.arguments.smp}\nkelvin\n12\.\d+\n", answer):
        console.fail(f"by SSH the guest answered {answer!r}")
    expect(console, "dd if=/dev/urandom of=/root/data bs=1M count=32 status=none; fstrim /; echo $?", "0")


def switch_off(console, machine):
    end = machine.arguments.end
    if end == "systemctl":
        console.type("systemctl poweroff\n")
    elif end == "qmp":
        client = Client(machine.folder / "qmp", console.process)
        client.value("qmp_capabilities")
        client.value("system_powerdown")
        client.wait_for("SHUTDOWN")
    else:
        console.type("\x01c")
        console.wait_for(r"\(\w+\) ")
        console.type("system_powerdown\n")
    status = console.wait_for_end()
    if status != 0:
        console.fail(f"ended with {status}; 0 was expected")


def run(arguments, folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    machine = Machine(arguments, folder)
    with Console(machine.command_line(), arguments.timeout) as console:
        try:
            console.wait_for("GRUB")
            log_in(console)
            use(console, machine, f"http://10.0.2.2:{server.server_port}/")
            switch_off(console, machine)
        finally:
            if arguments.log:
                Path(arguments.log).write_bytes(console.output)
    machine.check_disk()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a program that takes QEMU's options, with kelvin-img beside it")
    parser.add_argument("--system", help="a folder that tools/make-debian-root has made")
    parser.add_argument("--smp", type=int, default=1)
    parser.add_argument("--end", default="systemctl", choices=["systemctl", "qmp", "monitor"])
    parser.add_argument("--option", action="append", default=[], help="one more argument for the emulator")
    parser.add_argument("--log", help="a file that gets what the console printed")
    parser.add_argument("--timeout", type=float, default=240)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(arguments, Path(folder))
        except (ConsoleError, AssertionError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
