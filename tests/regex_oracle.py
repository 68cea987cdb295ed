#!/usr/bin/env python3
"""Judge csvmap's regular expressions with Python's re.

usage: regex_oracle.py CSVMAP [PATTERNS [TEXTS]]

Replaces every match of each random pattern in each random text, and does the
same with re: \\w \\s \\b by Unicode, \\d as [0-9].  Bytes that are no UTF-8
match nothing, so re sees what stands between them.  Prints how many texts were
compared, or the first differences and exits 1.
"""

import random
import re
import subprocess
import sys
import tempfile

CHARACTERS = (
    list("aabkS019_ .-,;\n\t") +
    ["\u00e9", "\u00c9", "e\u0301", "\u00df", "\u017f", "\u212a", "\u00a0",
     "\u2028", "\u0663", "\u00bd", "\u2167", "\u6f22", "\u5b57", "\u03a9",
     "\U0001f600", "\U0001d7d8", "\u20ac", "\u203f"])
INVALID = [b"\xff", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\xf5\x80"]

# ours, and what re calls it
CLASSES = [(r"\w", r"\w"), (r"\W", r"\W"), (r"\s", r"\s"), (r"\S", r"\S"),
           (r"\d", "0-9"), (r"\D", "\\x00-/:-\U0010ffff")]
LITERALS = ["a", "b", "k", "S", "1", "_", " ", "-", r"\.", "\u00e9", "\u017f",
            "\u0301", "\u6f22", "\U0001f600", "\n"]


def draw_class(rng):
    items = rng.sample(CLASSES, rng.randint(1, 2))
    literal = "".join(rng.sample(["_", r"\.", "\u00e9", "a", "\u6f22"], 2))
    negated = rng.choice(["", "^"])
    return tuple(f"[{negated}{literal}{''.join(i[k] for i in items)}]"
                 for k in (0, 1))


def draw_atom(rng):
    what = rng.random()
    if what < 0.45:
        ours, theirs = rng.choice(CLASSES)
        return ours, theirs if theirs[0] == "\\" and len(theirs) == 2 \
            else f"[{theirs}]"
    if what < 0.65:
        return draw_class(rng)
    if what < 0.7:
        return ".", "."
    return (rng.choice(LITERALS),) * 2


def draw_sequence(rng, depth):
    ours = theirs = ""
    for _ in range(rng.randint(1, 3)):
        what = rng.random()
        if what < 0.15:
            # before Python 3.14 no \B is in an empty text
            pair = rng.choice([(r"\b", r"\b"), (r"\B", r"(?!\b)")])
        elif what < 0.25 and depth < 2:
            pair = tuple(f"({x})" for x in draw_pattern(rng, depth + 1))
        else:
            times = rng.choice(["", "", "", "+", "*", "?", "{2}", "+?", "*+"])
            if times == "*+" and sys.version_info < (3, 11):
                times = "*"
            pair = tuple(x + times for x in draw_atom(rng))
        ours += pair[0]
        theirs += pair[1]
    return ours, theirs


def draw_pattern(rng, depth=0):
    ways = [draw_sequence(rng, depth) for _ in range(rng.choice([1, 1, 1, 2]))]
    ours, theirs = ("|".join(w[k] for w in ways) for k in (0, 1))
    if depth == 0 and rng.random() < 0.15:
        ours, theirs = f"^(?:{ours})", f"^(?:{theirs})"
    if depth == 0 and rng.random() < 0.1:
        ours, theirs = f"(?:{ours})$", f"(?:{theirs})\\Z"
    return ours, theirs


def draw_text(rng):
    letters = rng.choice([CHARACTERS, CHARACTERS, CHARACTERS[:16]])
    text = "".join(rng.choices(letters, k=rng.randint(0, 12))).encode()
    if rng.random() < 0.2:
        text += rng.choice(INVALID) + "".join(
            rng.choices(letters, k=rng.randint(0, 6))).encode()
    return text.decode(errors="surrogateescape")


def replace(pattern, text):
    """What gsub should give, or None: it cannot be told from re."""
    parts = re.split("([\udc80-\udcff]+)", text)
    for part in parts[::2] if len(parts) > 1 else []:
        if re.search(r"\^|\\Z", pattern.pattern) or \
                any(m.end() == m.start() for m in pattern.finditer(part)):
            return None
    parts[::2] = (pattern.sub(lambda m: f"<{m[0]}>", x) for x in parts[::2])
    return "".join(parts)


def split_cells(output):
    """All cells of a CSV, each in quotes or without a comma in it."""
    for cell in re.finditer(r'(?:"((?:[^"]|"")*)"|([^,\n]*))[,\n]', output):
        yield cell[2] if cell[1] is None else cell[1].replace('""', '"')


def main():
    rng = random.Random(216)
    counts = [int(x) for x in sys.argv[2:]] + [300, 660][len(sys.argv) - 2:]
    patterns = [(*draw_pattern(rng), rng.random() < 0.2)
                for _ in range(counts[0])]
    texts = [draw_text(rng) for _ in range(counts[1])]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as program:
        for i, (ours, _, caseless) in enumerate(patterns):
            print(f'c{i} = gsub(@1, /{ours}/{"i" * caseless}, "<\\0>");',
                  file=program)
        program.flush()
        table = "x\n" + "".join(f'"{t}"\n' for t in texts)
        ran = subprocess.run(
            [sys.argv[1], "--only", "-f", program.name], check=True,
            input=table.encode(errors="surrogateescape"),
            stdout=subprocess.PIPE)
    cells = split_cells(ran.stdout.decode(errors="surrogateescape"))
    compiled = [re.compile(theirs, re.I if caseless else 0)
                for _, theirs, caseless in patterns]
    for _ in patterns:
        next(cells)
    compared = different = 0
    for text in texts:
        for (ours, _, _), pattern in zip(patterns, compiled):
            got, want = next(cells), replace(pattern, text)
            compared += want is not None
            if want not in (None, got) and (different := different + 1) < 10:
                print(f"/{ours}/ {pattern!a} in {text!a}: "
                      f"{got!a}, not {want!a}")
    print(f"{compared} compared, {different} differ")
    return different > 0 or compared < counts[0] * counts[1] // 2


if __name__ == "__main__":
    sys.exit(main())
