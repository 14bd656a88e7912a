#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm imatrix from outside: what it counts, both kinds of files, what adds up, llama.cpp's results, what it is good for,
and what is refused. `imatrix.py BIN`"""
import array
import json
import os
import struct
import subprocess
import sys
import tempfile

from _gguf import gguf
from _llm import ok, read, runner

bin_dir = sys.argv[1]
tool = os.path.join(bin_dir, "llm")
run = runner(tool)
bundled = os.path.join(bin_dir, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")
shared = os.environ.get("LAMINA_SHARED", "")
data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "imatrix.txt")


with tempfile.TemporaryDirectory() as d:
    at = lambda name: os.path.join(d, name)

    def floats(path, tensor):
        out = at("values.f32")
        subprocess.run([os.path.join(bin_dir, "gguf-inspect"), "dequant", path, tensor, "--out", out], check=True, capture_output=True)
        a = array.array("f")
        a.frombytes(read(out))
        return a

    def write(name, content):
        with open(at(name), "wb") as f:
            f.write(content)
        return at(name)

    story = lambda seed: run("infer", "-p", "Once upon a time", "-n", "400", "--seed", seed, "--ignore-eos").stdout
    text = write("text.txt", story("7"))

    # Every matrix of the layers, over all tokens; nothing but the text decides.
    matrix = at("m.gguf")
    got = json.loads(run("imatrix", "-f", text, "-c", "64", "-o", matrix, "--json").stdout)
    tokens = 64 * got["windows"]
    ok(got["windows"] > 4 and got["window_tokens"] == 64 and got["format"] == "gguf", "windows: %r" % got)
    names = {t["name"] for t in got["tensors"]}
    ok(all(t["tokens"] == [tokens] for t in got["tensors"]), "tokens")
    ok("blk.0.attn_q.weight" in names and not any("token_embd" in n or n.startswith("output") for n in names), "tensors: %r" % names)
    ok(floats(matrix, "blk.0.attn_q.weight.in_sum2") == floats(matrix, "blk.0.attn_k.weight.in_sum2"), "the same input")
    ok(floats(matrix, "blk.0.ffn_down.weight.counts")[0] == tokens, "counts in the file")
    info = subprocess.run([os.path.join(bin_dir, "gguf-inspect"), "--json", matrix], check=True, capture_output=True).stdout
    for key in (b"imatrix.datasets", b"imatrix.chunk_count", b"imatrix.chunk_size", b"general.type"):
        ok(key in info, key.decode())
    run("imatrix", bundled, "-f", "-", "-c", "64", "-o", at("again.gguf"), "--threads", "3", stdin=read(text))
    ok(floats(at("again.gguf"), "blk.1.ffn_down.weight.in_sum2") == floats(matrix, "blk.1.ffn_down.weight.in_sum2"), "threads change nothing")
    head = json.loads(run("imatrix", "-f", text, "-c", "64", "--windows", "2", "-o", at("head.gguf"), "--process-output", "--json").stdout)
    ok(head["windows"] == 2 and len(head["tensors"]) == len(names) + 1, "the head, and two windows")

    # The older file, and sums of several.
    run("imatrix", "--in-file", matrix, "-o", at("m.dat"))
    ok(struct.unpack("<i", read(at("m.dat"))[:4])[0] == len(names), "entries of the older file")
    run("imatrix", "--in-file", matrix, "--in-file", at("m.dat"), "-o", at("both.gguf"))
    a, b = floats(at("both.gguf"), "blk.1.ffn_up.weight.in_sum2"), floats(matrix, "blk.1.ffn_up.weight.in_sum2")
    ok(all(abs(x - 2 * y) <= 1e-5 * y for x, y in zip(a, b)), "twice the same")
    ok(floats(at("both.gguf"), "blk.1.ffn_up.weight.counts")[0] == 2 * tokens, "twice the tokens")
    more = json.loads(run("imatrix", "-f", text, "-c", "64", "--windows", "1", "--in-file", matrix, "-o", at("more.gguf"), "--json").stdout)
    ok(more["windows"] == got["windows"] + 1 and len(more["data_sets"]) == 2, "a text on top of a file")

    # Either file makes the same of a model, and it is not what is made without.
    made = {}
    for way, extra in {"without": [], "gguf": ["--imatrix", matrix], "dat": ["--imatrix", at("m.dat")]}.items():
        run("quantize", bundled, at("q.gguf"), "Q2_K", "--allow-requantize", *extra)
        made[way] = floats(at("q.gguf"), "blk.1.ffn_down.weight")
    same = sum(x == y for x, y in zip(made["gguf"], made["dat"])) / len(made["dat"])
    ok(same > 0.99 and made["gguf"] != made["without"], "by either file: %g" % same)

    # What is refused leaves nothing behind, and what was there stays.
    keep = write("keep", b"old")
    def refused(expect, *args):
        before = set(os.listdir(d))
        r = run("imatrix", *args, code=1)
        ok(expect.encode() in r.stderr, "%s for %r: %r" % (expect, args, r.stderr))
        ok(set(os.listdir(d)) == before and read(keep) == b"old", "nothing is left of %r" % (args,))
    refused("BadArgument", "-f", write("short.txt", b"too short"), "-o", keep)
    refused("IoError", "-f", at("missing"), "-o", keep)
    refused("IoError", "--in-file", at("missing"), "-o", keep)
    refused("IoError", "--in-file", matrix, "-o", at("no-folder/x"))
    refused("IoError", at("missing"), "-f", text, "-o", keep)
    refused("MissingTensor", "--in-file", bundled, "-o", keep)
    refused("Truncated", "--in-file", write("cut.dat", read(at("m.dat"))[:-40]), "-o", keep)
    other = [(b"blk.0.attn_q.weight.in_sum2", (3, 1), 0, struct.pack("<3f", 1, 2, 3)), (b"blk.0.attn_q.weight.counts", (1, 1), 0, struct.pack("<f", 1))]
    refused("ShapeMismatch", "--in-file", matrix, "--in-file", write("other.gguf", gguf(other)), "-o", keep)
    for wrong in (["-f", text], ["-o", keep], ["-f", text, "-o", ""], ["-f", text, "-o", keep, "--format", "x"], [bundled, "-m", bundled, "-f", text, "-o", keep]):
        run("imatrix", *wrong, code=2)
    words = run("imatrix", "--help").stdout.decode()
    for word in "--file --in-file --out --format --windows --parse-special --process-output --json Examples".split():
        ok(word in words, "help has " + word)

    model = os.path.join(shared, "models", "storyteller-f16.gguf")
    if os.path.exists(model):
        run("imatrix", model, "-f", os.path.join(shared, "models", "gold", "storyteller-heldout.txt"), "-c", "256", "-o", matrix, "--process-output")
        with open(data) as f:
            lines = [line.split() for line in f if not line.startswith("#")]
        ok(len(lines) > 40, "reference")
        for name, n, total, index, value in lines:
            sums = floats(matrix, name + ".in_sum2")
            ok(floats(matrix, name + ".counts")[0] == int(n), "tokens of " + name)
            ok(abs(sum(sums) / float(total) - 1) < 1e-3, "%s: %g for %s" % (name, sum(sums), total))
            ok(abs(sums[int(index)] / float(value) - 1) < 1e-2, "%s[%s]: %g for %s" % (name, index, sums[int(index)], value))

    # What it is good for: a model of few bits stays nearer to what it was, on a text of another kind, too.
    model, gold = os.path.join(shared, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"), os.path.join(shared, "models", "gold")
    if os.path.exists(model):
        run("imatrix", model, "-f", os.path.join(gold, "storyteller-heldout.txt"), "--windows", "6", "-o", matrix)
        run("perplexity", "-m", model, "-f", os.path.join(gold, "apache-2.0.txt"), "--windows", "1", "--save-logits", at("base.kld"))
        kl = []
        for extra in ([], ["--imatrix", matrix]):
            run("quantize", model, at("q.gguf"), "Q2_K", "--allow-requantize", *extra)
            kl.append(json.loads(run("perplexity", "-m", at("q.gguf"), "--kl-base", at("base.kld"), "--json").stdout)["kl_divergence"]["value"])
        ok(kl[1] < 0.9 * kl[0], "divergence without and with importance: %r" % kl)
print("ok")
