#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the program answers before any guest runs: command_test.py FOLDER-OF-THE-PROGRAM"""
import os
import subprocess
import sys
import tempfile
import unittest

FOLDER = sys.argv.pop(1)


def run(*arguments, name="kelvin-system-aarch64"):
    return subprocess.run([os.path.join(FOLDER, name), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=30)


class Answers(unittest.TestCase):
    def test_version_is_what_programs_that_drive_qemu_look_for(self):
        self.assertRegex(run("--version").stdout, r"^QEMU emulator version \d+\.\d+\.\d+ ")
        self.assertRegex(run("system-aarch64", "-version", name="kelvin").stdout, r"^QEMU emulator version ")
        self.assertRegex(run("--version", name="kelvin").stdout, r"^Kelvin \d")

    def test_help_and_lists(self):
        for arguments in (["-help"], ["-M", "help"], ["-cpu", "help"], ["-accel", "help"], ["-d", "help"]):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
            self.assertTrue(result.stdout)

    def test_plain_name_says_how_to_use_it(self):
        self.assertEqual(run(name="kelvin").returncode, 1)
        self.assertIn("system-aarch64", run("nonsense", name="kelvin").stderr)
        self.assertIn("kelvin-system-aarch64", run("system-mips", name="kelvin").stderr)


class Mistakes(unittest.TestCase):
    def refused(self, arguments, *parts):
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stdout), (1, ""), arguments)
        for part in parts:
            self.assertIn(part, result.stderr)

    def test_each_names_the_thing_and_the_cure(self):
        self.refused(["-nosuch"], "-nosuch", "-help")
        self.refused(["-M", "q35x"], "q35x", "-machine help")
        self.refused(["-M", "virt", "-cpu", "cortex-a75"], "cortex-a75", "cortex-a7")
        self.refused(["-M", "virt", "-kernel", "/etc/passwd"], "/etc/passwd", "text file", "Image")
        self.refused(["-M", "virt", "-kernel", os.path.join(FOLDER, "kelvin")], "x86-64", "arm64 kernel")
        self.refused(["-M", "virt", "-kernel", "/nowhere"], "/nowhere", "No such file")
        self.refused(["-M", "virt"], "-kernel FILE")
        self.refused(["-M", "virt", "-m", "900T", "-kernel", "x"], "900 TiB", "-m")
        self.refused(["-M", "virt", "-smp", "124", "-kernel", "x"], "124 processors", "-smp 123")
        self.refused(["-M", "virt,gic-version=2", "-smp", "9", "-kernel", "x"], "8 at most", "gic-version=3")
        self.refused(["-M", "virt", "-icount", "0", "-smp", "2", "-kernel", "x"], "-icount needs -smp 1")

    def test_device_tree_dump(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "v.dtb")
            self.assertEqual(run("-M", f"virt,dumpdtb={path}").returncode, 0)
            with open(path, "rb") as blob:
                self.assertEqual(blob.read(4), b"\xd0\x0d\xfe\xed")
        self.refused(["-M", "virt,dumpdtb=/nowhere/x"], "/nowhere/x")


if __name__ == "__main__":
    unittest.main()
