#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests check_layers.py on made-up houses."""

import tempfile
import unittest
from pathlib import Path

import check_layers

LAYERS = """
# a comment
base <-
ir   <- base      # a comment behind
emit <- base ir
bus  <- base
vm   <- all
app  <- all-but bus
"""


class CheckLayers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.src = Path(folder.name)
        self.write("layers.txt", LAYERS)

    def write(self, path, text):
        file = self.src / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def found(self):
        return [(str(file.relative_to(self.src)), number) for file, number, _ in check_layers.violations(self.src)]

    def test_downward_includes_are_allowed(self):
        self.write("ir/block.h", '#include <vector>\n#include "base/bits.h"\n#include "ir/op.h"\n')
        self.write("vm/vm.cpp", '#include "bus/irq.h"\n#include "emit/x64/encoder.h"\n')
        self.assertEqual(self.found(), [])

    def test_an_include_that_climbs_is_found_with_its_line(self):
        self.write("base/bits.h", '#pragma once\n\n#  include "ir/op.h"\n')
        self.assertEqual(self.found(), [("base/bits.h", 3)])

    def test_a_room_beside_is_not_open(self):
        self.write("emit/x64/encoder.cpp", '#include "bus/irq.h"\n')
        self.assertEqual(self.found(), [("emit/x64/encoder.cpp", 1)])

    def test_all_but_leaves_a_room_out(self):
        self.write("app/main.cpp", '#include "vm/vm.h"\n#include "bus/irq.h"\n')
        self.assertEqual(self.found(), [("app/main.cpp", 2)])

    def test_angle_brackets_do_not_hide_a_climb(self):
        self.write("base/bits.h", "#include <vm/vm.h>\n")
        self.assertEqual(self.found(), [("base/bits.h", 1)])

    def test_an_include_beside_the_file_is_not_allowed(self):
        self.write("ir/block.cpp", '#include "block.h"\n#include "../base/bits.h"\n')
        self.assertEqual(self.found(), [("ir/block.cpp", 1), ("ir/block.cpp", 2)])

    def test_a_folder_that_is_no_room_is_found(self):
        self.write("misc/helpers.h", "#pragma once\n")
        self.assertEqual(self.found(), [("misc/helpers.h", 1)])

    def test_comments_are_not_includes(self):
        self.write("base/bits.h", '// #include "ir/op.h"\n')
        self.assertEqual(self.found(), [])

    def test_a_table_that_climbs_is_refused(self):
        for text in ("base <- ir\nir <-\n", "base <-\nbase <-\n", "base\n", "base <-\nvm <- all-but app\n"):
            with self.subTest(text=text), self.assertRaises(check_layers.LayersError):
                check_layers.read_layers(text)


if __name__ == "__main__":
    unittest.main()
