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
assert lines[1].split(",")[lines[0].split(",").index("cache_type")] == '"f32"', lines

# A smaller cache is said and counted: a half, and 34 bytes for 32 values.
per_position = {}
for kind in ("f32", "f16", "bf16", "q8_0"):
    result = json.loads(run(*small, "-o", "json", "--cache-type", kind))["results"][0]
    assert result["cache_type"] == kind, result
    per_position[kind] = result["cache_bytes_per_position"]
assert per_position["f16"] == per_position["bf16"] == per_position["f32"] // 2, per_position
assert per_position["q8_0"] == per_position["f32"] // 128 * 34, per_position
run("--cache-type", "q3", code=2)
run("-m", "no-such-file.gguf", code=1)
run("--nonsense", code=2)
print("ok")
