#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Debian guest with several processors builds BusyBox in parallel, again and again, and must get the same each time.

    parallel_build.py --emulator COMMAND --system FOLDER --source TARBALL [--configuration NAME] [--smp N]
        [--seconds N] [--option OPTION]...

FOLDER is what `tools/make-debian-root full` makes, TARBALL what `apt-get source --download-only busybox` fetches (*.orig.tar.*).
Passes if every build in the guest made the same objects, these have the same code and data as those that this host's cross
compiler makes, and the guest's kernel has nothing to complain of. Prints what memory and how many descriptors the emulator used
in between. By hand only: it takes --seconds and the rest of the last build.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "debian"), str(TESTS / "boot")]
from console import Console, ConsoleError  # noqa: E402
from system import Machine, log_in  # noqa: E402

CROSS = "aarch64-linux-gnu-"
# What gcc writes about itself differs between its builds.
IGNORED = ["-R", ".comment", "-R", ".note.GNU-stack"]
GUEST_SCRIPT = """#!/bin/sh
export KCONFIG_NOTIMESTAMP=1 LC_ALL=C
rm -rf /root/build && mkdir /root/build && cd /root/build && tar xf /root/source && cp /root/config .config
end=$(($(date +%s) + $1)) round=0
while [ $round -lt 2 ] || [ $(date +%s) -lt $end ]; do
    round=$((round + 1))
    make clean > /dev/null 2>&1
    make -j$(nproc) > /root/log 2>&1 || { echo "round $round failed: $(tail -n 5 /root/log)"; exit 1; }
    find . -name '*.o' | sort | xargs sha256sum > /root/objects.$round
    cmp /root/objects.1 /root/objects.$round || { diff /root/objects.1 /root/objects.$round; exit 1; }
    sha256sum busybox_unstripped > /root/program.$round
    echo "round $round at $(date +%T): $(cut -c 1-16 < /root/program.$round)"
done
echo finished
"""
COMPLAINTS = "detected stall|self-detected|soft lockup|hung_task|blocked for more|Oops|BUG:|WARNING:|segfault|unhandled|I/O error|EXT4-fs error"


def usage_of(process):
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    memory = " ".join(f"{name} {int(status[name].split()[0]) >> 10}M" for name in ("VmRSS", "RssAnon", "RssShmem"))
    return f"{memory} threads {status['Threads'].strip()} descriptors {len(os.listdir(f'/proc/{process}/fd'))}"


def build_here(source, folder, configuration):
    """Leaves in `folder` the objects that the cross compiler makes and `.config`; the sources come back as an archive."""
    environment = dict(os.environ, KCONFIG_NOTIMESTAMP="1", LC_ALL="C")
    subprocess.run(["tar", "xf", source, "-C", folder, "--strip-components=1"], check=True)
    archive = subprocess.run(["tar", "cf", "-", "-C", folder, "."], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["make", "-C", folder, configuration], env=environment, check=True, stdout=subprocess.DEVNULL)
    # That would need bzip2 in the guest.
    settings = folder / ".config"
    settings.write_text(settings.read_text().replace("CONFIG_FEATURE_COMPRESS_USAGE=y", "# CONFIG_FEATURE_COMPRESS_USAGE is not set"))
    command = ["make", "-C", folder, "-j", str(os.cpu_count()), f"CROSS_COMPILE={CROSS}"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return archive


def digest(object_file):
    """Of what an object says, but for who made it."""
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run([CROSS + "objcopy", *IGNORED, object_file, copy.name], check=True)
        return hashlib.sha256(Path(copy.name).read_bytes()).hexdigest()


def digests(folder):
    """Of the objects but for those of the programs that run during the build."""
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.o"))]
    return {str(path): digest(folder / path) for path in paths if path.parts[0] != "scripts"}


class Guest:
    def __init__(self, machine):
        self.machine = machine

    def put(self, data, name):
        self.command(f"cat > {name}", data)

    def command(self, command, data=b""):
        """What it prints. Data goes by a file of ours, as Machine.ssh has no input."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"]
        words = [word for option in options for word in ("-o", option)]
        key = self.machine.folder / "key"
        if not key.exists():
            key.write_bytes((self.machine.system / "key").read_bytes())
            key.chmod(0o600)
        return subprocess.run(
            ["ssh", "-F", "none", *words, "-i", key, "-p", str(self.machine.ssh_port), "root@127.0.0.1", command],
            input=data, stdout=subprocess.PIPE, check=True,
        ).stdout

    def text(self, command):
        return self.command(command).decode(errors="replace")


def await_end(console, guest, seconds):
    """Prints what the guest says of its builds, and what they cost here."""
    guest.command(f"setsid sh /root/build.sh {seconds} > /root/progress 2>&1 < /dev/null &")
    known = 0
    while True:
        time.sleep(20)
        if console.process.poll() is not None:
            console.fail("the emulator has ended")
        lines = guest.text("cat /root/progress").splitlines()
        for line in lines[known:]:
            print(f"{line}: {usage_of(console.process.pid)}", flush=True)
        known = len(lines)
        if lines and lines[-1] == "finished":
            return
        if not guest.text("pgrep -f 'build[.]sh' || true").strip():
            console.fail("the build has failed")


def compare(machine, guest, expected):
    objects = machine.folder / "objects.tar"
    objects.write_bytes(guest.command("cd /root/build && find . -name '*.o' | tar cf - -T -"))
    folder = machine.folder / "objects"
    with tarfile.open(objects) as archive:
        archive.extractall(folder)
    found = digests(folder)
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ConsoleError(f"{len(wrong)} of {len(expected)} objects differ from the cross compiler's: {' '.join(wrong[:20])}")
    print(f"{len(found)} objects are what the cross compiler makes")


def run(arguments, folder):
    reference = folder / "reference"
    reference.mkdir()
    sources = build_here(arguments.source, reference, arguments.configuration)
    expected = digests(reference)
    machine = Machine(arguments, folder)
    with Console(machine.command_line(), arguments.timeout) as console:
        log_in(console)
        guest = Guest(machine)
        print(f"started: {usage_of(console.process.pid)}", flush=True)
        guest.put(sources, "/root/source")
        guest.put((reference / ".config").read_bytes(), "/root/config")
        guest.put(GUEST_SCRIPT.encode(), "/root/build.sh")
        await_end(console, guest, arguments.seconds)
        complaints = guest.text(f"dmesg | grep -E '{COMPLAINTS}' || true")
        print(complaints, end="")
        compare(machine, guest, expected)
        console.type("systemctl poweroff\n")
        status = console.wait_for_end()
        if status != 0 or complaints:
            console.fail(f"ended with {status}; the kernel says: {complaints}")
    machine.check_disk()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emulator", required=True, help="a program that takes QEMU's options, with kelvin-img beside it")
    parser.add_argument("--system", required=True, help="a folder that tools/make-debian-root has made")
    parser.add_argument("--source", required=True, help="BusyBox's sources")
    parser.add_argument("--configuration", default="defconfig", help="of BusyBox; allnoconfig is quick")
    parser.add_argument("--smp", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=600, help="no build begins later than this")
    parser.add_argument("--option", action="append", default=[], help="one more argument for the emulator")
    parser.add_argument("--timeout", type=float, default=7200)
    arguments = parser.parse_args()
    arguments.option += ["-m", "3G", "-device", "virtio-blk-pci,drive=disk"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(arguments, Path(folder))
        except (ConsoleError, AssertionError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
