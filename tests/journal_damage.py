"""journal_damage.py CSVBATCH [STEP]: a journal of every length, with every bit.

Runs a job, cuts its journal to every length and turns around every bit (with
STEP only every STEP-th), and goes on with each: the output is right in the
end, or the journal is refused with status 5.
"""
import os
import subprocess
import sys

CSVBATCH = sys.argv[1]
STEP = int(sys.argv[2]) if len(sys.argv) > 2 else 1
INPUT = b"id\n" + b"".join(b"%d\n" % i for i in range(1, 7))


def put(name, data):
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, data)
    os.close(fd)


def run():
    return subprocess.run(
        [CSVBATCH, "-n", "2", "--journal", "j", "-o", "out", "--", "cat"],
        input=INPUT,
        stderr=subprocess.PIPE,
    )


def get(name):
    with open(name, "rb") as f:
        return f.read()


def try_journal(what, journal, new):
    put("j", journal)
    put("out", INPUT)
    result = run()
    if result.returncode == 5:
        return False
    if result.returncode != 0 or get("out") != INPUT:
        sys.exit(f"{what}: status {result.returncode}: {result.stderr}")
    if new:
        sys.exit(f"{what}: taken for a new journal, with an old output")
    return True


def main():
    assert run().returncode == 0 and get("out") == INPUT
    journal = get("j")
    first = journal.index(b"\n") + 1
    lengths = range(0, len(journal) + 1, STEP)
    went_on = sum(try_journal(f"{n} bytes", journal[:n], False) for n in lengths)
    # What is cut inside its first line is new, and the output is not empty.
    assert went_on == sum(n >= first for n in lengths), went_on
    bits = range(0, len(journal) * 8, STEP)
    for bit in bits:
        damaged = bytearray(journal)
        damaged[bit // 8] ^= 1 << bit % 8
        try_journal(f"bit {bit}", bytes(damaged), bit // 8 < first)
    print(f"{len(lengths)} lengths, {len(bits)} bits")


main()
