#!/usr/bin/env python3
"""Judge the words of the language that Python knows, too.

usage: language_oracle.py DIRECTORY case
       language_oracle.py DIRECTORY keys RECORDS KEYS
       language_oracle.py DIRECTORY prev RECORDS
       language_oracle.py DIRECTORY lookup RECORDS KEYS

case: upper(), lower() and title() of every code point that this Python's
Unicode has, against str's where that is one to one.

keys: csvfilter --first and --count --by on random records with so many keys,
against a dict.

prev: running sums of exact decimals, fill-down, counts of changes and the
records in which something changes.

lookup: lookup() and in, in a table of so many keys, against a dict.

Prints what was compared, or the first differences and exits 1.
"""

import csv
import io
import itertools
import random
import subprocess
import sys
import tempfile
import unicodedata
from decimal import Decimal

wrong = 0


def differ(*what):
    """Count a difference; show the first ten."""
    global wrong
    wrong += 1
    if wrong <= 10:
        print(*what)


def run(program, *arguments, text):
    """What a program makes of a CSV, as rows."""
    made = subprocess.run([f"{sys.argv[1]}/{program}", *arguments],
                          input=text.encode("utf-8", "surrogateescape"),
                          stdout=subprocess.PIPE, check=True).stdout
    return list(csv.reader(io.StringIO(
        made.decode("utf-8", "surrogateescape"), newline="")))


def case():
    points = [c for c in map(chr, range(0x20, 0x110000))
              if unicodedata.category(c) not in ("Cn", "Cs")]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(
        [["c"]] + [[c] for c in points])
    rows = run("csvmap", "u = upper(c); l = lower(c); t = title(c)",
               text=text.getvalue())
    others = 0
    for c, row in zip(points, rows[1:], strict=True):
        assert row[0] == c
        for got, want in zip(row[1:], (c.upper(), c.lower(), c.title())):
            if len(want) != 1:
                others += 1
                if len(got) != 1:
                    differ(f"U+{ord(c):04X}: {got} is no simple mapping")
            elif got != want:
                differ(f"U+{ord(c):04X}: {got}, {want}")
    print(f"{len(points)} code points, {others} mappings not one to one")


def draw_cell(rng, keys):
    """A content, and how it stands in the file."""
    content = rng.choice(["", "k", "K", 'a"b', "x,", "é", "two\nlines"]) + \
        str(rng.randrange(keys))
    if rng.random() < 0.2 or any(c in content for c in '",\n'):
        return content, '"' + content.replace('"', '""') + '"'
    return content, content


def keys_of(records, keys):
    rng = random.Random(records)
    few = int(keys ** 0.5 / 7) + 1
    first, counts = {}, {}
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write("n,a,b,c\n")
        for n in range(records):
            a, raw_a = draw_cell(rng, few)
            b, raw_b = draw_cell(rng, few)
            line = f"{n},{raw_a},{raw_b},{n % 7}\n"
            file.write(line)
            if n % 7 == 3:
                continue
            first.setdefault((a, b), line)
            counts[b, a] = counts.get((b, a), 0) + 1
        file.flush()
        got = run("csvfilter", "c != 3", "--first", "a,b", file.name, text="")
        want = csv.reader(io.StringIO("n,a,b,c\n" + "".join(first.values()),
                                      newline=""))
        for row, line in itertools.zip_longest(got, want):
            if row != line:
                differ(f"--first: {row}, not {line}")
        got = run("csvfilter", "c != 3", "--count", "--by", "b,a", file.name,
                  text="")
        want = [["b", "a", "count"]] + [
            [*key, str(n)] for key, n in counts.items()]
        for row, line in itertools.zip_longest(got, want):
            if row != line:
                differ(f"--count --by: {row}, not {line}")
    print(f"{records} records, {len(first)} keys")


def prev_of(records):
    rng = random.Random(records)
    text, want, changes = ["k,v,g\n"], [["sum", "fill", "run"]], [["v"]]
    total, fill, before, length = Decimal(0), "", None, 0
    for _ in range(records):
        k = rng.choice("aab")
        v = f"{rng.randrange(-10 ** 9, 10 ** 9)}.{rng.randrange(1000):03}"
        g = rng.choice(["", "", '"x"', "y z"])
        text.append(f"{k},{v},{g}\n")
        total += Decimal(v)
        fill = g.strip('"') or fill
        length = length + 1 if k == before else 1
        if k != before:
            changes.append([v])
        before = k
        want.append([str(total), fill, str(length)])
    text = "".join(text)
    got = run("csvmap", "--only", "sum = (prev(sum) ?? 0) + v; "
              "fill = g ?? prev(fill); "
              "run = k == prev(k) ? (prev(run) ?? 0) + 1 : 1", text=text)
    for row, line in itertools.zip_longest(got, want):
        if row != line:
            differ(f"csvmap: {row}, not {line}")
    got = run("csvfilter", "k != prev(k)", text=text)
    for row, line in itertools.zip_longest([r[1:2] for r in got], changes):
        if row != line:
            differ(f"csvfilter: {row}, not {line}")
    print(f"{records} records, {len(changes) - 1} changes")


def lookup_of(records, keys):
    rng = random.Random(records)
    table, rows = {}, io.StringIO()
    write = csv.writer(rows, lineterminator="\n")
    write.writerow(["x", "id", "name"])
    while len(table) < keys:
        key = draw_cell(rng, keys)[0]
        if key not in table:
            table[key] = rng.choice(["", "n,", "long " * 30, "a\nb"]) + key
            write.writerow([rng.randrange(9), key, table[key]])
    known = list(table)
    asked = [rng.choice(known) if rng.random() < 0.8 else draw_cell(rng, keys)[0]
             for _ in range(records)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [["k", "n"]] + [[k, i] for i, k in enumerate(asked)])
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(rows.getvalue())
        file.flush()
        got = run("csvmap", "--table", f"t={file.name}", "--only",
                  'name = lookup(@t, k, "name", "id"); n = n;'
                  'id = lookup(@t, name, "id", "name")', text=text.getvalue())
        for i, (k, row) in enumerate(zip(asked, got[1:], strict=True)):
            name = table.get(k, "")
            if row != [name, str(i), k if k in table else ""]:
                differ(f"lookup of {k!r}: {row}, not {name!r}")
    print(f"{records} records, {keys} keys")


{"case": case, "keys": keys_of, "prev": prev_of, "lookup": lookup_of}[sys.argv[2]](*map(int, sys.argv[3:]))
sys.exit(wrong > 0)
