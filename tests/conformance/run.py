#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the shared reference checks (check.py) for one line of sets.txt.

usage: run.py BIN SHARED SET FOLDER ONLY [--model FILE] [--every-target] [--every-split] [--best-split] [--below NMSE]

ONLY           patterns, separated by commas; each has to match something
--every-target once per kernel target of this machine, as `llm targets` lists them
--every-split  as --every-target, and for each batch of 1, 7 and all tokens with 1 and 2 threads
--best-split   as --every-target, and on the best target for those splits too
--below NMSE   every reported error has to be smaller than this, however lenient the check's own bar is
"""
import argparse
import itertools
import os
import re
import subprocess
import sys


def targets(bin_dir):
    out = subprocess.run([os.path.join(bin_dir, "llm"), "targets"], capture_output=True, text=True, check=True, timeout=60)
    names = out.stdout.split()
    if not names:
        sys.exit("llm targets lists nothing")
    return names


def runs(o):
    """The extra options of each run."""
    if not (o.every_target or o.every_split or o.best_split):
        return [[]]
    splits = list(itertools.product(([], ["--batch", "1"], ["--batch", "7"]), (["--threads", "1"], ["--threads", "2"])))
    splits = [b + t for b, t in splits]
    names = targets(o.bin)  # best first
    split = names if o.every_split else names[:1] if o.best_split else []
    return [["--target", t] + s for t in names for s in (splits if t in split else [[]])]


def errors(text):
    return [float(x) for x in re.findall(r"nmse ([0-9.e+-]+|inf|nan)\b", text)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bin", "shared", "set", "folder", "only"):
        p.add_argument(name)
    p.add_argument("--model")
    p.add_argument("--every-target", action="store_true")
    p.add_argument("--every-split", action="store_true")
    p.add_argument("--best-split", action="store_true")
    p.add_argument("--below", type=float)
    o = p.parse_args()

    check = [sys.executable, os.path.join(o.shared, "conformance", "check.py"), o.set, os.path.join(o.shared, o.folder),
             "--bin", o.bin, "--verbose"]
    if o.model:
        check += ["--model", os.path.join(o.shared, o.model)]
    failed = 0
    for extra, only in itertools.product(runs(o), o.only.split(",")):
        r = subprocess.run(check + extra + ["--only", only], capture_output=True, text=True)
        worst = max(errors(r.stdout), default=0.0)
        ok = r.returncode == 0 and (o.below is None or worst < o.below)
        failed += not ok
        print("%s %s %s%s" % ("ok  " if ok else "FAIL", only, " ".join(extra), "" if ok else ", worst nmse %.2e" % worst))
        if not ok:
            print(r.stdout + r.stderr)
    sys.exit(failed > 0)


main()
