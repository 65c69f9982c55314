#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests check_sources.py and check_docs.py on made-up files."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import check_docs
import check_format
import check_sources

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file


class Sources(InFolder):
    def lines(self, path, text):
        return [number for number, _ in check_sources.findings(self.write(path, text), path)]

    def test_a_good_file_passes(self):
        self.assertEqual(self.lines("src/a.cpp", LICENCE + "int one() {\n    return 1;\n}\n"), [])

    def test_a_missing_licence_is_found(self):
        self.assertEqual(self.lines("src/a.cpp", "int a;\n"), [1])
        self.assertEqual(self.lines("tools/a", "#!/bin/sh\n\n# SPDX-License-Identifier: Apache-2.0\n"), [1])
        self.assertEqual(self.lines("tools/b", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"), [])

    def test_a_long_file_is_found_and_a_table_is_not(self):
        self.assertEqual(self.lines("src/a.h", LICENCE + "\n" * 500), [501])
        self.assertEqual(self.lines("src/ops.def", LICENCE + "\n" * 500), [])

    def test_a_long_function_is_found_at_its_first_line(self):
        body = "    f();\n" * 60
        self.assertEqual(self.lines("src/a.cpp", LICENCE + f"\nint g(int a,\n      int b) {{\n{body}}}\n"), [3])
        self.assertEqual(self.lines("src/a.cpp", LICENCE + f"template <int N>\nint g() {{\n{body}}}\n"), [2])

    def test_rows_of_a_table_do_not_count(self):
        rows = '        {0x1e604041, "fneg d1, d2"},  // measured\n' * 60
        self.assertEqual(self.lines("src/a.cpp", LICENCE + f"\nTEST(A, B) {{\n    Row rows[] = {{\n{rows}    }};\n}}\n"), [])

    def test_types_and_tables_are_not_functions(self):
        body = "    {1, 2},\n" * 80
        self.assertEqual(self.lines("src/a.cpp", LICENCE + f"struct A {{\n{body}}}\n"), [])
        self.assertEqual(self.lines("src/a.cpp", LICENCE + f"constexpr Row kRows[] = {{\n{body}}};\n"), [])

    def test_work_for_later_is_found(self):
        self.assertEqual(self.lines("src/a.cpp", LICENCE + "int a;  // TO" + "DO: b\n"), [2])


class Docs(InFolder):
    def missing(self, text):
        document = self.write("README.md", text)
        return [path for _, path in check_docs.missing(document, self.root)]

    def setUp(self):
        super().setUp()
        self.write("src/base/bits.h", "")

    def test_what_exists_passes(self):
        self.assertEqual(self.missing("`src/base/bits.h` `src/base/` `bits.h` `README.md` [it](src/base/bits.h#top)"), [])

    def test_what_does_not_exist_is_found(self):
        self.assertEqual(
            self.missing("`src/base/gone.h` `./gone` `gone.cpp` [it](docs/gone.md)"),
            ["src/base/gone.h", "./gone", "gone.cpp", "docs/gone.md"],
        )

    def test_an_option_behind_a_path_does_not_hide_it(self):
        self.assertEqual(self.missing("`./gone --help`"), ["./gone"])

    def test_placeholders_and_other_words_are_left_alone(self):
        text = "`src/cpu/<isa>/x.h` `src/*.cpp` `src/device/NAME/` `build/x` `a/b` `cmake` [w](https://example.org/x)"
        self.assertEqual(self.missing(text), [])

    def test_code_blocks_are_left_alone(self):
        self.assertEqual(self.missing("```\n`src/gone.h`\n```\n"), [])


class Format(InFolder):
    def check(self, version, complaint=""):
        tool = self.write("clang-format", f"#!/bin/sh\ncase $1 in --version) echo '{version}' ;; *) echo '{complaint}' >&2 ;; esac\n")
        tool.chmod(0o755)
        self.write("src/a.h", "")
        with contextlib.redirect_stdout(io.StringIO()):
            return check_format.main([str(self.root), str(tool)])

    def test_a_complaint_is_found(self):
        self.assertEqual(self.check("clang-format version 14.0.6"), 0)
        self.assertEqual(self.check("clang-format version 14.0.6", "a.h:1:1: warning: x [-Wclang-format-violations]"), 1)

    def test_another_version_is_skipped(self):
        self.assertEqual(self.check("clang-format version 19.1.7"), check_format.SKIPPED)


if __name__ == "__main__":
    unittest.main()
