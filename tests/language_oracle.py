#!/usr/bin/env python3
"""Judge the words of the language that Python knows, too.

usage: language_oracle.py DIRECTORY case

case: upper(), lower() and title() of every code point that this Python's
Unicode has, against str's where that is one to one.  Prints what was compared,
or the first differences and exits 1.
"""

import csv
import io
import subprocess
import sys
import unicodedata

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


{"case": case}[sys.argv[2]]()
sys.exit(wrong > 0)
