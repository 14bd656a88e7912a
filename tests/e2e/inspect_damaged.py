#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""gguf-inspect on damaged files: `inspect_damaged.py BIN`. Exit code 0 or 1 with a message, never a signal, a hang or a
sanitizer report. The bundled model is cut at many bytes and its header changed at many places."""
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

bin_dir = sys.argv[1]
inspect = os.path.join(bin_dir, "gguf-inspect")
model = os.path.join(bin_dir, "..", "share", "lamina", "storyteller-Q4_K_M.gguf")
with open(model, "rb") as f:
    whole = f.read()
problems = []
counts = {0: 0, 1: 0}


def look(data, what, must_fail=False):
    with tempfile.NamedTemporaryFile(suffix=".gguf") as t:
        t.write(data)
        t.flush()
        try:
            r = subprocess.run([inspect, t.name, "--json"], capture_output=True, timeout=60)
        except subprocess.TimeoutExpired:
            problems.append(what + ": hangs")
            return
    stderr = r.stderr.decode(errors="replace")
    counts[r.returncode] = counts.get(r.returncode, 0) + 1
    if r.returncode not in (0, 1) or "Sanitizer" in stderr or "runtime error" in stderr:
        problems.append("%s: exit %d: %s" % (what, r.returncode, stderr[-300:]))
    elif r.returncode == 1 and not re.match(r"gguf-inspect: [A-Z][A-Za-z]+: ", stderr):
        problems.append("%s: not a typed error: %s" % (what, stderr[:200]))
    elif must_fail and r.returncode == 0:
        problems.append(what + ": accepted")


rng = random.Random(20261123)
header = whole.index(b"token_embd.weight") + 4096            # metadata and the first tensor infos
# The data is only lengths to the inspector: its tail need not be written each time except for whole files.
for cut in sorted({*range(0, 64), *(rng.randrange(64, header) for _ in range(60)), len(whole) - 1, len(whole) // 2}):
    look(whole[:cut], "cut at %d" % cut, must_fail=True)

values = [0, 1, 0x7F, 0xFF, 2**31, 2**32 - 1, 2**63, 2**64 - 1]
for at in [4, 8, 16]:                                        # version, number of tensors, number of keys
    for v in values:
        size, code = (4, "<I") if at == 4 else (8, "<Q")
        if v < 2 ** (8 * size) and v != struct.unpack(code, whole[at:at + size])[0]:
            look(whole[:at] + struct.pack(code, v) + whole[at + size:], "%d at byte %d" % (v, at), must_fail=at != 8 or v > 1)
for _ in range(120):                                         # any 1, 4 or 8 bytes of the header
    at = rng.randrange(0, header)
    size = rng.choice([1, 4, 8])
    new = rng.choice([b"\0", b"\xff", b"\x80", b"\x7f"]) * size
    look(whole[:at] + new + whole[at + size:], "%d x %s at byte %d" % (size, new[:1].hex(), at))

print("%d files: %d read, %d refused" % (sum(counts.values()), counts[0], counts[1]))
if problems or counts[1] < 50:
    sys.exit("\n".join(problems) or "hardly anything was refused")
