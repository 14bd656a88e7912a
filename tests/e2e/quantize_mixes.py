#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm quantize gives every tensor the format that llama.cpp gives it, for every file type. `quantize_mixes.py BIN`"""
import json
import os
import struct
import subprocess
import sys
import tempfile

from _gguf import gguf

tool = os.path.join(sys.argv[1], "llm")
data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "mixes.txt")
n_embd, n_ff, n_vocab, n_head = 256, 512, 512, 8


def matrices(arch, n_layers, n_group, n_experts, tied):
    """Per role the names and shapes of its tensors, layer by layer."""
    kv = n_embd // n_group
    out = {"token_embd": [("token_embd.weight", (n_embd, n_vocab))]}
    if not tied:
        out["output"] = [("output.weight", (n_embd, n_vocab))]
    if arch == "falcon":
        roles = {"attn_qkv": (n_embd, n_ff), "attn_output": (n_embd, n_embd), "ffn_up": (n_embd, n_ff), "ffn_down": (n_ff, n_embd)}
    else:
        roles = {"attn_q": (n_embd, n_embd), "attn_k": (n_embd, kv), "attn_v": (n_embd, kv), "attn_output": (n_embd, n_embd)}
        for name, dims in {"gate": (n_embd, n_ff), "up": (n_embd, n_ff), "down": (n_ff, n_embd)}.items():
            roles["ffn_" + name + ("_exps" if n_experts else "")] = dims + ((n_experts,) if n_experts else ())
    for role, dims in roles.items():
        out[role] = [("blk.%d.%s.weight" % (i, role), dims) for i in range(n_layers)]
    return out


def weights(dims):
    n = 1
    for d in dims:
        n *= d
    return n


def write_model(path, arch, n_layers, n_group, n_experts, tied):
    keys = {"block_count": n_layers, "embedding_length": n_embd, "feed_forward_length": n_ff,
            "attention.head_count": n_head, "attention.head_count_kv": n_head // n_group}
    if n_experts:
        keys["expert_count"] = n_experts
    keys = [(b"general.architecture", arch.encode())] + [(("%s.%s" % (arch, k)).encode(), v) for k, v in keys.items()]
    roles = matrices(arch, n_layers, n_group, n_experts, tied)
    # Not in the order of layers: the choice must not depend on how the file is sorted.
    tensors = [t for role in roles.values() for t in role][::-1]
    tensors += [("blk.%d.ffn_norm.weight" % i, (n_embd,)) for i in range(n_layers)]
    with open(path, "wb") as f:
        f.write(gguf([(n.encode(), d, 1, 2 * weights(d)) for n, d in tensors], keys=keys))
    return roles


def write_importance(path, roles):
    entries = [(n.encode(), d[0] * (d[2] if len(d) > 2 else 1)) for role in roles.values() for n, d in role]
    with open(path, "wb") as f:
        f.write(struct.pack("<i", len(entries)))
        for name, n in entries:
            f.write(struct.pack("<i", len(name)) + name + struct.pack("<ii", 1, n) + struct.pack("<f", 1) * n)


def runs(text, n):
    out = []
    for run in text.split(","):
        name, _, count = run.partition("*")
        out += [name] * int(count or n)
    assert len(out) == n, (text, n)
    return out


failed = checked = 0
with tempfile.TemporaryDirectory() as d:
    model, importance = os.path.join(d, "m.gguf"), os.path.join(d, "m.dat")
    with open(data) as f:
        for line in f:
            words = line.split()
            if words[0] == "#":
                continue
            if words[0] == "model":
                setting = [words[1]] + [int(x) for x in words[2:]]
                roles = write_model(model, *setting[:5])
                write_importance(importance, roles)
                continue
            command = [tool, "quantize", model, os.path.join(d, "none.gguf"), words[0], "--dry-run", "--json"]
            r = subprocess.run(command + (["--imatrix", importance] if setting[5] else []), capture_output=True, timeout=60)
            assert r.returncode == 0, (words, r.stderr)
            got = {t["name"]: t["to"].upper() for t in json.loads(r.stdout)["tensors"]}
            others = dict(w.split("=") for w in words[2:])
            for role, tensors in roles.items():
                want = runs(others.get(role, words[1]), len(tensors))
                for (name, _), w in zip(tensors, want):
                    checked += 1
                    if got[name] != w:
                        failed += 1
                        print(setting, words[0], name, "is", got[name], "and not", w)
            assert all(t == "F16" for n, t in got.items() if "norm" in n), "norms stay as they are"
        assert not os.path.exists(os.path.join(d, "none.gguf")), "--dry-run writes nothing"
sys.exit("failed: %d of %d" % (failed, checked) if failed or checked < 20000 else 0)
