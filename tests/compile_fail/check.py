#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""A source that must not compile, for the reason it states: `check.py SOURCE COMPILER FLAG...`

The first line of SOURCE is `// expect: TEXT`. Without anything defined the compiler has to refuse it, and one line of
what it prints has to hold TEXT and be short enough to read. With -DLAMINA_OK it has to compile, which shows that
nothing but the mistake under test is wrong with it.
"""
import subprocess
import sys

source, compiler = sys.argv[1], sys.argv[2:]
with open(source, encoding="utf-8") as f:
    first = f.readline().strip()
if not first.startswith("// expect: "):
    sys.exit(source + ": the first line is not '// expect: TEXT'")
expected = first[len("// expect: "):]

good = subprocess.run(compiler + ["-DLAMINA_OK", source], capture_output=True, text=True)
if good.returncode != 0:
    sys.exit("does not compile even with LAMINA_OK:\n" + good.stderr)
bad = subprocess.run(compiler + [source], capture_output=True, text=True)
if bad.returncode == 0:
    sys.exit("compiles, though it should not")
lines = [line for line in bad.stderr.splitlines() if expected in line and "error:" in line]
if not lines:
    sys.exit("no error line says '%s':\n%s" % (expected, bad.stderr))
# The path of the source is the machine's affair and does not count.
shortest = min(len(line[line.index("error:"):]) for line in lines)
if shortest > 240:
    sys.exit("the error is %d characters long:\n%s" % (shortest, lines[0]))
