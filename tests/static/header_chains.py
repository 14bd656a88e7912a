#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""Writes sources that show that each header compiles by itself, without one source for each.

usage: header_chains.py INCLUDE FOLDER HEADER...

A source includes a chain of headers, each of which includes, directly or not, all that come before it: so nothing comes
before a header that it would not have brought itself. Prints the sources, separated by semicolons. They are right for
the includes that the headers had when this ran (CMake's configuring): later ones can hide a missing include, not
report one that is there.
"""
import os
import re
import sys

include, folder, headers = sys.argv[1], sys.argv[2], sys.argv[3:]
closures = {}


def closure(header):
    """All that the header includes of Lamina's."""
    if header not in closures:
        closures[header] = set()  # an include of itself, by a circle, adds nothing
        with open(os.path.join(include, header)) as f:
            for name in re.findall(r'^#include "(lamina/[^"]+)"', f.read(), re.M):
                closures[header] |= {name} | closure(name)
    return closures[header]


def largest(names):
    return max(names, key=lambda h: (len(closure(h)), h), default=None)


os.makedirs(folder, exist_ok=True)
left, sources = set(headers), []
while left:
    chain, header = [], largest(left)
    last = header
    while header:
        chain.insert(0, header)
        left.remove(header)
        header = largest(closure(header) & left)
    path = os.path.join(folder, re.sub(r"\W", "_", last) + ".cpp")
    text = "".join('#include "%s"  // IWYU pragma: keep\n' % h for h in chain)
    if not os.path.exists(path) or open(path).read() != text:  # what has not changed need not be compiled again
        with open(path, "w") as f:
            f.write(text)
    sources.append(path)
print(";".join(sources), end="")
