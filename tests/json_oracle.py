#!/usr/bin/env python3
"""json_oracle.py CSVCUT [SEED [OBJECTS]]: csvcut --from=jsonl against Python.

Random objects, written with all the freedom that JSON leaves (blanks, escapes,
surrogates, keys with dots, numbers of 30 digits, 200 arrays inside each
other): what stands at each path, and for each object whose keys are none of
the first's, must be what Python's json finds.  Then what is no JSON, of every
kind: each line is a bad record.  Prints "N passed, N failed".
"""

import csv
import io
import json
import random
import subprocess
import sys

KEYS = ["id", "a", "a.b", "x y", "ключ", "", "\U0001F600", 'q"t', "back\\s",
        "tab\t", "nul\0", "b"]
PATHS = [".id", ".a", ".a.b", '."a.b"', ".a[0]", ".a[1].b", '."x y".a',
         '."\\u043a\\u043b\\u044e\\u0447"[2]', '.""', '.["\\ud83d\\ude00"]',
         ".a.a.a", ".b[0][0]", ".none", '."back\\\\s"', '."tab\\t"',
         '."nul\\u0000".id']
STEPS = [["id"], ["a"], ["a", "b"], ["a.b"], ["a", 0], ["a", 1, "b"],
         ["x y", "a"], ["ключ", 2], [""], ["\U0001F600"], ["a", "a", "a"],
         ["b", 0, 0], ["none"], ["back\\s"], ["tab\t"], ["nul\0", "id"]]
BAD = r"""
{"a":1 "b":2}|{"a" 1}|{"a"::1}|{"a":1,,"b":2}|{"a":1,}|{,"a":1}|{"a"}|{"a":}
{:1}|{1:1}|{a:1}|{'a':1}|{"a":'b'}|{"a":1|{"a":1]|{"a":[1}|{"a":[1,]}|{"a":[,1]}
{"a":[1 2]}|{"a":[}|{"a":{}|{"a":1}}|{"a":1}{"a":2}|{"a":1}x|{"a":1}#|x{"a":1}
{"a":01}|{"a":-01}|{"a":00}|{"a":1.}|{"a":.5}|{"a":-.5}|{"a":1.e3}|{"a":1e}
{"a":1e+}|{"a":1E-}|{"a":1.5e+x}|{"a":+1}|{"a":--1}|{"a":-}|{"a":1_0}|{"a":0x1F}
{"a":1.2.3}|{"a":1e1.5}|{"a":NaN}|{"a":nan}|{"a":Infinity}|{"a":-Infinity}
{"a":inf}|{"a":True}|{"a":FALSE}|{"a":nul}|{"a":nulll}|{"a":tru}|{"a":truth}
{"a":fals}|{"a":undefined}|{"a":"}|{"a":"x}|{"a":"x\"}|{"a":"\"}|{"a":"\x41"}
{"a":"\a"}|{"a":"\u"}|{"a":"\u12"}|{"a":"\u123g"}|{"a":"\U0041"}|{"a":"\'"}
{"a":"\0"}|{"a":"\ud800"}|{"a":"\udc00"}|{"a":"\ud800\u0041"}|{"a":"\ud800x"}
{"a":"\ud800\ud800"}|{"a":"\udc00\ud800"}|{"a":"\ud83d\n"}|{"\ud800":1}
{"a":1,"a":1}|{"a":1,"\u0061":2}|{"b":{"c":1,"c":2}}|{"b":[{"c":1,"c":1}]}
{"":1,"":2}|{"a":1/*x*/}|{"a":1}//x|/**/{"a":1}|{"a":(1)}|{"a":<1>}|{"a":`1`}
{"a":@}|{"a":$1}|{"a":1;}|{"a"=1}|{"a":1,"b"}|{"a":1,"b":}|{|}|[|]|"|"a|1|"a"
null|true|[]|[{"a":1}]|{}}|{]|{"a":{]}}|{"a":[}]}|,|:|-|{"a":"\uD83D\u00e9"}
"""


