"""power_loss.py BIN STATES [SEED]: what a power loss leaves, and a run after.

Records what a job writes, names and syncs (strace), and makes the states that
a disk may be in when the power fails behind any of these operations: of what
no sync has made safe each write is there, lost, cut or zeroed, and each name
is there or lost.  Then the job runs again, and one run in ten of these loses
its power too.  With a journal the output and the rejects are in the end what
they are undisturbed, no batch is passed over, and none runs again whose line
in the journal was safe.  A file of -o and a shard are whole, or as before.
"""
import codecs
import os
import random
import re
import subprocess
import sys
import tempfile

BIN, STATES = os.path.abspath(sys.argv[1]), int(sys.argv[2])
RANDOM = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
INPUT = b"id,text\n" + b"".join(
    b"%d,too,many\n" % i if i % 6 == 5 else b'%d,"t\n%d"\n' % (i, i)
    for i in range(1, 14)
)
OLD = b"id,text\n0,old\n"
CALL = 'echo "$CSVBATCH_NUMBER" >>../calls; '
CAT = ["--", "sh", "-c", CALL + "exec cat"]
PICKY = ["--", "sh", "-c", CALL + "! grep -q ^9, || exit 1; cat /dev/stdin"]
JOURNAL = ["csvbatch", "--journal", "j"]
JOBS = [
    JOURNAL + ["-n2", "-o", "out", "--rejects", "bad"] + CAT,
    JOURNAL + ["-n2", "-j2", "-o", "out", "--rejects", "bad"] + CAT,
    JOURNAL + ["-n3", "--no-output", "--rejects", "bad"] + CAT,
    JOURNAL + ["-b50", "--no-output", "-j3", "--rejects", "bad"] + CAT,
    JOURNAL + ["-n4", "--bisect", "-o", "out", "--rejects", "bad"] + PICKY,
    JOURNAL + ["-n3", "--keep-going", "-o", "out", "--rejects", "bad"] + PICKY,
    ["csvbatch", "-n2", "-o", "out", "--rejects", "bad"] + CAT,
    ["csvbatch", "-n2", "-o", "part-{}.csv", "--rejects", "bad"],
    ["csvbatch", "-o", "part-{id}.csv", "--rejects", "bad"],
    ["csvcut", "-c", "id", "-o", "out", "--rejects", "bad"],
    ["csvfilter", "id > 3", "-o", "out", "--rejects", "bad"],
    ["csvmap", "n = id", "-o", "out", "--rejects", "bad"],
]
TRACED = "openat,write,pwrite64,ftruncate,lseek,rename,unlink,fsync,fdatasync,syncfs"
LINE = re.compile(rb"(\w+)\((.*)\) += (-?\d+)")
QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')


def get(path):
    with open(path, "rb") as f:
        return f.read()


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


def run(argv, files, prefix=()):
    """Runs a job where these files are.  Its status and message."""
    for name in os.listdir("work"):
        os.unlink(os.path.join("work", name))
    for name, data in files.items():
        put(os.path.join("work", name), data)
    put("calls", b"")
    argv = [*prefix, os.path.join(BIN, argv[0]), *argv[1:]]
    with open("in.csv", "rb") as data, open("err", "wb") as err:
        got = subprocess.run(argv, stdin=data, stdout=subprocess.DEVNULL,
            stderr=err, cwd="work", timeout=20)  # fmt: skip
    return got.returncode, get("err")


def left():
    return {n: get(os.path.join("work", n)) for n in os.listdir("work")}


class Disk:
    """The operations of one run, on a disk that holds these files."""

    def __init__(self, files):
        self.first = dict(enumerate(files.values()))  # by inode
        self.old = dict(zip(files, self.first))
        self.ops = []
        self.now = dict(self.old)  # name to inode, as the program sees it
        self.nodes = len(self.first)
        self.fds, self.at = {}, {}

    def node(self, name):
        """The inode of a name that is opened, which may be new."""
        if name not in self.now:
            self.now[name] = self.nodes
            self.ops.append(("name", name, self.nodes, None))
            self.nodes += 1
        return self.now[name]

    def open(self, text, fd):
        name = QUOTED.search(text)[1].decode()
        self.fds.pop(fd, None)
        if name == ".":
            self.fds[fd] = "."
        elif "/" not in name:
            self.fds[fd], self.at[fd] = self.node(name), 0
            if b"O_TRUNC" in text:
                self.ops.append(("size", self.fds[fd], 0, None))

    def rename(self, text):
        old, new = [n.decode() for n in QUOTED.findall(text)]
        self.now[new] = self.now.pop(old)
        self.ops.append(("name", new, self.now[new], old))

    def write(self, call, node, fd, text, got):
        data = codecs.escape_decode(QUOTED.search(text)[1])[0][:got]
        at = self.at[fd]
        if call == "pwrite64":
            at = int(text.rsplit(b",", 1)[1])
        else:
            self.at[fd] += got
        self.ops.append(("data", node, at, data))

    def add(self, line):
        """A line of strace -y; others than calls that did something are not."""
        if not (found := LINE.match(line)) or int(found[3]) < 0:
            return
        call, text, got = found[1].decode(), found[2], int(found[3])
        if call == "openat":
            return self.open(text, got)
        if call == "rename":
            return self.rename(text)
        if call == "unlink":
            name = QUOTED.search(text)[1].decode()
            return self.ops.append(("name", name, None, self.now.pop(name) and None))
        fd = int(re.match(rb"\d+", text)[0])
        if b"/work" not in text.split(b">")[0] or fd not in self.fds:
            return
        node = self.fds[fd]
        if call == "syncfs":
            self.ops.append(("sync", "*", None, None))
        elif call in ("fsync", "fdatasync"):
            self.ops.append(("sync", node, None, None))
        elif call == "ftruncate":
            size = int(text.rsplit(b",", 1)[1])
            self.ops.append(("size", node, size, None))
        elif call == "lseek":
            self.at[fd] = got
        else:
            self.write(call, node, fd, text, got)

    def is_safe(self, i, end):
        """Has a sync before end made operation i safe?"""
        what, node = self.ops[i][0], self.ops[i][1]
        sync = ("sync", "." if what == "name" else node, None, None)
        return any(op in (sync, ("sync", "*", None, None)) for op in self.ops[i:end])

    def state(self, end, pick):
        """The files after a loss; pick(unsafe operation) says what is left."""
        nodes = {n: bytearray(data) for n, data in self.first.items()}
        names = dict(self.old)
        for i in range(end):
            what, node, at, data = self.ops[i]
            fate = "kept" if self.is_safe(i, end) else pick(what)
            if what == "sync" or fate == "lost":
                continue
            if what == "name":
                names.pop(data, None)
                names[node] = at
                continue
            bytes_ = nodes.setdefault(node, bytearray())
            size = at + len(data) if what == "data" else at
            bytes_.extend(bytes(max(0, size - len(bytes_))))
            if what == "size":
                del bytes_[size:]
            elif fate == "cut":
                cut = RANDOM.randrange(len(data) + 1)
                bytes_[at : at + cut] = data[:cut]
                if RANDOM.random() < 0.5 and size == len(bytes_):
                    del bytes_[at + cut :]
            else:
                bytes_[at:size] = bytes(len(data)) if fate == "zero" else data
        return {n: bytes(nodes.get(i, b"")) for n, i in names.items() if i is not None}


