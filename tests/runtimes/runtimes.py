#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the same work in a language runtime of Debian's in a guest, and on this host in Python: both must print the same.

    runtimes.py go|java|node|python --emulator COMMAND [--option OPTION]...
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "boot"))

from boot import PROMPT, guest_folder
from console import Console, ConsoleError

COMMANDS = {
    "go": "/programs/work",
    "java": "java -cp /usr/share/java/eclipse-ecj.jar org.eclipse.jdt.internal.compiler.batch.Main -10 -d /tmp "
    "/programs/Work.java && java -cp /tmp Work",
    "node": "node /programs/work.js",
    "python": "python3.11 /programs/work.py",
}
# Go's regular expressions have no references back.
LACKS = {"go": {"strings"}}


def results(text):
    return {words[1]: words[2:] for words in map(str.split, text.splitlines()) if words[:1] == ["result"]}


def expected(runtime):
    run = subprocess.run([sys.executable, HERE / "programs/work.py"], stdout=subprocess.PIPE, text=True, check=True)
    return {name: value for name, value in results(run.stdout).items() if name not in LACKS.get(runtime, ())}


def runtimes_folder():
    fetch = subprocess.run([ROOT / "tools/fetch-runtimes"], stdout=subprocess.PIPE, text=True, check=False)
    if fetch.returncode:
        raise ConsoleError("tools/fetch-runtimes failed, see above")
    return Path(fetch.stdout.strip())


def build_go(compiler, output):
    """Makes an arm64 program; what the compiler makes on the way is kept beside it."""
    go = compiler / "usr/lib/go-1.19"
    environment = {
        **os.environ,
        **{"GOROOT": str(go), "GOARCH": "arm64", "GOOS": "linux", "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"},
        **{"GOCACHE": str(compiler / "cache"), "GOPATH": str(compiler / "path")},
    }
    command = [go / "bin/go", "build", "-o", output, HERE / "programs/work.go"]
    subprocess.run(command, env=environment, check=True)


def make_initrd(runtime, work):
    """The runtimes' initramfs, and behind it an archive of the programs: the kernel unpacks one after the other."""
    folder = runtimes_folder()
    programs = work / "root/programs"
    programs.mkdir(parents=True)
    for source in (HERE / "programs").iterdir():
        (programs / source.name).write_bytes(source.read_bytes())
    if runtime == "go":
        build_go(folder / "go", programs / "work")
    initrd = work / "initrd"
    with initrd.open("wb") as output:
        output.write((folder / "initrd").read_bytes())
        names = "\n".join(str(path.relative_to(work / "root")) for path in sorted((work / "root").rglob("*")))
        archive = subprocess.run(
            ["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"],
            input=names.encode(),
            cwd=work / "root",
            stdout=subprocess.PIPE,
            check=True,
        )
        output.write(archive.stdout)
    return initrd


def run(arguments, initrd):
    """What the guest's program printed, and the seconds from its start to its end."""
    command = [
        *shlex.split(arguments.emulator),
        *("-M", "virt", "-cpu", arguments.cpu, "-m", "2048", "-nographic", "-no-reboot"),
        *("-kernel", str(guest_folder("bookworm") / "kernel"), "-initrd", str(initrd)),
        *("-append", "console=ttyAMA0 quiet"),
        *arguments.option,
    ]
    with Console(command, arguments.timeout) as console:
        console.wait_for(PROMPT)
        started = time.monotonic()
        console.type(COMMANDS[arguments.runtime] + "; echo ended-$?\n")
        status = console.wait_for(r"\nended-(\d+)\r*\n").group(1)
        seconds = time.monotonic() - started
        if status != b"0":
            console.fail(f"the program ended with {status.decode()}")
        console.type("poweroff -f\n")
        console.wait_for_end()
        if re.search(r"Kernel panic|Oops|BUG:|Call trace:", console.text()):
            console.fail("the guest's kernel complained")
        return results(console.text()), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime", choices=COMMANDS)
    parser.add_argument("--emulator", required=True, help="a command that takes QEMU's options")
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--option", action="append", default=[], help="one more word of the command line; may be repeated")
    parser.add_argument("--timeout", type=float, default=280, help="seconds for the guest")
    arguments = parser.parse_args()
    wanted = expected(arguments.runtime)
    try:
        with tempfile.TemporaryDirectory() as work:
            printed, seconds = run(arguments, make_initrd(arguments.runtime, Path(work)))
    except ConsoleError as error:
        print(error)
        return 1
    for name, value in wanted.items():
        if printed.get(name) != value:
            print(f"{name}: expected {value}, the guest printed {printed.get(name)}")
    print(f"{arguments.runtime}: {seconds:.2f} s")
    return 0 if printed == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
