"""vouch.py WHAT BIN [RUNS [SEED]]: the programs of a pipe vouch for each other.

  cuts    csvcut | csvfilter | csvmap | csvbatch -o out, one of which ends
          badly: out does not appear, no batch that was cut short runs, and the
          last message leads back to the first cause
  plain   the same without CSVPIPE_LOG: how often out appears, for comparison
  good    pipes that shells are used for: nobody complains
Prints each violation, and at the end the runs and the violations.
"""
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CAUSES = ["KILL", "TERM", "data", "usage", "full"]
BATCH = 100
LIMIT = 8192  # bytes of a file on a disk that is full; the log has fewer
# The command of csvbatch: notes how many records came, fails for an oops.
COMMAND = [
    "awk", "{ print } /oops/ { bad = 1 } "
    'END { print NR - 1 >> "batches"; exit bad }',
]  # fmt: skip
STAGES = [
    ["csvcut", "-c", "id,n,text"],
    ["csvfilter", "id > 0"],
    ["csvmap", "id = id + 1"],
    ["csvbatch", "-n", str(BATCH), "-o", "out"],
]
TESTS_N = {1: "id > 0 && num(n) >= 0", 2: "id = num(n) + 1"}


def table(records, oops=None):
    rows = [f"{i},{i % 7},{'x' * (i % 190)}\n" for i in range(1, records + 1)]
    if oops is not None:
        rows[oops] = rows[oops].replace(f",{(oops + 1) % 7},", ",oops,")
    return "id,n,text\n" + "".join(rows)


def begun():
    return open("log").read().count(",begin,") if os.path.exists("log") else 0


class Cut:
    """One run: which stage ends, by what, and inside a record or between."""

    def __init__(self, binary, log, victim, cause, inside):
        self.bin, self.log, self.victim = binary, log, victim
        self.cause, self.inside = cause, inside
        self.procs = []

    def argv(self, i):
        args = list(STAGES[i])
        if i == self.victim and self.cause in ("data", "full"):
            if i in TESTS_N:
                args[1] = TESTS_N[i]
            if i == 3 and self.cause == "full":
                args += ["--keep-going"]
            if self.cause == "full":
                args += ["--rejects", "bad" if self.inside else "/dev/full"]
        if i == self.victim and self.cause == "usage":
            args.insert(1, "--nono")
        args[0] = os.path.join(self.bin, args[0])
        return args + (["--"] + COMMAND if i == 3 else [])

    def data(self):
        if self.cause in ("KILL", "TERM"):
            return table(60000 if self.inside else 950)
        if self.cause == "usage":
            return table(950)
        text = table(950, 720)
        if self.cause == "full":
            text = text.replace(",oops,", ",oops," + "x" * 2 * LIMIT)
        if self.victim == 0:  # csvcut has no expression: bad CSV
            text = text.replace(",oops,", ',"o"ops,')
            if self.inside and self.cause == "data":
                text = text.replace('"o"ops', '"oops')
        return text

    def start(self):
        def limits():
            resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        env = dict(os.environ, TMPDIR=os.getcwd())
        env.pop("CSVPIPE_LOG", None)
        if self.log:
            env["CSVPIPE_LOG"] = os.path.abspath("log")
        source, first = os.pipe()
        for i in range(4):
            short = self.cause == "full" and self.inside and i == self.victim
            last = i == 3
            r, w = (None, None) if last else os.pipe()
            self.procs.append(
                subprocess.Popen(
                    self.argv(i), stdin=source, env=env,
                    stdout=subprocess.DEVNULL if last else w,
                    stderr=open(f"err{i}", "wb"),
                    preexec_fn=limits if short else None,
                )
            )  # fmt: skip
            os.close(source)
            if not last:
                os.close(w)
                source = r
        return first

    def feed(self, first):
        """Gives all the input, and ends the victim where that is the cause."""
        text = self.data().encode()
        kill = self.cause in ("KILL", "TERM")
        stopped = None
        if kill and self.inside and self.victim < 3:
            # its pipe fills up, and it waits in the middle of a write
            stopped = self.procs[self.victim + 1]
            stopped.send_signal(signal.SIGSTOP)
        while kill and self.log and begun() < 4:  # before that it is nobody
            time.sleep(0.005)
        os.set_blocking(first, not kill)
        until = time.monotonic() + (0.15 if self.inside else 0.05)
        while text and (not kill or time.monotonic() < until):
            try:
                text = text[os.write(first, text[:65536]) :]
            except BlockingIOError:
                time.sleep(0.005)
            except BrokenPipeError:
                break
        if kill:
            time.sleep(max(0, until - time.monotonic()))
            number = getattr(signal, "SIG" + self.cause)
            self.procs[self.victim].send_signal(number)
            self.procs[self.victim].wait()
        if stopped:
            stopped.send_signal(signal.SIGCONT)
        os.close(first)

    def run(self):
        """What was wrong, and whether out is there."""
        self.feed(self.start())
        for p in self.procs:
            p.wait(60)
        wrong = []
        if os.path.exists("out"):
            wrong.append("out is there")
        if os.path.exists("batches"):
            sizes = open("batches").read().split()
            if any(int(n) != BATCH for n in sizes):
                wrong.append(f"a cut batch ran: {sizes}")
        if self.procs[3].returncode == 0:
            wrong.append("the last stage is content")
        said = open("err3", errors="replace").read()
        cause = f"(pid {self.procs[self.victim].pid})"
        if self.victim < 3 and cause not in said:
            wrong.append(f"not led back to {cause}: {said!r}")
        return wrong


