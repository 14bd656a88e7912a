# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of llm's commands share."""
import subprocess
import sys


def runner(tool, *command):
    """run(*args) of the tool's command; the exit code has to be `code`."""

    def run(*args, code=0, stdin=None):
        r = subprocess.run([tool, *command, *args], capture_output=True, timeout=600, input=stdin)
        assert r.returncode == code, (command + args, r.returncode, r.stderr)
        return r

    return run


def ok(condition, what):
    if not condition:
        sys.exit("failed: " + what)


def read(path):
    with open(path, "rb") as f:
        return f.read()
