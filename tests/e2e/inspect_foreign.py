#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""gguf-inspect on files of the other byte order, with bytes that are no text, and with formats it cannot decode.
`inspect_foreign.py BIN`"""
import array
import json
import os
import struct
import subprocess
import sys
import tempfile

from _gguf import gguf

tool = os.path.join(sys.argv[1], "gguf-inspect")


def run(*args, code=0):
    r = subprocess.run([tool, *args], capture_output=True, timeout=60)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r


def floats(path, tensor):
    a = array.array("f")
    a.frombytes(run("dequant", path, tensor, "--out", "-").stdout)
    return list(a)


halves = [i / 8 - 3 for i in range(64)]
bytes32 = [((7 * i) % 255) - 127 for i in range(32)]
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "t.gguf")
    for order, name in (("<", "little"), (">", "big")):
        q8 = struct.pack(order + "e32b", 0.25, *bytes32)
        q4 = struct.pack(order + "e16B", -0.5, *range(0, 256, 16))
        tensors = [("floats", [64], 0, struct.pack(order + "64f", *halves)),
                   ("halves", [32, 2], 1, struct.pack(order + "64e", *halves)),
                   ("q8", [32], 8, q8), ("q4", [32], 2, q4),
                   ("i16", [4], 25, struct.pack(order + "4h", 0, -1, 32767, -32768)),
                   ("i64", [2], 27, struct.pack(order + "2q", -5, 1 << 40)),
                   ("f64", [2], 28, struct.pack(order + "2d", 0.5, -1e300)),
                   ("q8_1", [32], 9, struct.pack(order + "2e32b", 0.25, 0, *bytes32)),
                   ("iq4_xs", [256], 23, struct.pack(order + "eH4B128B", 2, 0xaaaa, *[0x11] * 4, *[0x88] * 128)),
                   ("retired", [32], 4, bytes(20)), ("future", [32], 1234, bytes(64))]
        with open(path, "wb") as f:
            f.write(gguf([(n.encode(), *rest) for n, *rest in tensors], order,
                         keys=[(b"general.name", b"\x1b[31mred \xff"), (b"general.author", "né".encode())]))
        info = json.loads(run(path, "--json").stdout)
        assert info["byte_order"] == name
        assert floats(path, "floats") == halves
        assert floats(path, "halves") == halves
        assert floats(path, "q8") == [0.25 * b for b in bytes32]
        # The low four bits of the 16 bytes come first, all of them 0 here, then the high four.
        assert floats(path, "q4") == [-0.5 * (q - 8) for q in [0] * 16 + list(range(16))]

        assert floats(path, "i16") == [0, -1, 32767, -32768]
        assert floats(path, "i64") == [-5, 1 << 40]
        assert floats(path, "f64") == [0.5, float("-inf")]  # a float has no such number
        assert floats(path, "q8_1") == [0.25 * b for b in bytes32]
        assert floats(path, "iq4_xs") == [2.0 * (0x21 - 32) * 1] * 256  # level 8 is 1

        # Retired, and unknown: both are listed, both are typed errors; the first says what to use instead.
        assert {t["name"]: t["format"] for t in info["tensors"]}["retired"] == "Q4_2"
        for tensor in ("retired", "future"):
            error = run("dequant", path, tensor, "--out", "-", code=1).stderr
            assert error.startswith(b"gguf-inspect: UnsupportedFormat: ") and (b"Q4_0" in error) == (tensor == "retired")

        # Bytes that are no text survive in JSON as hex and never reach the terminal as they are.
        kv = {e["key"]: e["value"] for e in info["metadata"]}
        assert kv["general.name"] == {"hex": b"\x1b[31mred \xff".hex()} and kv["general.author"] == "né"
        for args in ([path], [path, "--kv", "general.name"], [path, "--tensors"]):
            assert b"\x1b" not in run(*args).stdout
print("ok")