def cuts(binary, runs, log):
    bad = published = 0
    kinds = [
        (v, c, i) for v in range(4) for c in CAUSES for i in (False, True)
    ]
    random.shuffle(kinds)
    for n in range(runs):
        kind = kinds[n % len(kinds)]
        wrong = inside(lambda: Cut(binary, log, *kind).run())
        published += "out is there" in wrong
        if wrong:
            bad += 1
            if log:
                print("stage %d, %s, inside %s: " % kind, "; ".join(wrong))
    print(f"{runs} runs, {published} published, {bad} violations")
    return bad


GOOD = {
    "head": "csvcut in.csv | head -n 2 >o; test $(wc -l <o) = 2",
    "tee": "csvcut in.csv | tee t | csvmap -o o ''; cmp o in.csv",
    "substitution": "csvfilter -o o true <(csvcut in.csv); cmp o in.csv",
    "two lists": "csvfilter -o o --set a=<(csvcut --plain -c id in.csv) "
    "'id in @a' <(csvcut in.csv); cmp o in.csv",
    "to a substitution": "csvcut in.csv > >(csvmap -o o ''; echo >done); "
    "until test -s done; do sleep 0.01; done; cmp o in.csv",
    "fifo": "mkfifo p; csvcut in.csv >p & csvmap -o o '' <p; cmp o in.csv",
    "limit": "csvcut in.csv | csvfilter --limit 5 true | csvmap -o o ''; "
    "test $(wc -l <o) = 6",
    "limit at the end": "csvcut in.csv | csvmap '' | csvfilter --limit 1 true >o",
    "limit first": "csvfilter --limit 3 true in.csv | csvcut | csvmap -o o ''",
    "count": "csvcut in.csv | csvfilter --count true | csvcut -H -o o",
    "keep going": "{ csvcut in.csv | csvbatch -n 100 --keep-going "
    "--rejects bad -- sh -c 'test $CSVBATCH_NUMBER != 2 && cat'; "
    "test $? = 4; } | csvmap -o o ''; test $(wc -l <o) = 401",
    "rejects": "sed 's/^7,/x/' in.csv | csvcut --rejects bad | "
    "csvmap -o o ''; test $(wc -l <o) = 500",
    "group": "{ csvcut in.csv; csvcut -E in.csv; } | csvmap -o o ''; "
    "test $(wc -l <o) = 1001",
    "echo": "{ echo id; csvcut -E -c id in.csv; } | csvmap -o o ''; "
    "csvcut -c id in.csv | cmp - o",
    "subshells": "( (csvcut in.csv) | (csvfilter true) ) | (csvmap -o o ''); "
    "cmp o in.csv",
    "line off": "csvcut in.csv | { read -r l; echo a,b,c; cat; } | "
    "csvmap -o o ''; test $(wc -l <o) = 501",
    "shared": "csvcut in.csv | { csvfilter --limit 1 true >p; cat >q; }",
    "background": "{ csvcut in.csv & csvcut -E in.csv; wait; } | "
    "csvcut -H -o o; test $(wc -l <o) = 1001",
    "children": "csvcut in.csv | csvpar -j 2 -b 2K -- csvmap '' | "
    "csvbatch -n 90 -- sh -c 'csvcut | csvfilter true' | csvmap -o o ''; "
    "cmp o in.csv",
    "persist": "csvcut in.csv | csvpar -p -j 2 -- csvmap '' | csvmap -o o ''; "
    "cmp o in.csv",
    "inside": "csvbatch -n 90 -o o -- sh -c 'csvcut | head -n 1000' <in.csv; "
    "cmp o in.csv",
    "row": "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "
    "csvcut in.csv | csvmap '' | csvfilter -o o$i true && cmp o$i in.csv || "
    "exit 1; done",
    "at once": "for i in 1 2; do csvcut in.csv | csvfilter true | "
    "csvmap -o o$i '' & done; wait; cmp o1 in.csv && cmp o2 in.csv",
    "stopped": "csvcut in.csv in.csv in.csv | csvmap '' | csvfilter -o o true & "
    "p=$!; for i in 1 2 3 4 5; do kill -STOP $p; kill -CONT $p; done; "
    "wait $p; test $(wc -l <o) = 1501",
    "slow": "{ cat in.csv; sleep 0.03; tail -n +2 in.csv; } | csvcut | "
    "csvmap -o o ''; test $(wc -l <o) = 1001",
    "help": "csvcut --help | head -n 1 | csvcut -H -d '|' >o",
    "socket": "csvcut in.csv | python3 -c 'import socket, sys; "
    "a, b = socket.socketpair(); a.sendall(sys.stdin.buffer.read()); "
    "a.close(); import subprocess; "
    'sys.exit(subprocess.call(["csvmap", "-o", "o", ""], stdin=b))\'; '
    "cmp o in.csv",
}


