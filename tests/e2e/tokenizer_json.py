#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
"""Random tokenizer.json files and random texts: `llm tokens --tokenizer` against the library `tokenizers`.

usage: tokenizer_json.py BIN [--rounds N] [--seed N] [--keep FOLDER] [--verbose]

Without the library (pip install tokenizers) there is nothing to compare with: the test says so and passes.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata

os.environ["RUST_BACKTRACE"] = "0"
try:
    from tokenizers import Tokenizer
except ImportError:
    print("skipped: the library `tokenizers` is not installed")
    sys.exit(0)

WORDS = ("the quick brown fox jumps over lazy dog Hello World don't we've I'LL it's 'S naïve café Ünïcödé STRASSE straße "
         "Ελληνικά Σίσυφος русский Язык ИЙ й İstanbul DŽ ǅ ﬁne ﬂow Ａｂｃ ① ½ ² x² ３４ 12345 3.14 1,000 0x1F e\u0301 "
         "a\u0300\u0316\u0327 \u0301 한국어 \u1112\u1161\u11ab 日本語 カタカナ ひらがな ー 漢字かな交じり 你好，世界。 عربى "
         "עִבְרִית हिन्दी ไทย 👍🏽 👩‍👩‍👧 🇩🇪🇫🇷 🥰 ✨ \u200b \ufeff \u00ad \u2581 ▁▁x a▁b … — “quotes” «x» !? ... ## #tag @user $5 "
         "C++ a_b __init__ {x:[1]} <s> </s> [MASK] <0x41> \x01 \x7f \u0085 \xa0 \u3000 \u2028 ﷺ ㎏ ℃ Å ﬀ ²³¹ ٣٤ ৪ Ⅷ").split(" ")
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n ", "\u3000", "\xa0", "", "", ""]
REGEXES = [
    r"\s+", r"\w+|[^\w\s]+", r"[^\s]+", r"\p{L}+|\p{N}+", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| "
    r"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", r" ?[^(\s|[.,!?…。，、।۔،])]+", r"[一-龥぀-ゟ゠-ヿ]+", r"x*", r"\d{2,3}?",
    r"[a-z&&[^aeiou]]+", r"(?<=[a-z])(?=[A-Z])", r"[[:punct:]]", r"[[:alpha:]]+", r"\p{Han}", r"\p{^L}", r"[^\W\d_]+", r"\b",
    r"^\s*|\s*$", r"(?m)a.b", r"\h+", r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", r"\p{P}", r"[\p{S}\p{Z}]", r"\p{Lu}\p{Ll}*", r"(.)\1",
    r"[^[:space:]]{1,4}", r"(?:a|e|i){,2}", r"\S++", r"\R", r"[\]\-a]", r"[^\x00-\x7F]+", r"\u0041|\x{42}", r"a|",
    r"(?<n>o)\k<n>", r"\W", r"(?x) [a-c] + # letters", r".", r"\p{Greek}+|\p{Cyrillic}+", r"[[:upper:]][[:lower:]]", r"\A.|.\z"]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]


def pattern(r):
    return {"Regex": r.choice(REGEXES)} if r.random() < 0.6 else {"String": r.choice([" ", "a", "the", ".", "▁", "", "  ", "é", "ab"])}


def normalizer(r, charsmaps, deep=0):
    k = r.choice(["BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip", "Prepend", "Replace", "Nmt",
                  "ByteLevel", "Precompiled", "Sequence"])
    if k == "BertNormalizer":
        return {"type": k, "clean_text": r.random() < .5, "handle_chinese_chars": r.random() < .5,
                "strip_accents": r.choice([None, True, False]), "lowercase": r.random() < .5}
    if k == "Strip":
        return {"type": k, "strip_left": r.random() < .5, "strip_right": r.random() < .5}
    if k == "Prepend":
        return {"type": k, "prepend": r.choice(["▁", "x", "ab"])}
    if k == "Replace":
        return {"type": k, "pattern": pattern(r), "content": r.choice(["", " ", "▁", "xy", "é"])}
    if k == "Precompiled":
        return {"type": k, "precompiled_charsmap": r.choice(charsmaps)} if charsmaps else {"type": "NFKC"}
    if k == "Sequence":
        return {"type": k, "normalizers": [normalizer(r, charsmaps, deep + 1) for _ in range(r.randint(0, 3 if deep < 2 else 0))]}
    return {"type": k}


def metaspace(r):
    m = {"type": "Metaspace", "replacement": r.choice(["▁", "▁", "_", "é"])}
    if r.random() < .3:
        m.update(add_prefix_space=True, str_rep=m["replacement"])
    else:
        m["prepend_scheme"] = r.choice(["first", "never", "always"])
        if r.random() < .7:
            m["split"] = r.random() < .5
    return m


def pre_tokenizer(r, deep=0):
    k = r.choice(["ByteLevel", "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Metaspace", "Metaspace", "Split", "Split",
                  "Punctuation", "Digits", "CharDelimiterSplit", "UnicodeScripts", "FixedLength", "Sequence", "Sequence"])
    if k == "ByteLevel":
        p = {"type": k, "add_prefix_space": r.random() < .5, "trim_offsets": r.random() < .5}
        if r.random() < .7:
            p["use_regex"] = r.random() < .5
        return p
    if k == "Metaspace":
        return metaspace(r)
    if k == "Split":
        return {"type": k, "pattern": pattern(r), "behavior": r.choice(BEHAVIORS), "invert": r.random() < .3}
    if k == "Punctuation":
        return {"type": k, "behavior": r.choice(BEHAVIORS)} if r.random() < .8 else {"type": k}
    if k == "Digits":
        return {"type": k, "individual_digits": r.random() < .5}
    if k == "CharDelimiterSplit":
        return {"type": k, "delimiter": r.choice(" a-▁")}
    if k == "FixedLength":
        return {"type": k, "length": r.randint(1, 7)}
    if k == "Sequence":
        return {"type": k, "pretokenizers": [pre_tokenizer(r, deep + 1) for _ in range(r.randint(0, 3 if deep < 2 else 0))]}
    return {"type": k}


def decoder(r, deep=0):
    k = r.choice(["ByteLevel", "Metaspace", "WordPiece", "BPEDecoder", "CTC", "Replace", "ByteFallback", "Fuse", "Strip", "Sequence",
                  "Sequence"])
    if k == "ByteLevel":
        return {"type": k, "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    if k == "Metaspace":
        return metaspace(r)
    if k == "WordPiece":
        return {"type": k, "prefix": r.choice(["##", "▁"]), "cleanup": r.random() < .5}
    if k == "BPEDecoder":
        return {"type": k, "suffix": r.choice(["</w>", "a"])}
    if k == "CTC":
        return {"type": k, "pad_token": r.choice(["<pad>", "a"]), "word_delimiter_token": "|", "cleanup": r.random() < .5}
    if k == "Replace":
        return {"type": k, "pattern": pattern(r), "content": r.choice(["", " ", "x"])}
    if k == "Strip":
        return {"type": k, "content": r.choice(" a▁"), "start": r.randint(0, 2), "stop": 0}
    if k == "Sequence":
        return {"type": k, "decoders": [decoder(r, deep + 1) for _ in range(r.randint(0, 4 if deep < 2 else 0))]}
    return {"type": k}


def added_tokens(r):
    out = []
    for content in r.sample(["<s>", "</s>", "[MASK]", "the", "quick", " ", "  ", "é", "E\u0301", "<|im_end|>", "▁", "日本", "x", "fo", "fox",
                             "Hello World", "ÜN", "!!", "\n", "don't", "Ａｂｃ", "<s", "12"], r.randint(0, 8)):
        out.append({"id": 0, "content": content, "single_word": r.random() < .2, "lstrip": r.random() < .2, "rstrip": r.random() < .2,
                    "normalized": r.random() < .4, "special": r.random() < .5})
    return out


def piece(r, words):
    w = r.choice(words)
    i = r.randrange(len(w))
    return w[i:i + r.randint(1, 5)]


def model(r, words):
    """A vocabulary out of what the pipeline makes of texts."""
    chars = sorted({c for w in words for c in w})
    chars = [c for c in chars if r.random() < r.choice([1, .9, .6])] or ["a"]
    byte_tokens = ["<0x%02X>" % b for b in range(256)]
    kind = r.choice(["BPE", "BPE", "BPE", "WordPiece", "WordLevel", "Unigram", "Unigram"])
    pieces = [piece(r, words) for _ in range(300)]
    if kind == "BPE":
        prefix = r.choice(["", "", "", "##"])
        suffix = r.choice(["", "", "", "</w>"])
        vocab = ["<unk>"] + (byte_tokens if r.random() < .5 else []) + chars
        if prefix:
            vocab += [prefix + c for c in chars]
        if suffix:
            vocab += [c + suffix for c in chars] + ([prefix + c + suffix for c in chars] if prefix else [])
        vocab = list(dict.fromkeys(vocab))
        known, merges = set(vocab), []
        for _ in range(400):
            w = r.choice(words)
            parts = [(prefix if i else "") + c for i, c in enumerate(w)]
            if suffix:
                parts[-1] += suffix
            for _ in range(8):  # some merges on the way
                joins = [i for i in range(len(parts) - 1) if parts[i] in known and parts[i + 1] in known]
                if not joins:
                    break
                i = r.choice(joins)
                a, b = parts[i], parts[i + 1]
                new = a + b[len(prefix):]
                if (a, b) not in merges and r.random() < .7:
                    merges.append((a, b))
                    if new not in known:
                        known.add(new)
                        vocab.append(new)
                parts[i:i + 2] = [new]
        r.shuffle(merges)
        merges = [m for m in merges if all(x in known for x in (*m, m[0] + m[1][len(prefix):]))]
        text = all(" " not in x for m in merges for x in m) and r.random() < .5
        m = {"type": "BPE", "vocab": {t: i for i, t in enumerate(vocab)},
             "merges": [" ".join(x) for x in merges if not x[0].startswith("#version")] if text else [list(x) for x in merges],
             "unk_token": r.choice([None, "<unk>", "<unk>"]), "continuing_subword_prefix": prefix or r.choice([None, ""]),
             "end_of_word_suffix": suffix or None, "fuse_unk": r.random() < .5, "byte_fallback": r.random() < .5,
             "ignore_merges": r.random() < .3}
        for optional in ("type", "fuse_unk", "byte_fallback", "ignore_merges"):
            if r.random() < .2:
                del m[optional]
        return m
    if kind == "Unigram":
        vocab = list(dict.fromkeys(["<unk>"] + (byte_tokens if r.random() < .5 else []) + chars + pieces))
        m = {"type": "Unigram", "unk_id": 0, "vocab": [[t, 0.0 if t == "<unk>" else r.choice([-1.0, -2.5, -r.random() * 12])] for t in vocab]}
        if r.random() < .6:
            m["byte_fallback"] = r.random() < .5
        return m
    if kind == "WordLevel":
        vocab = list(dict.fromkeys(["<unk>"] + words[::2] + pieces))
        return {"type": "WordLevel", "unk_token": "<unk>", "vocab": {t: i for i, t in enumerate(vocab)}}
    prefix = r.choice(["##", "##", ""])
    vocab = list(dict.fromkeys(["<unk>"] + chars + [prefix + c for c in chars] + pieces + [prefix + p for p in pieces]))
    return {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": prefix,
            "max_input_chars_per_word": r.choice([100, 100, 5]), "vocab": {t: i for i, t in enumerate(vocab)}}


def post_processor(r, ids):
    token = lambda: r.choice(ids)
    k = r.choice([None, "BertProcessing", "RobertaProcessing", "TemplateProcessing", "ByteLevel", "Sequence"])
    if k == "BertProcessing":
        return {"type": k, "sep": ["s", token()], "cls": ["c", token()]}
    if k == "RobertaProcessing":
        return {"type": k, "sep": ["s", token()], "cls": ["c", token()], "trim_offsets": True, "add_prefix_space": False}
    if k == "ByteLevel":
        return {"type": k, "add_prefix_space": True, "trim_offsets": r.random() < .5, "use_regex": True}
    if k == "TemplateProcessing":
        text, special = {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "X", "type_id": 0}}
        other = {"SpecialToken": {"id": "Y", "type_id": 0}}
        return {"type": k, "single": r.choice([[special, text], [text, special], [special, other, text, other], [text], [special, text, text]]),
                "pair": [text, special, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"X": {"id": "X", "ids": [token(), token()], "tokens": ["X", "X"]},
                                   "Y": {"id": "Y", "ids": [token()], "tokens": ["Y"]}}}
    if k == "Sequence":
        return {"type": k, "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
                                          {"type": "BertProcessing", "sep": ["s", token()], "cls": ["c", token()]}]}
    return None


def code_point(r):
    """Of Unicode 14 at most, for all that are asked to know it."""
    while True:
        c = r.choice([r.randrange(0x20, 0x250), r.randrange(0x250, 0x3100), r.randrange(0x3100, 0x11000), r.randrange(0x1f000, 0x1fb00)])
        if unicodedata.category(chr(c)) not in ("Cs", "Cn"):
            return chr(c)


def text(r):
    out = []
    for _ in range(r.choice([0, 1, 2, 5, 12])):
        out.append(r.choice(SPACES))
        w = r.choice(WORDS) if r.random() < .8 else "".join(code_point(r) for _ in range(r.randint(1, 4)))
        out.append(w.upper() if r.random() < .1 else w * r.choice([1, 1, 1, 3]))
    out.append(r.choice(SPACES))
    return "".join(out)


def build(r, charsmaps, texts):
    parts = {"version": "1.0", "truncation": None, "padding": None,
             "normalizer": normalizer(r, charsmaps) if r.random() < .8 else None,
             "pre_tokenizer": pre_tokenizer(r) if r.random() < .85 else None,
             "decoder": decoder(r) if r.random() < .85 else None, "post_processor": None, "added_tokens": []}
    probe = Tokenizer.from_str(json.dumps({**parts, "decoder": None, "model": {"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0}}}))
    words = []
    for t in texts:
        n = probe.normalizer.normalize_str(t) if probe.normalizer else t
        words += [w for w, _ in probe.pre_tokenizer.pre_tokenize_str(n)] if probe.pre_tokenizer else [n]
    words = [w for w in words if w] or ["a"]
    parts["model"] = model(r, words)
    parts["added_tokens"] = added_tokens(r)
    # Which of two that are normalized to the same the library finds is chance; with an empty one it cuts everywhere.
    shown = set()
    for token in parts["added_tokens"][:]:
        form = probe.normalizer.normalize_str(token["content"]) if token["normalized"] and probe.normalizer else token["content"]
        if not form or (form in shown and token["normalized"]):
            parts["added_tokens"].remove(token)
        elif token["normalized"]:
            shown.add(form)
    known = Tokenizer.from_str(json.dumps(parts))
    for token in parts["added_tokens"]:  # the ids that the library gives
        token["id"] = known.token_to_id(token["content"])
    parts["post_processor"] = post_processor(r, sorted(known.get_vocab().values()))
    return json.dumps(parts, ensure_ascii=r.random() < .5)


def expected(lib, texts, special):
    """Per text its ids and the bytes that they decode to, or None where the library fails."""
    lib.encode_special_tokens = not special
    out = []
    for t in texts:
        try:
            ids = lib.encode(t, add_special_tokens=special).ids
        except BaseException:  # a panic of the library is no Exception
            out.append(None)
            continue
        try:
            out.append((ids, lib.decode(ids, skip_special_tokens=False).encode()))
        except BaseException:
            out.append((ids, None))
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("bin")
    p.add_argument("--rounds", type=int, default=60)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep")
    p.add_argument("--verbose", action="store_true")
    o = p.parse_args()
    if not o.verbose:  # the library's panics
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    charsmaps = []
    shared = os.path.join(os.environ.get("LAMINA_SHARED", ""), "conformance", "tokjson", "t5.json")
    if os.path.isfile(shared):
        with open(shared, encoding="utf-8") as f:
            charsmaps.append(json.load(f)["normalizer"]["precompiled_charsmap"])
    failed = compared = unusable = 0
    with tempfile.TemporaryDirectory() as folder:
        path, texts_path = os.path.join(folder, "tokenizer.json"), os.path.join(folder, "texts")
        for seed in range(o.seed, o.seed + o.rounds):
            r = random.Random(seed)
            texts = [text(r) for _ in range(25)]
            try:
                file = build(r, charsmaps, texts)
                lib = Tokenizer.from_str(file)
            except BaseException as e:
                unusable += 1
                if o.verbose:
                    print(seed, "no such tokenizer:", str(e)[:150])
                continue
            with open(path, "w", encoding="utf-8") as f:
                f.write(file)
            wrong = []
            for special in (False, True):
                want = expected(lib, texts, special)
                usable = [i for i in range(len(texts)) if want[i]]
                with open(texts_path, "wb") as f:
                    f.write(b"\0".join(texts[i].encode() for i in usable))
                if not usable:
                    continue
                run = subprocess.run([os.path.join(o.bin, "llm"), "tokens", "--tokenizer", path, "--null", "-f", texts_path]
                                     + (["--special"] if special else []), capture_output=True, timeout=300)
                lines = [json.loads(l) for l in run.stdout.splitlines()]
                if run.returncode or len(lines) != len(usable):
                    wrong.append("exit %d: %s" % (run.returncode, run.stderr.decode(errors="replace")[-300:]))
                    continue
                for i, line in zip(usable, lines):
                    compared += 1
                    ids, decoded = want[i]
                    if line["ids"] != ids:
                        wrong.append("%sids of %r: %s for %s" % ("special " if special else "", texts[i], line["ids"], ids))
                    elif decoded is not None and bytes.fromhex(line["detok_hex"]) != decoded:
                        wrong.append("decoded %r: %r for %r" % (texts[i], bytes.fromhex(line["detok_hex"]), decoded))
            if wrong:
                failed += 1
                if o.keep:
                    os.makedirs(o.keep, exist_ok=True)
                    with open(os.path.join(o.keep, "%d.json" % seed), "w", encoding="utf-8") as f:
                        f.write(file)
                short = {k: v for k, v in json.loads(file).items() if k not in ("model", "version", "truncation", "padding")}
                m = json.loads(file)["model"]
                short["model"] = {k: v for k, v in m.items() if k not in ("vocab", "merges")}
                for n in json.dumps(short), *wrong[:3]:
                    print("seed %d: %s" % (seed, n[:1500]))
    print("%d texts compared, %d of %d tokenizers differ, %d that the library cannot use" % (compared, failed, o.rounds, unusable))
    sys.exit(failed > 0 or compared == 0)


main()
