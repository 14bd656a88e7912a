# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""Small GGUF files made independently of Lamina's own writer (layout: ggml's docs/gguf.md)."""
import struct


def gguf(tensors, order="<", version=3, keys=()):
    """tensors: (name, dims, type id, bytes in the file's order, or their number: as many zeros); keys: (name, text or
    number)."""
    text = lambda s: struct.pack(order + "Q", len(s)) + s
    size = lambda data: data if isinstance(data, int) else len(data)
    out = b"GGUF" + struct.pack(order + "IQQ", version, len(tensors), len(keys))
    for key, value in keys:
        out += text(key)
        if isinstance(value, float):
            out += struct.pack(order + "If", 6, value)
        elif isinstance(value, int):
            out += struct.pack(order + "II", 4, value)
        else:
            out += struct.pack(order + "I", 8) + text(value)
    offset = 0
    for name, dims, type_id, data in tensors:
        out += text(name) + struct.pack(order + "I%dQIQ" % len(dims), len(dims), *dims, type_id, offset)
        offset += -(-size(data) // 32) * 32
    parts = [out + b"\0" * (-len(out) % 32)]
    for _, _, _, data in tensors:
        parts.append(bytes(data) + b"\0" * (-size(data) % 32))
    return b"".join(parts)
