"""Small jobs of the five programs, how one is run, and what it may leave.

A job runs in a directory of its own, emptied before each run.  Names say what
a file is: "out" is that of -o and holds OLD before, "bad" the rejects, "j" a
journal, "part-*" shards; the other files are input.
"""
import ctypes
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import tempfile

TEXT = b'id,text\n1,a\n2,b\n3,"c\nd"\n4,e,f\n5,g\n6,"h,""i"""\n7,\n'
FIT = TEXT.replace(b"4,e,f\n", b"")
LONG = b"id,text\n" + b"".join(b"%d,%040d\n" % (i, i) for i in range(12000))
OLD = b"id,text\n0,old\n"
FILES = {
    "in.csv": TEXT,
    "fit.csv": FIT,
    "more.csv": b"id,text\n8,x\n9,y\n",
    "long.csv": LONG,
    "list": b"1\n3\n5\n",
    "program": b"id in @list && text != missing",
    "names.csv": b"id,text\n",
}
PICKY = "! grep -q b || exit 1; exec cat /dev/stdin"
SCRIPTS = {
    "PICKY": PICKY,
    "ANSWER": "printf 'id,n\\n7,g\\n6,f\\n5,e\\n3,c\\n2,b\\n'",  # none for 1
    "KEEPS": 'echo x >"$CSVBATCH_DIR/x"; cat',
}

# Name, standard input, program and arguments.
JOBS = [
    ("files", "in.csv", "csvcut -c text,id fit.csv more.csv"),
    ("long", "in.csv", "csvcut -c text long.csv"),
    ("out", "in.csv", "csvcut -c id,text --rejects bad -o out"),
    ("tsv", "fit.csv", "csvcut --to=tsv --expect-records 6 --require-eol"),
    ("program", "fit.csv", "csvfilter -f program --set list=list"),
    ("reject", "in.csv", "csvfilter id>1 --rejects bad -o out --stats"),
    ("count", "fit.csv", "csvfilter --count id>2"),
    ("place", "in.csv", "csvmap n=id+1 -o out out"),
    ("regex", "fit.csv", "csvmap n=sub(text,/[a-e]+/,'z') --on-error=skip"),
    ("batch", "fit.csv", "csvbatch -n 2 -- cat"),
    ("retries", "fit.csv", "csvbatch -b 30 -o out --same-count -j 2 -- cat"),
    ("json", "fit.csv", "csvbatch -g id --to=jsonl --rejects bad -- cat"),
    ("journal", "in.csv", "csvbatch -n 2 --journal j -o out --rejects bad -- cat"),
    ("dropped", "in.csv",
        "csvbatch -n 1 --journal j --no-output --rejects bad -- cat"),
    ("shards", "in.csv", "csvbatch -n 2 -o part-{}.csv --rejects bad"),
    ("values", "in.csv", "csvbatch -o part-{id}.csv --rejects bad"),
    ("bisect", "in.csv",
        "csvbatch -n 4 --bisect --rejects bad -o out -- sh -c PICKY"),
    ("keep", "in.csv",
        "csvbatch -n 2 --keep-going --rejects bad -o out -- sh -c PICKY"),
    ("merge", "fit.csv",
        "csvbatch -n 9 --to=jsonl --merge-by id --rejects bad -o out -- sh -c ANSWER"),
    ("scratch", "fit.csv",
        "csvbatch -n 3 --scratch dir --journal j -o out -- sh -c KEEPS"),
    ("blocks", "fit.csv", "csvpar -j 2 -n 2 -- cat"),
    ("persist", "in.csv", "csvpar -j 2 -p --rejects bad -- cat"),
    ("by", "fit.csv", "csvpar -j 2 --by text --window 3 -- cat"),
    ("raw", "fit.csv", "csvpar -j 2 -n 3 --raw -- cat"),
]  # fmt: skip


def command(bin_dir, line):
    words = [SCRIPTS.get(w, w) for w in line.split()]
    return [os.path.join(bin_dir, words[0])] + words[1:]


class Result:
    def __init__(self, status, out, err, files, left):
        self.status, self.out, self.err = status, out, err
        self.files, self.left = files, left


