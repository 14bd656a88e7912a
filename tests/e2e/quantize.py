#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm quantize from outside: every type, sources of every kind, importance matrices, and what is refused.
`quantize.py BIN`"""
import array
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from _gguf import gguf
from _llm import ok, read, runner

bin_dir = sys.argv[1]
tool = os.path.join(bin_dir, "llm")
run = runner(tool, "quantize")
types = {"F32": 0, "F16": 1, "BF16": 32, "Q8_0": 7, "Q6_K": 18, "Q5_K_M": 17, "Q5_K_S": 16, "Q5_1": 9, "Q5_0": 8, "Q4_K_M": 15,
         "Q4_K_S": 14, "Q4_1": 3, "Q4_0": 2, "IQ4_NL": 25, "IQ4_XS": 30, "MXFP4_MOE": 38, "NVFP4": 39, "Q3_K_L": 13, "Q3_K_M": 12,
         "Q3_K_S": 11, "IQ3_M": 27, "IQ3_S": 26, "IQ3_XS": 22, "IQ3_XXS": 23, "Q2_K": 10, "Q2_K_S": 21, "IQ2_M": 29, "IQ2_S": 28,
         "IQ2_XS": 20, "IQ2_XXS": 19, "Q2_0": 41, "TQ2_0": 37, "TQ1_0": 36, "IQ1_M": 31, "IQ1_S": 24, "Q1_0": 40}


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


rng = random.Random(1)
columns, rows = 512, 24
values = {name: [rng.gauss(0, 0.05) for _ in range(columns * rows)] for name in ("blk.0.attn_v.weight", "blk.1.ffn_up.weight")}
norm = [1 + rng.gauss(0, 0.1) for _ in range(columns)]
keys = [(b"general.architecture", b"llama"), (b"llama.block_count", 2), (b"general.file_type", 0), (b"note", b"kept")]


def floats(order, v):
    return struct.pack("%s%df" % (order, len(v)), *v)


def model(order="<", some=None, extra=(), dims=(columns, rows)):
    tensors = [(n.encode(), dims, 0, floats(order, v)) for n, v in (some or values).items()]
    return gguf(tensors + [(b"blk.0.attn_norm.weight", (columns,), 0, floats(order, norm))], order, keys=list(keys) + list(extra))


with tempfile.TemporaryDirectory() as d:
    at = lambda name: os.path.join(d, name)
    source = write(at("f32.gguf"), model())

    # Every type: its number is written, its tensors have the size it says, and the error goes with the bits.
    error = {}
    for name, number in types.items():
        out = json.loads(run(source, at(name), name, "--json").stdout)
        ok(out["file_type"] == number, "number of " + name)
        info = json.loads(subprocess.run([os.path.join(bin_dir, "gguf-inspect"), "--json", at(name)], capture_output=True, check=True).stdout)
        text = json.dumps(info)
        ok('"kept"' in text, "metadata is kept")
        ok(os.path.getsize(at(name)) < out["bytes_after"] + 2048, "size of " + name)
        by_name = {t["name"]: t for t in out["tensors"]}
        ok("rmse" not in by_name["blk.0.attn_norm.weight"] and by_name["blk.0.attn_norm.weight"]["to"] == "F32", "norms stay")
        error[name] = by_name["blk.1.ffn_up.weight"].get("relative_rmse", 0)
    ok(error["F32"] == 0 and error["F16"] < 3e-4 and error["Q8_0"] < 0.01, "exact types: %r" % error)
    order = ["F16", "Q8_0", "Q6_K", "Q5_K_S", "Q4_K_S", "Q3_K_S", "Q2_K", "IQ1_S"]
    ok(all(error[a] < error[b] for a, b in zip(order, order[1:])), "fewer bits, larger errors: %r" % error)
    ok(0.9 < error["IQ4_XS"] / error["Q4_K_S"] < 1.2, "IQ4_XS: %r" % error)

    # The same bytes from any number of threads, from a big-endian source and from a split one.
    want = read(at("Q4_K_M"))
    run(source, at("out"), "q4_k_m", "--threads", "3")
    ok(read(at("out")) == want, "threads change nothing")
    run(write(at("big.gguf"), model(">")), at("out"), "Q4_K")
    ok(read(at("out")) == want, "big-endian source, and Q4_K is Q4_K_M")
    names = list(values)
    for i in range(2):
        part = {names[i]: values[names[i]]}
        tensors = [(n.encode(), (columns, rows), 0, floats("<", v)) for n, v in part.items()]
        if i == 1:
            tensors.append((b"blk.0.attn_norm.weight", (columns,), 0, floats("<", norm)))
        split = [(b"split.no", i), (b"split.count", 2), (b"split.tensors.count", 3)]
        write(at("s-0000%d-of-00002.gguf" % (i + 1)), gguf(tensors, keys=(list(keys) if i == 0 else []) + split))
    run(at("s-00001-of-00002.gguf"), at("out"), "Q4_K_M")
    ok(read(at("out")) == want, "split source, whole result")

    # Choices of one's own.
    one = json.loads(run(source, at("out"), "Q4_0", "--json", "--tensor-type", "attn_.=Q6_K", "--tensor-type", "^blk=iq4_xs").stdout)
    got = {t["name"]: t["to"] for t in one["tensors"]}
    ok(got["blk.0.attn_v.weight"] == "Q6_K" and got["blk.1.ffn_up.weight"] == "IQ4_XS", "overrides: %r" % got)
    pure = json.loads(run(source, at("out"), "Q3_K_L", "--json", "--pure").stdout)
    ok({t["to"] for t in pure["tensors"]} == {"Q3_K", "F32"}, "pure")
    narrow = {n: v[: 96 * 4] for n, v in values.items()}
    small = write(at("narrow.gguf"), model(some=narrow, dims=(96, 4)))
    r = run(small, at("out"), "Q4_K_S", "--json")
    ok(b"no whole blocks of Q5_K" in r.stderr and json.loads(r.stdout)["fell_back"] == 2, "what falls back is said")
    ok(b"quantised already" in run(at("Q4_0"), at("out"), "Q8_0", "--allow-requantize").stderr, "said of a quantised source")
    run(at("Q4_0"), at("out"), "Q8_0", "--dry-run")
    run(at("Q4_0"), at("out"), "Q4_0")  # nothing is rounded twice
    ok(read(at("out")) == read(at("Q4_0")), "quantised to what it is: the same file")
    before = set(os.listdir(d))
    ok(b"not written" in run(source, at("dry"), "Q4_0", "--dry-run").stdout and set(os.listdir(d)) == before, "dry run")

    # Importance matrices: both files mean the same, and errors go where they cost little.
    cost = [1000.0 if i % 2 else 0.001 for i in range(columns)]
    def dat(costs, calls=4):
        out = struct.pack("<i", len(values))
        for n in values:
            out += struct.pack("<i", len(n)) + n.encode() + struct.pack("<ii", calls, len(costs)) + floats("<", [calls * c for c in costs])
        return out + struct.pack("<ii", 7, 3) + b"set"
    sums = []
    for n in values:
        sums.append((n.encode() + b".in_sum2", (columns, 1), 0, floats("<", [8 * c for c in cost])))
        sums.append((n.encode() + b".counts", (1, 1), 0, floats("<", [8])))
    matrices = {"m.dat": dat(cost), "m.gguf": gguf(sums, keys=[(b"general.type", b"imatrix"), (b"imatrix.chunk_count", 7)])}
    for name, content in matrices.items():
        run(source, at("with-" + name), "Q2_K", "--pure", "--imatrix", write(at(name), content))
    run(source, at("without"), "Q2_K", "--pure")
    def decoded(path):
        out = at("decoded.f32")
        subprocess.run([os.path.join(bin_dir, "gguf-inspect"), "dequant", path, "blk.1.ffn_up.weight", "--out", out], check=True, capture_output=True)
        a = array.array("f")
        a.frombytes(read(out))
        return a
    def errors(a):
        e = [0.0, 0.0]
        for i, (x, y) in enumerate(zip(a, values["blk.1.ffn_up.weight"])):
            e[i % 2] += (x - y) ** 2
        return e
    weighed, plain = decoded(at("with-m.dat")), decoded(at("without"))
    ok(weighed == decoded(at("with-m.gguf")), "both kinds of importance matrix")
    ok(errors(weighed)[1] < 0.8 * errors(plain)[1] and errors(weighed)[0] > errors(plain)[0], "important columns have smaller errors")
    ok(b"quantize.imatrix.chunks_count" in read(at("with-m.dat")), "the matrix is named in the result")

    # Where a format leaves no choice the bytes are llama.cpp's.
    models = os.path.join(os.environ.get("LAMINA_SHARED", ""), "models")
    if os.path.exists(os.path.join(models, "storyteller-Q8_0.gguf")):
        run(os.path.join(models, "storyteller-f16.gguf"), at("out"), "Q8_0")
        def contents(path):  # of each tensor
            r = subprocess.run([os.path.join(bin_dir, "gguf-inspect"), "--json", path], capture_output=True, check=True)
            tensors, whole = json.loads(r.stdout)["tensors"], read(path)
            return {t["name"]: whole[t["offset"] : t["offset"] + t["bytes"]] for t in tensors}
        ok(contents(at("out")) == contents(os.path.join(models, "storyteller-Q8_0.gguf")), "llama.cpp's Q8_0")

    # What is refused leaves nothing behind, and what was there stays.
    keep = write(at("keep"), b"old")
    def refused(expect, *args):
        before = set(os.listdir(d))
        r = run(*args, code=1)
        ok(expect.encode() in r.stderr, "%s for %r: %r" % (expect, args, r.stderr))
        ok(set(os.listdir(d)) == before and read(keep) == b"old", "nothing is left of %r" % (args,))
    for bad in (float("nan"), float("inf")):
        broken = dict(values, **{names[1]: values[names[1]][:5000] + [bad] + values[names[1]][5001:]})
        refused("NumericError", write(at("nan.gguf"), model(some=broken)), keep, "Q4_0")
    broken = dict(values, **{names[1]: [1e30] * (columns * rows)})
    refused("too large for the format F16", write(at("huge.gguf"), model(some=broken)), keep, "F16")
    for cut in (10, 200, len(model()) // 2, len(model()) - 100):
        refused("gguf", write(at("cut.gguf"), model()[:cut]), keep, "Q4_0")
    refused("IoError", at("missing.gguf"), keep, "Q4_0")
    refused("IoError", source, at("no-folder/x"), "Q4_0")
    refused("BadArgument", source, source, "Q4_0")
    refused("--allow-requantize", at("Q4_0"), keep, "Q8_0")
    refused("NotRegularFile", source, "/dev/null", "Q4_0")
    refused("NotRegularFile", source, d, "Q4_0")
    refused("BadTensorType", write(at("odd.gguf"), gguf([(b"a.weight", (32, 2), 4, b"\0" * 4 * 18 + b"\0" * 56)])), keep, "Q4_0")
    for override in ("attn", "attn=Q9", "=Q4_0", "attn=I8", "(=Q4_0"):
        refused("BadArgument", source, keep, "Q4_0", "--tensor-type", override)
    whole = dat(cost)
    for cut in (0, 3, 6, 30, len(whole) // 2, len(whole) - 9):
        refused("Truncated" if cut else "m.bad", source, keep, "Q4_0", "--imatrix", write(at("m.bad"), whole[:cut]))
    for bad in (dat(cost[:-1] + [float("nan")]), dat(cost[:-1] + [-1.0])):
        refused("NumericError", source, keep, "Q4_0", "--imatrix", write(at("m.bad"), bad))
    refused("ShapeMismatch", source, keep, "Q4_0", "--imatrix", write(at("m.bad"), dat(cost[:-1])))
    refused("BadCount", source, keep, "Q4_0", "--imatrix", write(at("m.bad"), b"\xff" * 64))
    refused("MissingTensor", source, keep, "Q4_0", "--imatrix", source)
    refused("MissingTensor", source, keep, "Q4_0", "--imatrix", write(at("m.bad"), gguf(sums[:1])))

for wrong in ([], ["a", "b"], ["a", "b", "Q9_K"], ["a", "", "Q4_0"], ["a", "b", "Q4_0", "--nonsense"]):
    run(*wrong, code=2)
text = run("--help").stdout.decode()
for word in list(types) + "--pure --tensor-type --imatrix --allow-requantize --dry-run --threads --verbose --json".split():
    ok(word in text, "help has " + word)
print("ok")