def good(binary, runs):
    bad = 0
    names = list(GOOD)
    random.shuffle(names)
    env = dict(os.environ, CSVPIPE_LOG="log")
    env["PATH"] = os.path.abspath(binary) + ":" + env["PATH"]

    def one(name):
        with open("in.csv", "w") as f:
            f.write(table(500))
        got = subprocess.run(
            ["bash", "-c", GOOD[name]], env=env, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said = got.stdout.decode(errors="replace")
        wrong = got.returncode != 0 or "not whole" in said
        lines = open("log").read().splitlines()
        torn = [t for t in lines if t.count('"') < 2 and t != lines[0]]
        return [f"{got.returncode} {said} {torn}"] if wrong or torn else []

    for n in range(runs):
        name = names[n % len(names)]
        for wrong in inside(lambda: one(name)):
            bad += 1
            print(f"{name}: {wrong}")
    print(f"{runs} runs, {bad} violations")
    return bad


def inside(act):
    """Runs it in an empty directory."""
    here, top = os.getcwd(), tempfile.mkdtemp()
    os.chdir(top)
    try:
        return act()
    finally:
        os.chdir(here)
        shutil.rmtree(top)


def main():
    what, binary = sys.argv[1], os.path.abspath(sys.argv[2])
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(10**6)
    print(f"seed {seed}")
    random.seed(seed)
    if what == "good":
        sys.exit(good(binary, runs) != 0)
    bad = cuts(binary, runs, what == "cuts")
    sys.exit(what == "cuts" and bad != 0)


main()
