#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""The suites in bench cover every kernel, and run; left out where they are not built. `bench_suites.py BIN`"""
import json
import os
import re
import subprocess
import sys

binaries = sys.argv[1]
bench = os.path.join(binaries, "..", "bench")
quick = "--benchmark_min_time=0.001"


def run(name, *args, code=0):
    r = subprocess.run([os.path.join(bench, name), *args], capture_output=True, timeout=600, check=False)
    assert r.returncode == code, (name, args, r.returncode, r.stderr)
    return r.stdout.decode()


def tests(name):
    return {line.removesuffix("/real_time") for line in run(name, "--benchmark_list_tests").splitlines()}


def measured(name, pattern):
    """The counters of the tests that a pattern finds."""
    out = json.loads(run(name, quick, "--benchmark_format=json", "--benchmark_filter=" + pattern))
    assert out["benchmarks"] and not any("error_message" in b for b in out["benchmarks"]), out
    return out["benchmarks"]


if not os.path.exists(os.path.join(bench, "kernel_bench")):
    print("the suites are not built")
    sys.exit(0)

targets = subprocess.run([os.path.join(binaries, "llm"), "targets"], capture_output=True, check=True).stdout.decode().split()
listed = subprocess.run([os.path.join(binaries, "llm-bench"), "--list-synth"], capture_output=True, check=True).stdout.decode()
formats = re.search(r"all matrices but the output: (.*)", listed).group(1).split()
assert len(formats) >= 28, formats

# Every format on every target, alone and with many tokens; every cache type; every row kernel.
names = tests("kernel_bench")
wanted = {f"{test}/{t}/{f}/2048x5632" for test in ("gemv", "matmul512") for t in targets for f in formats}
assert names >= wanted, wanted - names
names = tests("attention_bench")
wanted = {f"attention/{t}/{c}/keys4096/tokens{n}" for t in targets if t != "reference" for c in ("f32", "f16", "bf16", "q8_0") for n in (1, 512)}
assert names >= wanted, wanted - names
names = tests("rows_bench")
wanted = {f"rows/{t}/{what}" for t in targets for what in
          ["rms_norm", "layer_norm", "rope-halves", "quantize", "activate-silu", "store_keys/bf16", "store_values/q8_0",
           *(f"dequantize/{f}" for f in formats)]}
assert names >= wanted, wanted - names
assert any(name.startswith("prefill512/") for name in tests("model_bench"))

# They run, and set what they measure against the machine's limits of the moment.
best = targets[0]
for suite, pattern in (("kernel_bench", f"gemv/{best}/Q4_0/2048x2048"), ("kernel_bench", f"matmul64/{best}/Q8_0/2048x2048"),
                       ("attention_bench", f"attention/{best}/bf16/keys128/tokens1/"),
                       ("model_bench", "decode/depth0/synth:tiny")):
    for b in measured(suite, pattern):
        assert b["bytes/s"] > 0 and b["op/s"] > 0 and b["read%"] > 0 and b["fma%"] > 0, b
for b in measured("rows_bench", f"rows/{best}/(rms_norm|quantize|dequantize/Q4_0)/real"):
    assert b["bytes/s"] > 0 and b["values/s"] > 0 and "op/s" not in b, b

# For people there is a table with a column for each target; a wrong command line says what is right.
if len(targets) > 2:
    text = run("kernel_bench", quick, f"--benchmark_filter=gemv/({best}|{targets[1]})/Q4_0/2048x2048")
    assert re.search(rf"\n\| +\| +{best} \| +{targets[1]} \|\n", text) and "Q4_0/2048x2048 |" in text, text
for suite in ("kernel_bench", "attention_bench", "rows_bench", "model_bench"):
    run(suite, "--threads=0", code=2)
    run(suite, "--nonsense", code=2)
if os.path.exists(os.path.join(bench, "onednn_bench")):
    assert {"onednn/bf16/2048x2048", "onednn/int8/2048x2048"} <= tests("onednn_bench")
    assert measured("onednn_bench", "onednn/int8/2048x2048")[0]["op/s"] > 0
print("ok")
