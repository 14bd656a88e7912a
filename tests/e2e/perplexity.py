#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm perplexity from outside: against sums made here from `llm eval`, against llama.cpp's results, and what is refused.
`perplexity.py BIN`"""
import array
import json
import math
import os
import struct
import sys
import tempfile

from _llm import ok, runner

bin_dir = sys.argv[1]
tool = os.path.join(bin_dir, "llm")
run = runner(tool)
bundled = os.path.join(bin_dir, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")
shared = os.environ.get("LAMINA_SHARED", "")


def perplexity(*args, stdin=None):
    return json.loads(run("perplexity", "--json", *args, stdin=stdin).stdout)


with tempfile.TemporaryDirectory() as d:
    at = lambda name: os.path.join(d, name)
    text = at("text.txt")
    story = run("infer", "-p", "Once upon a time", "-n", "300", "--seed", "7", "--ignore-eos").stdout
    with open(text, "wb") as f:
        f.write(story)

    # The sums, made here.
    window = 50
    got = perplexity("-f", text, "-c", str(window), "--strict")
    ids = json.loads(run("tokens", "-f", text).stdout)["ids"]
    ok(got["windows"] == len(ids) // window and got["tokens_scored"] == got["windows"] * 24, "windows: %r" % got)
    losses = []
    for w in range(got["windows"]):
        part = ids[w * window : (w + 1) * window]
        n_vocab = json.loads(run("eval", "--strict", "--tokens", ",".join(map(str, part)), "--logits", at("l.f32")).stdout)["n_vocab"]
        logits = array.array("f")
        with open(at("l.f32"), "rb") as f:
            logits.frombytes(f.read())
        for i in range(window // 2, window - 1):
            row = logits[i * n_vocab : (i + 1) * n_vocab]
            top = max(row)
            losses.append(top + math.log(sum(math.exp(x - top) for x in row)) - row[part[i + 1]])
        ok(abs(got["running"][w] / math.exp(sum(losses) / len(losses)) - 1) < 1e-6, "perplexity after window %d" % w)
    mean = sum(losses) / len(losses)
    spread = math.sqrt((sum(x * x for x in losses) / len(losses) - mean * mean) / (len(losses) - 1)) * math.exp(mean)
    ok(abs(got["perplexity"]["standard_error"] / spread - 1) < 1e-5, "standard error")
    for extra in (["--threads", "1"], ["--threads", "3", "--batch", "7"]):
        ok(perplexity("-f", text, "-c", str(window), "--strict", *extra)["perplexity"] == got["perplexity"], "same with %r" % extra)
    ok(perplexity("-f", "-", "-c", str(window), "--strict", "--windows", "2", stdin=story)["running"] == got["running"][:2], "two windows")

    # Divergence: none from itself, some from a coarser model, and the same text and windows without being told.
    base = at("base.kld")
    saved = perplexity("-f", text, "-c", "64", "--save-logits", base)
    same = perplexity("--kl-base", base)
    ok(same["perplexity"] == saved["perplexity"] and same["context"] == 64, "the base's text and windows")
    ok(abs(same["kl_divergence"]["value"]) < 1e-5 and same["same_top_token"]["value"] > 0.99, "none from itself: %r" % same)
    ok(abs(same["base_perplexity"]["value"] / saved["perplexity"]["value"] - 1) < 1e-3, "perplexity of the base")
    run("quantize", bundled, at("q2.gguf"), "Q2_K", "--allow-requantize")
    far = perplexity("-m", at("q2.gguf"), "--kl-base", base)
    ok(far["kl_divergence"]["value"] > 100 * abs(same["kl_divergence"]["value"]) and far["kl_divergence"]["value"] > 1e-3, "Q2_K: %r" % far)
    ok(far["kl_divergence"]["median"] <= far["kl_divergence"]["90%"] <= far["kl_divergence"]["maximum"], "quantiles")
    ok(abs(far["perplexity_ratio"]["value"] * far["base_perplexity"]["value"] / far["perplexity"]["value"] - 1) < 1e-6, "ratio")
    ok(b"KL divergence" in run("perplexity", "--kl-base", base).stdout, "for people")

    # What is refused.
    with open(base, "rb") as f:
        whole = f.read()
    def refused(expect, *args, stdin=None):
        r = run("perplexity", *args, code=1, stdin=stdin)
        ok(expect.encode() in r.stderr, "%s for %r: %r" % (expect, args, r.stderr))
    def damaged(expect, content):
        with open(at("bad.kld"), "wb") as f:
            f.write(content)
        refused(expect, "--kl-base", at("bad.kld"))
    damaged("BadMagic", whole[:7])
    damaged("BadMagic", b"x" + whole[1:])
    damaged("Truncated", whole[:-1])
    damaged("Truncated", whole[:8] + struct.pack("<iii", 2**31 - 1, 2**31 - 1, 2**31 - 1) + whole[20:])
    damaged("BadCount", whole[:8] + struct.pack("<iii", 64, 0, 1) + whole[20:])
    damaged("BadToken", whole[:20] + b"\xff" * 4 + whole[24:])
    n_tokens = struct.unpack("<iii", whole[8:20])
    first_row = 20 + 4 * n_tokens[0] * n_tokens[2]
    damaged("NumericError", whole[:first_row] + struct.pack("<f", float("nan")) + whole[first_row + 4 :])
    damaged("ShapeMismatch", whole[:8] + struct.pack("<iii", 64, n_tokens[1] - 8, 1) + whole[20:])
    refused("BadArgument", "-f", "-", stdin=b"too short")
    refused("BadArgument", "-f", text, "-c", "3")
    refused("IoError", "-f", at("missing"))
    refused("IoError", "-f", text, "-c", "64", "--save-logits", at("no-folder/x"))
    for wrong in ([], ["-f", text, "--kl-base", base], ["--kl-base", base, "-c", "64"]):
        run("perplexity", *wrong, code=2)

gold = os.path.join(shared, "models", "gold")
if os.path.isdir(gold):
    with open(os.path.join(gold, "perplexity.json")) as f:
        want = json.load(f)
    cases = [("storyteller-f16", "storyteller-heldout.txt", want["storyteller-heldout.txt"]["llama_cpp"]["f16"]),
             ("SmolLM2-135M-Instruct.Q4_1", "apache-2.0.txt", want["apache-2.0.txt"]["SmolLM2-135M-Instruct.Q4_1"]["exact_dequantised_f32"])]
    for name, document, value in cases:
        got = perplexity("-m", os.path.join(shared, "models", name + ".gguf"), "-f", os.path.join(gold, document))
        ok(abs(got["perplexity"]["value"] / value - 1) < 1e-3, "%s: %r for %g" % (name, got["perplexity"], value))
print("ok")
