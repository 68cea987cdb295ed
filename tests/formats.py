#!/usr/bin/env python3
"""formats.py CSVCUT [SEED [TABLES]]: csvcut's forms against Python's view.

Random tables, of fields with all that can go wrong: delimiters of both
sides, quotes, line ends, backslashes, bytes that are no UTF-8, empty fields
with quotes and without.  Prints "N passed, N failed".
"""

import csv
import io
import json
import random
import subprocess
import sys

PIECES = [b"", b"a", b"bc", b"\t", b"\n", b"\r\n", b"\r", b"\\", b"\\N",
          b"\\t", b'"', b",", b";", b" ", b"\xff", "é".encode(), b"0" * 40]
ESCAPES = {b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r", b"\\": b"\\\\"}


def random_table(rng):
    """Rows of (value, in quotes?) with the line end of the file."""
    width = rng.randint(1, 6)
    rows = []
    for _ in range(rng.randint(1, 8)):
        row = []
        for _ in range(width):
            value = b"".join(rng.choice(PIECES)
                             for _ in range(rng.randint(0, 3)))
            must = any(c in value for c in b',\r\n') or value[:1] == b'"'
            row.append((value, must or rng.random() < 0.3))
        if width == 1 and row[0] == (b"", False):
            row[0] = (b"", True)  # a blank line is no matter of formats
        rows.append(row)
    return rows, rng.choice([b"\n", b"\r\n"])


def as_csv(rows, eol, delim=b",", need=None, every=False):
    """The table as CSV; need: a byte for which an unquoted field is quoted."""
    out = b""
    for row in rows:
        fields = []
        for value, quoted in row:
            if quoted or every or (need is not None and need in value):
                value = b'"' + value.replace(b'"', b'""') + b'"'
            fields.append(value)
        out += delim.join(fields) + eol
    return out


def as_tsv(rows, null=None):
    out = b""
    for row in rows:
        fields = []
        for value, quoted in row:
            if value == b"" and not quoted and null is not None:
                fields.append(null)
                continue
            fields.append(b"".join(ESCAPES.get(bytes([c]), bytes([c]))
                                   for c in value))
        out += b"\t".join(fields) + b"\n"
    return out


def as_least(rows):
    """As CSV with commas and LF, in which only what must be stands in quotes;
    an empty field in quotes is no other than one without."""
    return as_csv([[(v, quoted and v == b"" or
                     any(c in v for c in b',"\r\n')) for v, quoted in row]
                   for row in rows], b"\n")


def as_objects(rows):
    """The lines of JSON, or None where a value is no UTF-8."""
    try:
        cells = [[None if v == b"" and not quoted else v.decode()
                  for v, quoted in row] for row in rows]
    except UnicodeDecodeError:
        return None
    names = [f"c{i}" for i in range(len(rows[0]))]
    return [dict(zip(names, row)) for row in cells]


def run(csvcut, text, *options):
    done = subprocess.run([csvcut, *options], input=text, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout if done.returncode == 0 else done.stderr


def main():
    csvcut = sys.argv[1]
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    counts = [0, 0]

    def check(what, got, want, source):
        counts[got != want] += 1
        if got != want:
            print(f"{what}: of {source}\n wanted {want}\n got    {got}")

    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 150):
        rows, eol = random_table(rng)
        source = as_csv(rows, eol)
        semicolons = run(csvcut, source, "-D", ";")
        check("-D", semicolons, as_csv(rows, eol, b";", b";"), source)
        back = run(csvcut, semicolons, "-d", ";", "-D", ",")
        check("-D and back", [r for r in csv.reader(
            io.StringIO(back.decode("latin-1"), newline=""))],
              [[v.decode("latin-1") for v, _ in row] for row in rows], source)
        check("--quote", run(csvcut, source, "--quote=all"),
              as_csv(rows, eol, every=True), source)
        check("--eol", run(csvcut, source, "--eol=crlf"),
              as_csv(rows, b"\r\n"), source)
        check("all three", run(csvcut, source, "--eol=lf", "--quote=all",
                               "-D", "|"),
              as_csv(rows, b"\n", b"|", every=True), source)
        check("--to=tsv", run(csvcut, source, "--to=tsv"), as_tsv(rows),
              source)
        check("--null", run(csvcut, source, "--to=tsv", "--null", "\\N"),
              as_tsv(rows, b"\\N"), source)
        if not any(c in v for row in rows for v, _ in row for c in b",;"):
            check("-D and back, byte for byte", back, source, source)
        names = ",".join(f"c{i}" for i in range(len(rows[0])))
        named = names.encode() + eol + source
        null = rng.choice(["\\N", "", "NULL", "-"])
        if not any(v == null.encode() and (quoted or v != b"")
                   for row in rows for v, quoted in row):
            lines = run(csvcut, named, "--to=tsv", "--null", null)
            same = as_least([[(n.encode(), False)
                              for n in names.split(",")]] + rows)
            if len(rows[0]) == 1:  # an empty line is no record of a CSV
                same = same.replace(b"\n\n", b'\n""\n')
            check("to TSV and back", run(csvcut, lines, "--from=tsv", "--null",
                                         null), same, named)
            check("TSV again", run(csvcut, lines, "--from=tsv", "--to=tsv",
                                   "--null", null), lines, lines)
        if (want := as_objects(rows)) is not None:
            lines = run(csvcut, named, "--to=jsonl").splitlines()
            check("to JSON and back",
                  run(csvcut, b"\n".join(lines), "--from=jsonl"),
                  as_least([[(n.encode(), False)
                             for n in names.split(",")]] + rows), named)
            check("--to=jsonl", [json.loads(line) for line in lines], want,
                  named)
            check("--to=json", json.loads(run(csvcut, named, "--to=json")),
                  want, named)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return counts[1] != 0


if __name__ == "__main__":
    sys.exit(main())
