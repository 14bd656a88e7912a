#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm-bench measures the bundled model and a synthetic one, in each output format. `llm_bench.py BIN`"""
import json
import os
import subprocess
import sys

tool = os.path.join(sys.argv[1], "llm-bench")


def run(*args, code=0):
    r = subprocess.run([tool, *args], capture_output=True, timeout=300)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r.stdout.decode()


small = ["-p", "16", "-n", "4", "-r", "2"]
json.loads(run(*small, "-o", "json"))
assert "|" in run(*small, "-o", "md")
lines = run(*small, "-o", "csv").strip().splitlines()
assert len(lines) >= 2 and len({line.count(",") for line in lines}) == 1, lines
run("-m", "no-such-file.gguf", code=1)
run("--nonsense", code=2)
print("ok")