class Bench:
    """Where jobs run: work is their directory, spool their TMPDIR."""

    def __init__(self):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = tempfile.mkdtemp(prefix="faults-", dir=memory)
        self.work = os.path.join(self.top, "work")
        self.spool = os.path.join(self.top, "spool")
        for path in (self.work, self.spool):
            os.mkdir(path)
        for name, data in FILES.items():
            put(os.path.join(self.work, name), data)

    def close(self):
        shutil.rmtree(self.top)

    def clean(self, line):
        """Nothing is there but the input, and an older out if it fits."""
        for directory in (self.work, self.spool):
            for name in os.listdir(directory):
                if directory == self.spool or name not in FILES:
                    path = os.path.join(directory, name)
                    shutil.rmtree(path) if name == "dir" else os.unlink(path)
        if " out" in line and "--journal" not in line:
            put(os.path.join(self.work, "out"), OLD)

    def run(self, argv, stdin, env=None, limit=10):
        """Runs argv, with pipes for standard input and output."""
        path = os.path.join(self.top, "err")
        out, out_end = os.pipe()
        fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 1 << 20)
        os.set_blocking(out, False)
        data, data_end = os.pipe()
        os.write(data_end, FILES[stdin])
        os.close(data_end)
        base = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": self.spool}
        with open(path, "wb") as err:
            run = subprocess.Popen(argv, stdin=data, stdout=out_end, stderr=err,
                cwd=self.work, env={**base, **(env or {})},
                start_new_session=True, preexec_fn=be_harmless)
        os.close(data)
        os.close(out_end)
        try:
            status = run.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            status = "hangs"
        left = os.listdir(self.spool)
        return Result(status, drain(out), get(path), self.files(), left)

    def files(self):
        """A lock that could not be removed is no file."""
        skip = {*FILES, ".csvbatch~.part"}
        names = sorted(n for n in os.listdir(self.work) if n not in skip)
        return {n: get(os.path.join(self.work, n)) for n in names}


def be_harmless():
    """In the child: a strace that is left alone, or a loop, fills the disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    libc = ctypes.CDLL(None)
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


def get(path):
    """What is in a file, or which names are in a directory."""
    if os.path.isdir(path):
        return os.fsencode(" ".join(os.listdir(path)))
    with open(path, "rb") as f:
        return f.read()


def drain(fd):
    parts = []
    try:
        while data := os.read(fd, 1 << 20):
            parts.append(data)
    except BlockingIOError:
        pass
    os.close(fd)
    return b"".join(parts)


def is_front(got, want):
    """Is got what want begins with, in whole records?"""
    whole = got == b"" or (got.endswith(b"\n") and got.count(b'"') % 2 == 0)
    return want.startswith(got) and whole


def lines(rejects):
    """The rows of a rejects file: their order may differ."""
    return sorted(rejects.split(b"\n")[:-1])


def same_files(got, want):
    """Are they the same, whatever tries a journal notes?"""
    got, want = ({n: lines(d) if n == "bad" else d for n, d in f.items() if n != "j"}
        for f in (got, want))  # fmt: skip
    return got == want


def file_verdict(name, data, want, spare):
    """What is wrong with a file after a run that has failed, or None."""
    if name.endswith(".part"):
        return None if ".part" in spare else f"{name} is left"
    if name.startswith("part-") and data != want.get(name):
        return f"{name} is not whole"
    if name == "bad" and not set(lines(data)) <= set(lines(want["bad"])):
        return "the rejects have a wrong row"
    if name == "bad" and data[-1:] not in (b"", b"\n"):
        return "the rejects end in the middle of a row"
    if name == "out" and data != OLD and not ("out" in spare and data == want["out"]):
        return "the older out is gone"
    return None


def verdict(got, want, fits, program, mute=False, spare=()):
    """
    What is wrong with a run, or None.  fits: statuses of a failed one; mute: it
    could not speak; spare: files that may be there, or new, all the same.
    """
    if got.status == want.status and got.out == want.out:
        if not same_files(got.files, want.files):
            return f"status {got.status}, but the files differ"
        return f"left in TMPDIR: {got.left}" if got.left else None
    if got.status not in fits:
        return f"status {got.status}, not {want.status} or {fits}: {got.err!r}"
    if not got.err.startswith(program.encode() + b": ") and not mute:
        return f"no message, but {got.err!r}"
    if not is_front(got.out, want.out):
        return f"the output is no front of the right one: {got.out!r}"
    if got.left:
        return f"left in TMPDIR: {got.left}"
    if "j" in got.files or "j" in want.files:
        return None  # a resume tells
    for name, data in got.files.items():
        if wrong := file_verdict(name, data, want.files, spare):
            return wrong
    return None if "out" not in want.files or "out" in got.files else "out is gone"
