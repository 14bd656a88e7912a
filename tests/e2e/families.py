#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""`llm families` and `gguf-inspect arch`: every family is listed and drawn, files are checked. `families.py BIN`"""
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from _gguf import gguf  # noqa: E402

bin_dir = sys.argv[1]
llm, inspect = os.path.join(bin_dir, "llm"), os.path.join(bin_dir, "gguf-inspect")
bundled = os.path.join(bin_dir, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")


def run(*args, code=0):
    r = subprocess.run(args, capture_output=True, timeout=300)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r.stdout.decode(), r.stderr.decode()


def nodes(node):
    yield node
    for part in node.get("parts", []):
        yield from nodes(part)


def tensors(picture):
    return [t for node in nodes(picture["layers"]) for t in node.get("tensors", [])]


# Every family is in the table, and is drawn in both writings with the same tensors.
families = json.loads(run(llm, "families", "--json")[0])
assert len(families) > 30
table = run(llm, "families")[0]
for family in families:
    assert any(line.split()[0] == family["name"] and family["title"] in line for line in table.splitlines()), family
    text = run(inspect, "arch", family["name"])[0]
    picture = json.loads(run(inspect, "arch", family["name"], "--json")[0])
    assert picture["name"] == family["name"] and picture["title"] == family["title"]
    assert family["block_forms"] >= 1
    found = tensors(picture)
    assert len(found) > 10 and all(t["shape"] for t in found), family
    for t in found:
        assert t["name"] in text, (family, t)
    for name in ("token_embd.weight", "blk.N.attn_q.weight", "output.weight"):
        assert name in text, (family, name)
llama = run(inspect, "arch", "llama")[0]
assert "[n_embd, n_head·key_dim]" in llama and "if expert_count > 0" in llama and "optional" in llama, llama
assert "\x1b" not in llama

# A file: its sizes, its formats, and nothing amiss.
text = run(inspect, "arch", bundled)[0]
assert "n_head·key_dim = " in text and "Q6_K ×" in text and "0 missing, 0 of another shape, 0 that nothing asks for" in text, text
assert "(no layer of this file): experts" in text and "ffn_gate_exps" not in text, text
picture = json.loads(run(inspect, "arch", bundled, "--json")[0])
assert picture["missing"] == picture["misshapen"] == 0 and picture["extra"] == []
q = next(t for t in tensors(picture) if t["name"] == "blk.N.attn_q.weight")
n_layers = int(run(inspect, bundled, "--kv", "llama.block_count")[0])
assert [use["layer"] for use in q["file"]] == list(range(n_layers)) and len(q["dimensions"]) == 2, q


# A file that lacks one tensor, has one of another shape and one too many.
def model(change):
    keys = [("general.architecture", b"llama"), ("llama.block_count", 2), ("llama.context_length", 64),
            ("llama.embedding_length", 32), ("llama.feed_forward_length", 64), ("llama.attention.head_count", 2),
            ("llama.attention.layer_norm_rms_epsilon", 1e-5)]
    shapes = {"token_embd.weight": [32, 40], "output_norm.weight": [32], "output.weight": [32, 40]}
    for i in range(2):
        for name, dims in (("attn_norm", [32]), ("attn_q", [32, 32]), ("attn_k", [32, 32]), ("attn_v", [32, 32]),
                           ("attn_output", [32, 32]), ("ffn_norm", [32]), ("ffn_gate", [32, 64]), ("ffn_up", [32, 64]),
                           ("ffn_down", [64, 32])):
            shapes["blk.%d.%s.weight" % (i, name)] = dims
    change(shapes)
    size = lambda dims: 4 * dims[0] * (dims[1] if len(dims) > 1 else 1)
    return gguf([(name.encode(), dims, 0, size(dims)) for name, dims in shapes.items()],
                keys=[(key.encode(), value) for key, value in keys])


def damage(shapes):
    del shapes["blk.1.ffn_down.weight"]
    shapes["blk.0.attn_k.weight"] = [32, 16]
    shapes["blk.0.attn_x.weight"] = [32]


with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "model.gguf")
    for change, code in ((lambda shapes: None, 0), (damage, 1)):
        with open(path, "wb") as f:
            f.write(model(change))
        text, error = run(inspect, "arch", path, code=code)
        picture = json.loads(run(inspect, "arch", path, "--json", code=code)[0])
        assert (error == "") == (code == 0), error
    assert error.startswith("gguf-inspect: MissingTensor: ") and "1 missing, 1 of another shape" in error, error
    lines = {name: line for line in text.splitlines() for name in ("ffn_down.weight", "attn_k.weight", "extra:")
             if name in line}
    assert "MISSING in layers 1" in lines["ffn_down.weight"], text
    assert "WRONG SHAPE in layers 0" in lines["attn_k.weight"] and "[32, 16" in lines["attn_k.weight"], text
    assert "blk.0.attn_x.weight" in lines["extra:"], text
    assert picture["missing"] == picture["misshapen"] == 1 and picture["extra"] == ["blk.0.attn_x.weight"], picture
    faults = {(t["name"], one["layer"], one["fault"]) for t in tensors(picture) for one in t.get("file", [])
              if "fault" in one}
    assert faults == {("blk.N.ffn_down.weight", 1, "MissingTensor"), ("blk.N.attn_k.weight", 0, "ShapeMismatch")}
    with open(path, "wb") as f:
        f.write(gguf([], keys=[(b"general.architecture", b"lama")]))
    assert "the nearest is llama" in run(inspect, "arch", path, code=1)[1]

# Names that mean nothing.
error = run(inspect, "arch", "qwen33", code=1)[1]
assert error.startswith("gguf-inspect: UnknownArchitecture: qwen33: there is no such file") and "nearest is qwen3" in error
assert "nearest" not in run(inspect, "arch", "mamba", code=1)[1]
run(inspect, "arch", code=2)

# What a family says it agrees with is what there is to compare with, and all of that is compared.
shared = os.environ.get("LAMINA_SHARED", "")
if os.path.isdir(os.path.join(shared, "conformance", "arch")):
    for folder, who in (("arch", "llama.cpp"), ("hf", "transformers")):
        there = set()
        for path in glob.glob(os.path.join(shared, "conformance", folder, "*.gguf")):
            there.add(run(inspect, path, "--kv", "general.architecture")[0].strip())
        claimed = {family["name"] for family in families if who in family["agrees_with"]}
        known = {family["name"] for family in families}
        assert claimed == there & known, (who, claimed ^ (there & known))
print("ok")
