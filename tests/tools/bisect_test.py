#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests tools/bisect on commands that only pretend to translate."""

import subprocess
import sys
import unittest
from pathlib import Path

BISECT = Path(__file__).resolve().parents[2] / "tools" / "bisect"


def bisect(script):
    return subprocess.run([sys.executable, BISECT, "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)


class Bisect(unittest.TestCase):
    def test_finds_the_region(self):
        for first_bad in (1, 17, 40):
            run = bisect(f"echo 'kelvin: translated 40 regions, the first @N@' >&2; test @N@ -lt {first_bad}")
            self.assertEqual(run.returncode, 0, run.stdout)
            self.assertIn(f"Region {first_bad} must not be optimized", run.stdout)
            self.assertLess(run.stdout.count("regions optimized"), 10)

    def test_finds_it_when_the_run_does_not_live_to_say_how_many_there_are(self):
        self.assertIn("Region 5000 must not", bisect("test @N@ -lt 5000").stdout)

    def test_says_when_optimizations_are_not_the_cause(self):
        for script, words in (("false @N@", "without any optimization too"), ("true @N@", "goes well")):
            run = bisect(script)
            self.assertEqual(run.returncode, 1)
            self.assertIn(words, run.stdout)

    def test_wants_a_place_for_the_number(self):
        self.assertEqual(bisect("true").returncode, 2)


if __name__ == "__main__":
    unittest.main()