def record(argv, files):
    """Runs a job, and says what it did to a disk with these files."""
    trace = ["strace", "-y", "-s", "65536", "-o", "../trace", "-e", "trace=" + TRACED]
    status = run(argv, files, trace)[0]
    disk = Disk(files)
    for line in get("trace").split(b"\n"):
        disk.add(line)
    return disk, status


def numbers(journal):
    """The batches that whole lines of a journal call done."""
    lines = journal.split(b"\n")[:-1]
    return {int(n.split()[1]) for n in lines if n.startswith((b"done ", b"rejected "))}


def gamble():
    """A pick for Disk.state: all by chance, or one fate for everything."""
    fates = ["kept", "lost", "cut", "zero"]
    fixed = RANDOM.choice(fates + [None] * 6)

    def pick(what):
        fate = fixed or RANDOM.choice(fates)
        return fate if what == "data" or fate == "kept" else RANDOM.choice(
            ["kept", "lost"])  # fmt: skip

    return pick


class Job:
    def __init__(self, argv):
        self.argv = argv
        self.start = {} if "--journal" in argv else {"out": OLD}
        self.disk, self.status = record(argv, self.start)
        self.files = left()
        self.batches = {int(n) for n in get("calls").split()}

    def resume(self, files, safe):
        """What is wrong with a run on these files, or None."""
        status, err = run(self.argv, files)
        new = b"\n" not in safe
        if status == 5 and new and files.get("j"):
            return None  # its first line came to harm: that is said
        # a whole line: a run had ended and said what had failed
        told = re.search(rb"\ntold [^\n\0]+\n", files.get("j", b""))
        if status != (0 if told else self.status):
            return f"status {status}: {err!r}"
        for name in ("out", "bad"):
            if left().get(name) != self.files.get(name):
                return f"{name} differs"
        ran = {int(n) for n in get("calls").split()}
        if again := ran & numbers(safe):
            return f"run again: {again}"
        if never := self.batches - ran - numbers(files.get("j", b"")):
            return f"passed over: {never}"
        return None

    def look(self, files, ended):
        """What is wrong with files of a run without a journal, or None."""
        sure = {n: d for n, d in self.files.items() if n != "bad"}
        if ended and any(files.get(n) != d for n, d in sure.items()):
            return "the run has ended, and its files are not all there"
        for name, data in files.items():
            if name == "out" and data not in (OLD, self.files.get("out")):
                return "out is neither old nor new"
            if re.fullmatch(r"part-\d+\.csv", name) and data != self.files.get(name):
                return f"{name} is not whole"
        if "out" in self.start and "out" not in files:
            return "out is gone"
        files = {n: d for n, d in files.items() if not n.startswith("part-")}
        return self.resume(files, b"")

    def lose(self, disk, again):
        """One loss of power, and what is wrong after it."""
        end = min(RANDOM.randrange(len(disk.ops) + 3), len(disk.ops))
        files = disk.state(end, gamble())
        safe = disk.state(end, lambda what: "lost").get("j", b"")
        if "--journal" not in self.argv:
            return self.look(files, end == len(disk.ops))
        if again and RANDOM.random() < 0.1:
            next_disk, status = record(self.argv, files)
            if status in (self.status, 0):
                return self.lose(next_disk, False)
        wrong = self.resume(files, safe)
        if wrong:
            wrong = f"after {end} operations {disk.ops[:end][-3:]}: {files}: {wrong}"
        return wrong


def main():
    bad = 0
    with tempfile.TemporaryDirectory(prefix="power-") as top:
        os.chdir(top)
        os.umask(0o077)
        os.mkdir("work")
        put("in.csv", INPUT)
        jobs = [Job(argv) for argv in JOBS]
        for i in range(STATES):
            job = jobs[i % len(jobs)]
            if wrong := job.lose(job.disk, True):
                bad += 1
                print(f"{' '.join(job.argv)}: state {i}: {wrong}", flush=True)
        os.chdir("/")
    print(f"power loss: {STATES} states of {len(jobs)} jobs, {bad} violations")
    sys.exit(bad > 0)


main()
