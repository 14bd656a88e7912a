#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""compare_engines runs llm-bench and a llama-bench in turns, here one that pretends. `compare_engines.py BIN`"""
import json
import os
import stat
import subprocess
import sys
import tempfile

binaries = sys.argv[1]
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "compare_engines")

# Notes when it was called and answers in llama-bench's form: pp8 at 100, 200, … tokens per second, tg2 at 50.
PRETENDER = """#!{python}
import json, sys
log = {log!r}
with open(log, "a") as f:
    f.write(" ".join(sys.argv[1:]) + "\\n")
rate = 100.0 * len(open(log).readlines())
print(json.dumps([{{"n_prompt": 8, "n_gen": 0, "n_depth": 0, "avg_ts": rate, "samples_ts": [rate]}},
                  {{"n_prompt": 0, "n_gen": 2, "n_depth": 0, "avg_ts": 50.0, "samples_ts": [50.0]}},
                  {{"n_prompt": 8, "n_gen": 2, "n_depth": 0, "avg_ts": 1.0, "samples_ts": [1.0]}}]))
"""


def run(*args, code=0):
    r = subprocess.run([sys.executable, script, "--ours", os.path.join(binaries, "llm-bench"), *args],
                       capture_output=True, timeout=300, check=False)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r.stdout.decode(), r.stderr.decode()


with tempfile.TemporaryDirectory() as folder:
    log, other, model = (os.path.join(folder, name) for name in ("log", "llama-bench", "model.gguf"))
    with open(other, "w") as f:
        f.write(PRETENDER.format(python=sys.executable, log=log))
    os.chmod(other, os.stat(other).st_mode | stat.S_IXUSR)
    subprocess.run([os.path.join(binaries, "llm-bench"), "-m", "synth:tiny:Q4_0", "--keep", model, "-p", "1", "-n", "0",
                    "-r", "1", "--probe-size", "16"], check=True, capture_output=True)
    args = ["-m", model, "--other", other, "-p", "8", "-n", "2", "-t", "1"]

    out, err = run(*args, "-r", "3", "--json", "--other-args=-fa 1")
    tests = {t["test"]: t for t in json.loads(out)["tests"]}
    assert set(tests) == {"pp8", "tg2"}
    (answer,) = tests["pp8"]["others"]
    assert answer["tokens_per_second"] == [100, 200, 300] and len(tests["pp8"]["llm-bench"]) == 3
    for ours, theirs, ratio in zip(tests["pp8"]["llm-bench"], answer["tokens_per_second"], answer["ratios"]):
        assert abs(ratio - ours / theirs) < 1e-9 * ratio
    with open(log) as f:
        calls = f.read().splitlines()
    assert len(calls) == 3 and all(f"-m {model}" in c and "-t 1" in c and c.endswith("-fa 1") for c in calls), calls
    order = [line.split(": ")[1] for line in err.splitlines()]
    assert order == ["llm-bench", "llama-bench", "llama-bench", "llm-bench", "llm-bench", "llama-bench"], order

    out, _ = run(*args, "-r", "1")
    assert "| pp8 " in out and "| tg2 " in out and "llama-bench" in out, out
    _, err = run(*args[:2], "--other", os.path.join(folder, "missing"), code=1)
    assert "missing" in err and "Traceback" not in err, err
    _, err = run("-m", os.path.join(folder, "missing.gguf"), *args[2:], code=1)
    assert "exit code 1" in err and "Traceback" not in err, err
    run("-m", model, code=2)
    run(*args, "-r", "0", code=2)
print("ok")
