#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""bench/start measures starts of llm on the bundled model. `bench_start.py BIN`"""
import json
import os
import subprocess
import sys

binaries = sys.argv[1]
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "start")
model = os.path.join(binaries, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")
program = ["--program", os.path.join(binaries, "llm")]


def run(*args, code=0):
    r = subprocess.run([sys.executable, script, *args], capture_output=True, timeout=300, check=False)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r.stdout.decode(), r.stderr.decode()


out, _ = run(*program, "-m", model, "-r", "3", "--args", "-c 64", "--args=-c 128 --lazy", "--json")
document = json.loads(out)
assert document["file_bytes"] == os.path.getsize(model)
short, long = document["variants"]
assert short["args"] == "-c 64" and long["cache_bytes"] >= short["cache_bytes"] > 0, document
for run_ in short["runs"] + long["runs"]:
    assert 0 < run_["seconds_to_first_token"] <= run_["seconds_to_end"] and run_["processor_seconds"] > 0, run_
    assert run_["peak_resident_bytes"] > 1 << 20, run_
assert len(short["runs"]) == len(long["runs"]) == 3

out, _ = run(*program, "-m", model, "-r", "1")
assert "to the first token" in out and "of file + cache" in out, out
for args in ((*program, "-m", "missing.gguf"), (*program, "-m", __file__), ("--program", "/missing", "-m", model),
             (*program, "-m", model, "--args=--target z80")):
    _, err = run(*args, "-r", "1", code=1)
    assert err.startswith("start: ") and "Traceback" not in err, err
run(*program, code=2)
run(*program, "-m", model, "-r", "0", code=2)
print("ok")