class Writer:
    """Random values, and how they are written."""

    def __init__(self, rng):
        self.rng = rng

    def blank(self):
        return self.rng.choice(["", "", "", "", " ", "\t", "  "])

    def string(self, text):
        out = '"'
        for c in text:
            kind = self.rng.random()
            if c in '"\\' or c < " " or kind < 0.05:
                named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t",
                         "\b": "\\b", "\f": "\\f", "\r": "\\r", "/": "\\/"}
                if c in named and kind > 0.02:
                    out += named[c]
                    continue
                digits = json.dumps(c) if ord(c) > 0x7e else \
                    '"\\u%04x"' % ord(c)
                digits = digits[1:-1]
                out += digits.upper().replace("\\U", "\\u") if kind < 0.025 \
                    else digits
            else:
                out += c
        return out + '"'

    def number(self):
        rng = self.rng
        text = rng.choice(["", "-"]) + rng.choice(
            ["0", str(rng.randint(1, 999)), str(rng.randint(1, 10 ** 30))])
        if rng.random() < 0.5:
            text += "." + "".join(rng.choice("0123456789")
                                  for _ in range(rng.randint(1, 20)))
        if rng.random() < 0.2:
            text += rng.choice(["e", "E"]) + rng.choice(["", "+", "-"]) + \
                str(rng.randint(0, 400))
        return text

    def text(self):
        pieces = ["", "a", "word", " ", ",", '"', "\\", "\n", "\t", "/", "é",
                  "\U0001F600", "\x7f", "\u2028", "\0", "12345678", "\r"]
        return "".join(self.rng.choice(pieces)
                       for _ in range(self.rng.randint(0, 6)))

    def value(self, depth):
        kind = self.rng.random()
        if depth > 0 and kind < 0.35:
            return self.object(depth - 1)
        if depth > 0 and kind < 0.55:
            items = [self.value(depth - 1)
                     for _ in range(self.rng.randint(0, 4))]
            return "[" + self.blank() + ",".join(
                self.blank() + item + self.blank() for item in items) + "]"
        if kind < 0.7:
            return self.number()
        if kind < 0.8:
            return self.rng.choice(["null", "true", "false"])
        return self.string(self.text())

    def object(self, depth, keys=None):
        if keys is None:
            keys = self.rng.sample(KEYS, self.rng.randint(0, 4))
        members = [self.blank() + self.string(k) + self.blank() + ":" +
                   self.blank() + self.value(depth) + self.blank()
                   for k in keys]
        return "{" + self.blank() + ",".join(members) + "}"


def parse(text):
    """With numbers as they stand; a str subclass tells them from strings."""
    return json.loads(text, parse_int=Number, parse_float=Number)


class Number(str):
    """The digits of a number."""


def lookup(value, steps):
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return None
        elif not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def same(cell, value):
    """Is the cell what csvcut must make of a value?"""
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == ("true" if value else "false")
    if isinstance(value, str):
        return cell == value
    return parse(cell) == value


def run(csvcut, text, *options):
    return subprocess.run([csvcut, "--from=jsonl", *options], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


def rows(done):
    text = done.stdout.decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def main():
    csv.field_size_limit(1 << 30)
    csvcut = sys.argv[1]
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    writer = Writer(rng)
    results = [0, 0]

    def check(good, what):
        results[not good] += 1
        if not good:
            print(what)

    lines = []
    for i in range(count):
        keys = KEYS[:] if i == 0 or rng.random() < 0.5 else \
            rng.sample(KEYS, rng.randint(0, len(KEYS)))
        line = writer.object(3, keys)
        if rng.random() < 0.01:
            line = '{"a":' + "[" * 199 + writer.number() + "]" * 199 + "}"
        lines.append(line)
    text = "\n".join(lines).encode()
    values = [parse(line) for line in lines]
    done = run(csvcut, text, "--missing=empty", "-c", ",".join(
        f"p{i}={path}" for i, path in enumerate(PATHS)))
    table = rows(done)
    check(len(table) == count + 1, f"{len(table)} rows, {done.stderr}")
    for line, value, row in zip(lines, values, table[1:]):
        for steps, cell in zip(STEPS, row):
            check(same(cell, lookup(value, steps)),
                  f"{steps} of {line}: {cell!r}")
    table = rows(run(csvcut, text))
    check(table[0] == KEYS, f"keys {table[0]}")
    for line, value, row in zip(lines, values, table[1:]):
        for key, cell in zip(KEYS, row):
            check(same(cell, value.get(key)), f"{key} of {line}: {cell!r}")

    bad = [line.encode() for line in BAD.replace("\n", "|").split("|") if line]
    bad += [b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xed\xa0\x80"}',
            b'{"a":"\xc0\x80"}', b'{"a":"\xf5\x80\x80\x80"}', b'{"a":"\t"}',
            b'{"a":"\x00"}', b'{"a":"\x1f"}', b'{"a":1}\x00', b'{"a":\x001}',
            b'\xef\xbb\xbf{"a":1}', b'{"a":\xc2\xa01}', b'{"a":1}\x0c',
            b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", b" ", b"\t"]
    good = b'{"a":"good"}'
    text = good + b"\n" + b"".join(
        line + b"\n" + good + b"\n" for line in bad)
    done = run(csvcut, text, "--rejects", "/dev/stderr")
    rejects = list(csv.reader(io.StringIO(
        done.stderr.decode("latin-1"), newline="")))[1:len(bad) + 1]
    check(rows(done) == [["a"]] + [["good"]] * (len(bad) + 1), "good lines")
    byte = len(good) + 1
    for i, line in enumerate(bad):
        want = ["stdin", str(2 * i + 2), str(2 * i + 2), str(byte)]
        got = rejects[i] if i < len(rejects) else []
        check(got[:4] == want and got[5:] == [line.decode("latin-1")],
              f"{line}: wanted {want}, got {got}")
        byte += len(line) + 1 + len(good) + 1
    print(f"{results[0]} passed, {results[1]} failed")
    return results[1] != 0


if __name__ == "__main__":
    sys.exit(main())
