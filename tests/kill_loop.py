"""kill_loop.py CSVBATCH KILLS [SEED]: csvbatch --journal and kill -9.

Runs jobs with a journal and kills each run at a random moment until KILLS were
sent, going on after each, and compares what stands at the end: the output and
the rejects byte for byte, and how often each batch was run.  In the current
directory; prints what it did, and ends with status 1 at the first difference.
"""
import os
import random
import signal
import subprocess
import sys
import time

CSVBATCH, KILLS = sys.argv[1], int(sys.argv[2])
RANDOM = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
JOBS = 3
RECORDS = 80
MERGE = ["--merge-by", "id", "--scratch", "dir"]
LIMITS = (["-n", "5"], ["-b", "70"], ["-n", "5", "--to=jsonl"] + MERGE)
FILES = ("run.journal", "out.csv", "bad.csv", "calls")

# A slow command, two poison records and one bad record in ten.
COMMAND = """echo "$CSVBATCH_NUMBER $CSVBATCH_RECORDS" >>calls
sleep 0.00$((CSVBATCH_NUMBER % 3))
! grep -q poison || exit 1
[ -n "$CSVBATCH_DIR" ] || exec cat /dev/stdin
mkdir "$CSVBATCH_DIR/new" 2>/dev/null || [ -e "$CSVBATCH_DIR/new" ] || exit 2
sed '1iid,n
	s/.*"id":"\\([0-9]*\\)".*/\\1,n\\1/' /dev/stdin"""


def make_input():
    with open("in.csv", "w") as f:
        f.write("id,text\n")
        for i in range(1, RECORDS + 1):
            text = "poison" if i in (27, 58) else f'"line\n{i}"'
            f.write(f"{i},{text}\n" if i % 10 else f"{i},too,many\n")


def clean():
    for name in FILES:
        if os.path.exists(name):
            os.remove(name)


def start(limit):
    return subprocess.Popen(
        [CSVBATCH, "-j", str(JOBS), "--bisect"]
        + limit
        + ["--journal", "run.journal", "-o", "out.csv", "--rejects", "bad.csv"]
        + ["--", "sh", "-c", COMMAND],
        stdin=open("in.csv", "rb"),
        stderr=open("err", "wb"),
    )


def contents():
    return [open(name, "rb").read() for name in ("out.csv", "bad.csv")]


def runs():
    """How often each batch was run as a whole; its parts are smaller."""
    with open("calls") as f:
        lines = [tuple(map(int, line.split())) for line in f]
    whole = {}
    for number, records in lines:
        whole[number] = max(records, whole.get(number, 0))
    return {n: lines.count((n, records)) for n, records in whole.items()}


def fail(text):
    print(text)
    sys.exit(1)


def check(want, batches, kills):
    if contents() != want:
        fail("the output or the rejects differ")
    if os.path.exists("dir") and os.listdir("dir"):
        fail("a directory of a batch is left")
    now = runs()
    if now.keys() != batches:
        fail("a batch was never run")
    repeats = sum(now.values()) - len(now)
    if repeats > kills * JOBS:
        fail(f"{repeats} batches were repeated after {kills} kills")


def session(limit, kills):
    """Jobs with this limit, until so many kills were sent; their number."""
    clean()
    began = time.monotonic()
    if start(limit).wait() != 0:
        fail("the run without a kill has failed")
    length = time.monotonic() - began
    want, batches = contents(), runs().keys()
    sent = jobs = 0
    while sent < kills:
        clean()
        before = sent
        while True:
            run = start(limit)
            # At last a job is left alone, so that it comes to its end.
            if sent < kills:
                time.sleep(RANDOM.random() ** 2 * length)
                run.send_signal(signal.SIGKILL)
            status = run.wait()
            if status == 0:
                break
            if status != -signal.SIGKILL:
                said = open("err").read()
                fail(f"exit status {status} after {sent} kills: {said}")
            sent += 1
        check(want, batches, sent - before)
        jobs += 1
    return jobs


def main():
    make_input()
    jobs = sum(session(limit, KILLS // len(LIMITS)) for limit in LIMITS)
    print(f"{KILLS} kills in {jobs} jobs: nothing lost, nothing twice")


main()
