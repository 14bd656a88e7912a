#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""gguf-inspect on the bundled model: what it prints, its exit codes and its help. `inspect.py BIN`"""
import array
import json
import os
import struct
import subprocess
import sys
import tempfile

bin_dir = sys.argv[1]
tool = os.path.join(bin_dir, "gguf-inspect")
model = os.path.join(bin_dir, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")


def run(*args, code=0):
    r = subprocess.run([tool, *args], capture_output=True, timeout=120)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r


def ok(condition, what):
    if not condition:
        sys.exit("failed: " + what)


# One JSON object that agrees with the file.
info = json.loads(run(model, "--json").stdout)
kv = {e["key"]: e for e in info["metadata"]}
ok(info["version"] == 3 and info["byte_order"] == "little", "version and byte order")
ok(info["bytes"] == os.path.getsize(model), "size in bytes")
ok(kv["general.architecture"]["value"] == "llama", "architecture")
ok(len(kv["tokenizer.ggml.tokens"]["value"]) == kv["tokenizer.ggml.tokens"]["elements"] == 2048, "all tokens")
ok(sum(t["bytes"] for t in info["tensors"]) == info["tensor_bytes"], "sum of the tensors' bytes")
formats = {f["format"]: f for f in info["formats"]}
ok(formats["Q4_K"]["bits_per_weight"] == 4.5 and formats["F32"]["bits_per_weight"] == 32, "bits per weight")
with open(model, "rb") as f:
    entry = kv["llama.block_count"]
    f.seek(entry["offset"])
    ok(struct.unpack("<I", f.read(4))[0] == entry["value"], "the offset of a value")

# The readable views say the same.
summary = run(model).stdout.decode()
for part in ("llama", "Q4_K", "4.5000", "general.architecture", "little-endian", "2048 in all"):
    ok(part in summary, "summary has " + part)
ok("\x1b" not in summary, "no colour codes into a pipe")
table = run(model, "--tensors").stdout.decode()
ok(all(t["name"] in table for t in info["tensors"]), "every tensor in the table")
ok(run(model, "--kv", "general.architecture").stdout == b"llama\n", "a text value")
tokens = json.loads(run(model, "--kv", "tokenizer.ggml.tokens", "--json").stdout)
ok(tokens == kv["tokenizer.ggml.tokens"]["value"], "a whole array")

# dequant: an F32 tensor comes out as its own bytes; a failed one leaves the goal as it was.
t = next(t for t in info["tensors"] if t["format"] == "F32")
with tempfile.TemporaryDirectory() as d:
    out = os.path.join(d, "w.f32")
    run("dequant", model, t["name"], "--out", out)
    with open(model, "rb") as f:
        f.seek(t["offset"])
        want = f.read(t["bytes"])
    with open(out, "rb") as f:
        ok(f.read() == want, "dequant of F32")
    q = next(t for t in info["tensors"] if t["format"] == "Q6_K")
    weights = array.array("f")
    weights.frombytes(run("dequant", model, q["name"], "--out", "-").stdout)
    ok(len(weights) * 4 == q["shape"][0] * q["shape"][1] * 4, "dequant to standard output")
    ok(0 < max(map(abs, weights)) < 10, "weights of a sensible size")
    run("dequant", model, "no.such.tensor", "--out", out, code=1)
    with open(out, "rb") as f:
        ok(f.read() == want, "a failed dequant leaves the old file")
    ok(os.listdir(d) == ["w.f32"], "no temporary file is left")
    r = run("dequant", model, t["name"], "--out", os.path.join(d, "missing", "w.f32"), code=1)
    ok(r.stderr.startswith(b"gguf-inspect: IoError: "), "no folder to write to")

# plan: every matrix has a kernel.
plan = json.loads(run("plan", model, "--json").stdout)
planned = {t["name"] for s in plan["steps"] for t in s["tensors"]}
ok(planned >= {t["name"] for t in info["tensors"] if len(t["shape"]) > 1}, "every matrix is in the plan")
ways = ("one_token", "many_tokens", "many_tokens_prefill_bits_8")
ok(all(s["kernels"][w] for s in plan["steps"] for w in ways), "every step names its kernels")
ok(all(t["kernels"][w] for s in plan["steps"] for t in s["tensors"] for w in ways), "and every tensor")
ok(plan["target"] in run("plan", model).stdout.decode(), "plan for people")
# The scalar target is slow in every step, has no panels, and a legend says what the marks mean.
plan = json.loads(run("plan", model, "--target", "reference", "--json").stdout)
ok(all(s["slow"] and all(t["slow"] for t in s["tensors"]) for s in plan["steps"]), "the reference is slow")
ok(sum(t["lacks_panels"] for s in plan["steps"] for t in s["tensors"]) == len(planned) - 1, "all but the embedding")
table = run("plan", model, "--target", "reference").stdout.decode()
ok("\n!  no fast kernel" in table and "\n~  many tokens" in table and "many tokens\n" in table, "marks and legend")
ok(run("plan", model, "--target", "z80", code=1).stderr.startswith(b"gguf-inspect: TargetUnavailable"), "unknown target")

# Exit codes, and help that names every option.
ok(run("no-such-file.gguf", code=1).stderr.startswith(b"gguf-inspect: IoError: no-such-file.gguf"), "missing file")
ok(b"NotRegularFile" in run("/dev/null", code=1).stderr, "a device")
ok(b"MissingKey" in run(model, "--kv", "no.such.key", code=1).stderr, "missing key")
for wrong in ([], ["--nonsense"], [model, "--json", "--tensors"], ["dequant", model]):
    run(*wrong, code=2)
help_text = run("--help").stdout.decode()
for option in ("--json", "--tensors", "--kv", "plan", "dequant", "Exit codes", "Examples"):
    ok(option in help_text, "help has " + option)
ok("--out" in run("dequant", "--help").stdout.decode(), "help of dequant")

# A reader that goes away is no error of ours: the program ends by SIGPIPE like every filter, silently.
r = subprocess.run(["bash", "-c", '"$0" "$1" --json | head -c 1; exit ${PIPESTATUS[0]}', tool, model],
                   capture_output=True, timeout=60)
ok(r.returncode in (0, 141) and not r.stderr, "a closed pipe, exit %d" % r.returncode)
r = subprocess.run([tool, model, "--json"], stdout=open("/dev/full", "wb"), stderr=subprocess.PIPE, timeout=60)
ok(r.returncode == 1 and b"IoError" in r.stderr, "a full disk")
print("ok")
