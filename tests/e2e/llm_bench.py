#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""llm-bench measures the bundled model and a synthetic one, in each output format. `llm_bench.py BIN`"""
import csv
import io
import itertools
import json
import os
import subprocess
import sys

tool = os.path.join(sys.argv[1], "llm-bench")
tiny = ["-m", "synth:tiny:Q4_0"]


# Most of the time of a run goes into the memory of the probe; one run has all of it.
def start(*args, probe=("--probe-size", "16")):
    return subprocess.run([tool, *args, *probe], capture_output=True, timeout=300)


def run(*args, code=0, **options):
    r = start(*args, **options)
    assert r.returncode == code, (args, r.returncode, r.stderr)
    return r.stdout.decode()


def measure(*args, **options):
    return json.loads(run(*args, "-o", "json", **options))


def tests_of(document):
    return [t for result in document["results"] for t in result["tests"]]


def close(a, b, tolerance=1e-6):
    return abs(a - b) <= tolerance * max(abs(a), abs(b))


def check_test(test, kinds, repetitions):
    """What has to hold of one test's JSON whatever was measured."""
    assert len(test["samples_tokens_per_second"]) == repetitions
    assert len(test["samples_read_bandwidth_bytes_per_second"]) == repetitions + 1
    assert len(test["samples_share_of_read_bandwidth"]) == repetitions
    assert test["bytes_per_token"] > 0 and test["operations_per_token"] > 0
    for name in ("tokens_per_second", "bytes_per_second", "operations_per_second", "read_bandwidth_bytes_per_second"):
        s = test[name]
        assert 0 < s["min"] <= s["median"] <= s["max"] and s["stddev"] >= 0, (name, s)
    assert set(test["peaks"]) == set(kinds)
    for peak in test["peaks"].values():
        probes, shares = peak["samples_operations_per_second"], peak["samples_share"]
        assert len(probes) == repetitions + 1 and min(probes) > 1e6, probes
        for i, rate in enumerate(test["samples_tokens_per_second"]):
            expected = rate * test["operations_per_token"] / ((probes[i] + probes[i + 1]) / 2)
            assert close(shares[i], expected), (shares[i], expected)
    latency = test["latency_seconds"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"] == max(latency["samples"])
    assert latency["of"] == ("token" if test["kind"] == "decode" else "first token")
    per_pass = test["n_tokens"] if test["kind"] == "decode" else 1
    assert len(latency["samples"]) >= repetitions * per_pass and len(latency["samples"]) % per_pass == 0


# The bundled model, in each format.
small = ["-p", "16", "-n", "4", "-r", "2"]
document = measure(*small, probe=())
kinds = [kind["name"] for kind in document["machine"]["probe"]["peaks"]]
assert kinds[0] == "fma" and len(set(kinds)) == len(kinds), kinds
assert [t["test"] for t in tests_of(document)] == ["pp16", "tg4"]
for test in tests_of(document):
    check_test(test, kinds, 2)
assert "|" in run(*small)
rows = list(csv.DictReader(io.StringIO(run(*small, "-o", "csv"))))
assert [row["test"] for row in rows] == ["pp16", "tg4"] and None not in rows[0], rows
assert float(rows[1]["latency_seconds_p50"]) <= float(rows[1]["latency_seconds_max"])
assert len(rows[0]["fma_operations_per_second_samples"].split()) == 3

# A smaller cache is said and counted: a half, and 34 bytes for 32 values.
per_position = {}
for kind in ("f32", "f16", "bf16", "q8_0"):
    result = measure(*small, "--cache-type", kind)["results"][0]
    assert result["cache_type"] == kind, result
    per_position[kind] = result["cache_bytes_per_position"]
assert per_position["f16"] == per_position["bf16"] == per_position["f32"] // 2, per_position
assert per_position["q8_0"] == per_position["f32"] // 128 * 34, per_position
rows = list(csv.DictReader(io.StringIO(run(*small, "-o", "csv", "--cache-type", "bf16"))))
assert rows[0]["cache_type"] == "bf16", rows

# Lists and ranges, and every combination of them is a test.
found = [t["test"] for t in tests_of(measure(*tiny, "-p", "1-3,8-20*1.5", "-p", "0,30-50+20", "-n", "2", "-r", "1"))]
assert found == [f"pp{n}" for n in (1, 2, 3, 8, 12, 18, 30, 50)] + ["tg2"], found
document = measure(*tiny, "-p", "8", "-n", "2", "-d", "0-10+5", "-b", "4,8", "-t", "1-2", "-r", "1")
found = [(t["threads"], t["batch"], t["depth"], t["test"].split()[0]) for t in tests_of(document)]
assert found == list(itertools.product((1, 2), (4, 8), (0, 5, 10), ("pp8", "tg2"))), found
assert tests_of(document)[-1]["test"] == "tg2 @ d10"
for test in tests_of(document):
    check_test(test, kinds, 1)
# Weights are read once per batch: 8 tokens in batches of 4 read nearly twice what they read in one of 8.
by_batch = {t["batch"]: t["bytes_per_token"] for t in tests_of(document) if t["test"] == "pp8"}
assert 1.5 * by_batch[8] < by_batch[4] < 2 * by_batch[8], by_batch

# The table has a column for what differs, and latencies when asked.
table = run(*tiny, "-p", "4,8", "-n", "0", "-t", "1,2", "-r", "1").splitlines()
assert table[0].startswith("| threads | test") and "p99" not in table[0], table[0]
assert len({len(line) for line in table[:6]}) == 1 and [line[0] for line in table[:6]] == ["|"] * 6, table[:6]
table = run(*tiny, "-p", "4", "-n", "4", "-r", "1", "--latency")
assert "| ms p50 |" in table and "(TTFT)" in table and "threads |" not in table.splitlines()[0]

# A profile accounts for the whole time, in its own words.
for option, n_rows in (("--profile", 8), ("--profile=layers", 13)):
    for test in tests_of(measure(*tiny, "-p", "64", "-n", "8", "-r", "3", option)):
        check_test(test, kinds, 3)
        profile = test["profile"]
        rows = profile["rows"]
        assert len(rows) == n_rows, [row["phase"] for row in rows]
        assert close(sum(row["seconds"] for row in rows), profile["seconds"])
        assert close(sum(row["share_of_time"] for row in rows), 1)
        assert rows[-1]["phase"] == "outside of steps" and rows[-1]["seconds"] > -1e-9
        assert all(row["calls"] > 0 and row["seconds"] > 0 and row["kernel"] for row in rows[:-1])
        assert close(sum(row["bytes"] for row in rows), profile["n_tokens"] * test["bytes_per_token"])
        matrices = [row["operations"] for row in rows if "attention" not in row["phase"]]
        assert close(sum(matrices), profile["n_tokens"] * test["operations_per_token"])
test = tests_of(measure(*tiny, "-p", "4", "-n", "0", "-r", "1", "--profile"))[0]
phases = [row["phase"] for row in test["profile"]["rows"]]
assert phases[:3] == ["embedding", "norm+qkv+rope", "attention"] and phases[-2] == "norm+head", phases
assert "| blk.1 attention" in run(*tiny, "-p", "0", "-n", "4", "-r", "1", "--profile=layers")
rows = list(csv.DictReader(io.StringIO(run(*tiny, "-p", "4", "-n", "2", "-d", "0,5", "-r", "1", "--profile", "-o", "csv"))))
assert [row["test"] for row in rows[::8]] == ["pp4", "tg2", "pp4 @ d5", "tg2 @ d5"] and len(rows) == 32, rows
assert [row["phase"] for row in rows[:8]] == phases and rows[1]["kernel"] and None not in rows[0], rows
assert abs(sum(float(row["share_of_time"]) for row in rows[:8]) - 1) < 0.01, rows
assert "profile" not in tests_of(measure(*tiny, "-p", "4", "-n", "0", "-r", "1"))[0]

# The help names every format that synth: takes.
text = run("--help")
unknown = start("-m", "synth:tiny:Q9").stderr.decode()
known = unknown.split("(expected ")[1].split(", got")[0].split(", ")
assert len(known) > 30 and all(name.strip() in text.split() for name in known), (known, unknown)
for word in ("--profile", "--latency", "--strict", "FIRST-LAST*FACTOR", "Exit codes", "Examples"):
    assert word in text, word

# Synthetic models of published shapes are listed, can be cut, and say how they differ; decode reads the chosen experts.
listed = run("--list-synth")
for name in ("llama-8b", "gpt-oss-20b", "olmoe-1b-7b", "Q4_K_M", "MXFP4"):
    assert name in listed, listed
(result,) = measure("-m", "synth:olmoe-1b-7b/1:Q4_0", "-p", "0", "-n", "2", "-r", "1")["results"]
assert result["note"] == "1 of its 16 layers" and result["architecture"] == "olmoe", result["note"]
by_phase = {step["phase"]: step["weight_bytes"] for step in result["plan"]}
assert by_phase["blk.0 experts' down+residual"] == 8 * 1024 * 2048 * 18 // 32, by_phase  # 8 of 64 experts
assert "1 of its 16 layers" in run("-m", "synth:olmoe-1b-7b/1:Q4_0", "-p", "0", "-n", "2", "-r", "1")
assert measure(*tiny, "-p", "0", "-n", "2", "-r", "1")["results"][0]["note"] == ""
for wrong in ("synth:olmoe-1b-7b/17:Q4_0", "synth:olmoe-1b-7b/0:Q4_0"):
    assert "1 to 16 layers" in start("-m", wrong).stderr.decode(), wrong

# What makes no sense.
run("--cache-type", "q3", code=2)
run("-m", "no-such-file.gguf", code=1)
run("--nonsense", code=2)
for option, value, says in (("-p", "5-1", "from the smaller to the larger"), ("-n", "1-9*1", "larger than 1"),
                            ("-d", "1-9+0", "at least 1"), ("-b", "0", "1 to 65536"), ("-t", "2000", "0 to 1024"),
                            ("-p", "1-5000", "more than 1000"), ("-p", "8x", "FIRST-LAST*FACTOR"), ("-n", "", "")):
    r = start(option, value)
    assert r.returncode == 2 and says in r.stderr.decode() and option in r.stderr.decode(), (option, value, r)
run(*tiny, "-p", "0", "-n", "0,0", code=2)
run(*tiny, "--profile=tensors", code=2)
print("ok")
