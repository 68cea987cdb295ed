"""Messages of the sources that csvpipe-trouble(7) has no entry for.

    messages.py TOP

A message is a literal of cmd/ or lib/ of three words or more that is no text of
--help.  An entry is ".It Li WORDS , Li WORDS", in which .. stands for anything.
Prints what lacks the other, a line each.
"""

import re
import sys
from pathlib import Path

def literals(source):
    text = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.S)
    one = r'"(?:[^"\\\n]|\\.)*"'
    for found in re.findall(rf"{one}(?:\s*{one})*", text):
        whole = "".join(part[1:-1] for part in re.findall(one, found))
        whole = whole.replace('\\"', '"')
        if not re.search(r"\[OPTION\]|^[a-z_0-9]*\(.*\)\||\\n  |The manual|^  -|^the first record$|^(and|null nil none):", whole):
            yield whole


def main():
    top = Path(sys.argv[1])
    page = (top / "man/csvpipe-trouble.7").read_text()
    entries = {}
    for line in re.findall(r"^\.It Li (.*)", page, flags=re.M):
        for entry in line.split(" , Li "):
            pattern = ".*".join(re.escape(p.strip()) for p in entry.split(".."))
            entries[entry] = re.compile(pattern)
    used = set()
    sources = sorted(top.glob("cmd/*.c")) + sorted(top.glob("lib/**/*.c"))
    for source in sources + [top / "lib/report.h"]:
        for message in literals(source):
            fits = [e for e, pattern in entries.items() if pattern.search(message)]
            used.update(fits)
            words = re.findall(r"[A-Za-z]{2,}", message)
            if not fits and len(words) > 2 and " " in message.strip():
                print(f"no entry: {source.relative_to(top)}: {message}")
    for entry in entries:
        if entry not in used:
            print(f"no message: {entry}")


main()
