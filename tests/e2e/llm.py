#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm from outside, on the bundled model: text, ids, logits, exit codes and help. `llm.py BIN`"""
import array
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

bin_dir = sys.argv[1]
tool = os.path.join(bin_dir, "llm")
model = os.path.join(bin_dir, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")


def run(*args, code=0, stdin=None):
    r = subprocess.run([tool, *args], capture_output=True, timeout=300, input=stdin)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r


def ok(condition, what):
    if not condition:
        sys.exit("failed: " + what)


# infer: the bundled model is found and named; the same seed tells the same story, whatever the threads.
prompt = "Once upon a time"
story = run("infer", "-p", prompt, "-n", "40", "--seed", "7")
ok(b"storyteller-Q4_K_M.gguf" in story.stderr, "says which model it took")
ok(story.stdout.startswith(prompt.encode()) and len(story.stdout) > 100, "a story")
for extra in (["--threads", "1"], ["--batch", "3"], ["-m", model]):
    ok(run("infer", "-p", prompt, "-n", "40", "--seed", "7", *extra).stdout == story.stdout, "same story with %r" % extra)
ok(run("infer", "-p", prompt, "-n", "40", "--seed", "8").stdout != story.stdout, "another seed, another story")
greedy = run("infer", "-p", prompt, "-n", "20", "--temp", "0").stdout
ok(run("infer", "-f", "-", "-n", "20", "--temp", "0", stdin=prompt.encode()).stdout == greedy, "prompt from standard input")
ok(re.search(rb"[0-9.]+ tokens/s", run("infer", "-p", prompt, "-n", "8", "--stats").stderr), "stats")

# tokens: bytes come back, also such as are no text.
texts = [b"Once upon a time, Pip the fox found a red kite.", "Grüße, 世界 🙂".encode(), b"\xff\xfe plain \x80", b""]
with tempfile.NamedTemporaryFile() as t:
    t.write(b"\0".join(texts))
    t.flush()
    rows = [json.loads(line) for line in run("tokens", "--null", "-f", t.name).stdout.splitlines()]
ok([bytes.fromhex(r["detok_hex"]) for r in rows] == texts, "tokens there and back")
ids = rows[0]["ids"]

# eval: rows of logits, the same bits however the work is split, and greedy ids that infer agrees with.
n_vocab = None
logits = set()
with tempfile.TemporaryDirectory() as d:
    for i, extra in enumerate((["--threads", "1"], ["--threads", "2"], ["--threads", "3"], ["--batch", "1"], ["--batch", "5"])):
        extra = extra + ["--strict"]
        path = os.path.join(d, "%d.f32" % i)
        out = json.loads(run("eval", "--tokens", ",".join(map(str, ids)), "--greedy", "5", "--logits", path, *extra).stdout)
        n_vocab = out["n_vocab"]
        with open(path, "rb") as f:
            logits.add(f.read())
        ok(len(out["greedy"]) == 5, "five greedy ids")
ok(len(logits) == 1, "strict: the same bits for any number of threads and any batch")
ok(len(logits.pop()) == 4 * n_vocab * (len(ids) + 5), "one row per prompt token and greedy step")

# A smaller KV cache rounds, little, and is the same for any split; a type that there is not is refused.
with tempfile.TemporaryDirectory() as d:
    rows = {}
    for kind in ("f32", "f16", "bf16", "q8_0"):
        for i, extra in enumerate((["--threads", "1"], ["--threads", "3", "--batch", "4"])):
            path = os.path.join(d, "%s%d.f32" % (kind, i))
            run("eval", "--tokens", ",".join(map(str, ids)), "--logits", path, "--cache-type", kind, "--strict", *extra)
            values = array.array("f")
            with open(path, "rb") as f:
                values.frombytes(f.read())
            ok(rows.setdefault(kind, values) == values, "the same bits with a cache of " + kind)
    power = sum(b * b for b in rows["f32"])
    for kind, bound in (("f16", 1e-5), ("bf16", 1e-3), ("q8_0", 1e-3)):
        error = sum((a - b) ** 2 for a, b in zip(rows[kind], rows["f32"])) / power
        ok(0 < error < bound, "error of a cache of %s: %g" % (kind, error))
ok(run("infer", "-p", prompt, "-n", "4", "--cache-type", "f16", "--seed", "7").stdout, "infer takes a cache type")
sizes = {k: json.loads(run("info", "--json", "--cache-type", k).stdout)["memory_bytes"]["kv_cache"] for k in ("f32", "q8_0")}
ok(sizes["q8_0"] == sizes["f32"] // 128 * 34, "info counts the cache: %r" % sizes)
run("eval", "--tokens", "1", "--cache-type", "q3", code=2)

# Targets: every one that is listed runs.
targets = run("targets").stdout.decode().split()
ok("reference" in targets and len(targets) >= 2, "targets: %r" % targets)
for target in targets:
    got = json.loads(run("eval", "--tokens", "1,2,3", "--target", target).stdout)
    ok(got["n_vocab"] == n_vocab, "runs on " + target)
ok(b"TargetUnavailable" in run("eval", "--tokens", "1", "--target", "z80", code=1).stderr, "unknown target")

# What is wrong is said, with the right exit code.
ok(run("infer", "-m", "no-such-file.gguf", "-p", "x", code=1).stderr.startswith(b"llm: IoError: no-such-file.gguf"), "missing file")
ok(b"BadToken" in run("eval", "--tokens", str(n_vocab), code=1).stderr, "an id outside the vocabulary")
ok(b"BadArgument" in run("infer", "-p", "x", "--top-p", "nan", code=1).stderr, "an impossible option")
ok(b"ContextFull" in run("eval", "--tokens", "1,2,3,4,5", "--ctx", "3", code=1).stderr, "a prompt longer than the context")
for wrong in ([], ["nonsense"], ["infer", "--nonsense"], ["eval"], ["eval", "--tokens", ""], ["info", "-m", ""], ["infer", "-n", "many"]):
    run(*wrong, code=2)

# A model that is cut while it is in use: the text has begun, so the model is loaded, and waits for somebody to read it.
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "cut.gguf")
    shutil.copy(model, path)
    with subprocess.Popen([tool, "infer", "-m", path, "-p", "x" * 100000 + prompt, "-n", "4000", "-c", "300000", "--ignore-eos"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        p.stdout.read(1)
        os.truncate(path, 4096)
        _, stderr = p.communicate(timeout=300)
    ok(p.returncode == 1 and b"llm: FileChanged: " in stderr, "a model cut under us: %d, %r" % (p.returncode, stderr))

ok("llama" in run("info").stdout.decode(), "info")
for command, options in {"infer": "-m -p -f -n -s -t -c --model --prompt --file --seed --threads --ctx --temp --top-k --top-p "
                         "--min-p --stats --special --batch --target --cache-type", "eval": "--tokens --greedy --logits --batch --threads "
                         "--target --cache-type", "tokens": "--special --null -f", "info": "-m"}.items():
    text = run(command, "--help").stdout.decode()
    for option in options.split():
        ok(re.search(r"(?<![\w-])" + option + r"(?![\w-])", text), "help of %s has %s" % (command, option))
print("ok")
