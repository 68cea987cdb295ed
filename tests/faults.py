"""faults.py WHAT BIN [SAMPLE [SEED]]: the programs when the system fails.

Runs each job of faults_jobs.py again and again, with one fault each time:
  calls   a system call fails at its n-th time, with each errno that fits it,
          once and from then on; strace injects it, into our program only
  memory  the n-th allocation fails, once and from then on
  short   a write takes no more than so many bytes
A run ends as if nothing had been, or with status 3 and a message; what it has
written is a front of what is right, the older -o FILE stands, nothing is left
behind, and a run with a journal can go on.  With SAMPLE only so many runs,
picked at random.  Prints the violations, and their number at the end.
"""
import os
import random
import re
import signal
import subprocess
import sys

import faults_jobs as jobs

PRELOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "preload")

TRIES = 10  # to have a fault come about

# What a call fails with; once only for what a program tries again for ever.
AGAIN = {"EINTR", "EAGAIN"}
READ = ["EIO", "ENOMEM", "EINTR"]
WRITE = ["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EPERM", "EINTR"]
SYNC = ["EIO", "ENOSPC", "EDQUOT"]
STAT = ["EIO", "ENOMEM"]
ERRNOS = {
    "read": READ, "pread64": READ, "write": WRITE, "pwrite64": WRITE,
    "fsync": SYNC, "fdatasync": SYNC, "syncfs": SYNC,
    "ftruncate": ["EIO", "EPERM", "ENOSPC"],
    "fallocate": ["EOPNOTSUPP", "ENOSYS", "EIO", "ENOSPC"],
    "openat": ["EMFILE", "ENFILE", "ENOMEM", "EIO", "EACCES"],
    "newfstatat": STAT, "statx": STAT, "faccessat2": ["EIO", "EACCES"],
    "rename": ["EIO", "ENOSPC", "EACCES", "EROFS"],
    "unlink": ["EIO", "EPERM", "EROFS"], "fchmod": ["EPERM", "EIO"],
    "flock": ["ENOLCK", "EAGAIN"], "lseek": ["EIO"],
    "pipe2": ["EMFILE", "ENFILE"], "vfork": ["EAGAIN", "ENOMEM"],
    "ppoll": ["EINTR", "ENOMEM"], "poll": ["EINTR", "ENOMEM"],
    "wait4": ["EINTR"], "kill": ["EPERM"], "mmap": ["ENOMEM"],
    "mremap": ["ENOMEM"], "munmap": ["ENOMEM"], "madvise": ["EAGAIN"],
    "prlimit64": ["EPERM"], "close_range": ["ENOSYS"], "brk": ["full"],
    "getrandom": ["ENOSYS"], "setpgid": ["EACCES", "ESRCH"],
    "mkdir": ["EIO", "EACCES", "ENOSPC"], "rmdir": ["EIO", "EBUSY"],
    "getcwd": ["EIO"],
    "landlock_create_ruleset": ["ENOSYS", "EOPNOTSUPP", "E2BIG", "EMFILE"],
    "landlock_add_rule": ["EBADF"], "landlock_restrict_self": ["E2BIG"],
    "prctl": ["EINVAL"],
    "readlink": ["EIO"], "getdents64": ["EIO"], "ioctl": ["EINVAL"],
}  # fmt: skip
FCNTL = {
    "F_DUPFD_CLOEXEC": ["EMFILE"], "F_SETLK": ["EAGAIN", "ENOLCK"],
    "F_SETPIPE_SZ": ["EPERM", "EBUSY"], "F_GETPIPE_SZ": ["EINVAL"],
}  # fmt: skip
# They cannot fail, or only for a program that is wrong.
SURE = {
    "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigreturn",
    "exit_group", "getpid", "geteuid", "getrusage", "clock_nanosleep",
    "restart_syscall", "clock_gettime",
}  # fmt: skip


def errnos(name, text):
    """What this call, a line of strace -y, can fail with."""
    if name in SURE:
        return []
    if name == "fcntl":
        return next((e for k, e in FCNTL.items() if k in text), [])
    is_file = "</" in text.split(",")[0].split(")")[0]
    if name == "close":  # a pipe that stays open is another fault
        own = is_file or text.startswith("close(1<")
        return ["EIO", "ENOSPC", "EINTR"] if own else []
    if name not in ERRNOS:
        sys.exit(f"what can {name} fail with? add it to ERRNOS or SURE")
    fits = list(ERRNOS[name])
    if name == "openat" and ("O_CREAT" in text or "O_TMPFILE" in text):
        fits += ["ENOSPC", "EROFS", "EDQUOT"]
        fits += ["EOPNOTSUPP"] if "O_TMPFILE" in text else []
    if name == "openat" and "/proc/self/fd" in text:
        fits += ["ENOENT"]
    if name in ("read", "write") and "<pipe:" in text:
        fits = ["EIO", "ENOMEM", "EINTR", "EAGAIN"]
    if text.startswith("write(1<"):
        fits = WRITE + ["EPIPE"]
    return fits


class Call:
    def __init__(self, name, nth, text, renamed):
        self.name, self.nth, self.text, self.renamed = name, nth, text, renamed
        self.injected = text.endswith("(INJECTED)")


def calls_in(log):
    """The calls of a log of strace -y; renamed: out has its name before."""
    seen, calls, renamed = {}, [], False
    for text in log.decode(errors="replace").splitlines():
        if not (found := re.match(r"(\w+)\(", text)):
            continue
        name = found[1]
        seen[name] = seen.get(name, 0) + 1
        renamed = renamed or (name == "rename" and '"out"' in text)
        calls.append(Call(name, seen[name], text, renamed))
    return calls


def calls_of(bench, argv, stdin):
    """The calls of an undisturbed run, without the loader's before main."""
    path = os.path.join(bench.top, "trace")
    bench.run(["strace", "-y", "-o", path] + argv, stdin)
    calls = calls_in(jobs.get(path))
    texts = [call.text for call in calls]  # what main does first:
    return calls[next(i for i, t in enumerate(texts) if t.startswith("fcntl(0")) :]


def is_loss(call, errno):
    """Has the program no right to go on as if nothing had been?"""
    if errno in AGAIN | {"EPIPE"} or call.text.startswith("write(2<"):
        return False
    if call.name == "close" and "csvbatch~.part" not in call.text:
        return any(end in call.text for end in (".part>", "/bad>", "close(1<"))
    return call.name in ("write", "pwrite64", "fsync", "fdatasync", "rename")


def inject(call, errno, more):
    how = "retval=0" if errno == "full" else f"error={errno}"
    if errno == "EPIPE":
        how += ":signal=SIGPIPE"
    return f"inject={call.name}:{how}:when={call.nth}{more}"


class Job:
    """A job, and what it does undisturbed."""

    def __init__(self, bench, bin_dir, name, stdin, line):
        self.bench, self.name, self.stdin, self.line = bench, name, stdin, line
        self.argv = jobs.command(bin_dir, line)
        self.program = line.split()[0]
        self.missed = 0  # faults that did not come about
        self.want = self.run([])

    def run(self, prefix, env=None):
        self.bench.clean(self.line)
        return self.bench.run(prefix + self.argv, self.stdin, env)

    def resumed(self):
        """What is wrong when the run goes on, or None."""
        got = self.bench.run(self.argv, self.stdin)
        if got.status != self.want.status:
            return f"resumed: status {got.status}: {got.err!r}"
        same = jobs.same_files(got.files, self.want.files)
        return None if same else "resumed: the files differ"

    def judge(self, got, **how):
        fits = {3, 5} if "--journal" in self.line else {3}
        fits = how.pop("fits", fits | how.pop("more", set()))
        wrong = jobs.verdict(got, self.want, fits, self.program, **how)
        if wrong is None and "--journal" in self.line:
            wrong = self.resumed()
        return wrong


def call_cases(job):
    job.bench.clean(job.line)
    for call in calls_of(job.bench, job.argv, job.stdin):
        for errno in errnos(call.name, call.text):
            once = call.name == "close" or errno in AGAIN | {"EPIPE"}
            for more in [""] if once else ["", "+"]:
                yield job, call, errno, more


def run_call(job, what, name):
    """Runs a job; its result, and the calls that strace let fail."""
    trace = os.path.join(job.bench.top, "trace")
    got = job.run(["strace", "-qqy", "-o" + trace, f"-etrace={name},rename",
        "-esignal=none", "-e", what])  # fmt: skip
    return got, [c for c in calls_in(jobs.get(trace)) if c.injected]


def judge_call(job, got, hit, errno):
    """Judges a run by what failed in it, which is not always what should."""
    fits, spare = set(), set()
    if errno == "EPIPE":
        fits = {-13}
    if "/bin/" in hit[0].text:  # the command is looked up
        fits = {126, 127}
    mute = errno == "EPIPE" or any(c.text.startswith("write(2<") for c in hit)
    if any(call.renamed for call in hit):
        spare.add("out")
    if hit[0].name == "newfstatat" or (hit[0].name, errno) == ("flock", "EAGAIN"):
        spare.add(".part")  # perhaps it is of somebody else
    wrong = job.judge(got, more=fits, mute=mute, spare=spare)
    if wrong or got.status != job.want.status:
        return wrong
    lost = any(is_loss(call, errno) for call in hit)
    return f"status {got.status}: the error has no effect" if lost else None


def try_call(case):
    """
    The n-th call of csvpar is not the same one each time.  A run in which none
    failed has all that is right; then, and where another call failed for which
    this errno is none, the job runs again.
    """
    job, call, errno, more = case
    what = inject(call, errno, more)
    for _ in range(TRIES):
        got, hit = run_call(job, what, call.name)
        if not hit:
            wrong = job.judge(got, fits=())
        elif errno in errnos(hit[0].name, hit[0].text):
            wrong = judge_call(job, got, hit, errno)
            return f"{what}  # {hit[0].text[:100]}", wrong
        else:
            continue
        if wrong:
            return f"{what}: not injected", wrong
    job.missed += 1
    return what, None


def memory_cases(job):
    path = os.path.join(job.bench.top, "count")
    job.run([], {"LD_PRELOAD": job.bench.nomem, "NOMEM_COUNT": path})
    job.allocations = int(jobs.get(path))
    for n in range(1, job.allocations + 1):
        for once in (True, False):
            yield job, n, once


def try_memory(case):
    job, n, once = case
    env = {"NOMEM_AFTER": str(n), **({"NOMEM_ONCE": "1"} if once else {})}
    got = job.run([], {"LD_PRELOAD": job.bench.nomem, **env})
    # The last one is that of "1 record rejected": FILE is there by then.
    spare = {"out"} if n == job.allocations and got.files.get("bad") else ()
    return str(env), job.judge(got, spare=spare)


def short_cases(job):
    return [(job, n) for n in (1, 2, 7, 100)]


def try_short(case):
    job, n = case
    got = job.run([], {"LD_PRELOAD": job.bench.short, "SHORT_BYTES": str(n)})
    return f"SHORT_BYTES={n}", job.judge(got)


def build(bench, name):
    path = os.path.join(bench.top, name + ".so")
    source = os.path.join(PRELOAD, name + ".c")
    cc = os.environ.get("CC", "cc")
    subprocess.run([cc, "-shared", "-fPIC", "-o", path, source], check=True)
    return path


def main():
    what, bin_dir = sys.argv[1], os.path.abspath(sys.argv[2])
    sample = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    cases_of, attempt = {
        "calls": (call_cases, try_call),
        "memory": (memory_cases, try_memory),
        "short": (short_cases, try_short),
    }[what]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and clean up
    bench = jobs.Bench()
    only = os.environ.get("JOB", "").split()  # of programs, or of these names
    try:
        bench.nomem, bench.short = build(bench, "nomem"), build(bench, "short")
        all_jobs = [
            Job(bench, bin_dir, *j)
            for j in jobs.JOBS
            if not only or j[0] in only or j[2].split()[0] in only
        ]
        cases = [c for job in all_jobs for c in cases_of(job)]
        if sample:
            cases = random.Random(seed).sample(cases, min(sample, len(cases)))
        bad = 0
        for case in cases:
            fault, wrong = attempt(case)
            if wrong:
                bad += 1
                print(f"{case[0].name}: {fault}: {wrong}", flush=True)
    finally:
        bench.close()
    missed = sum(job.missed for job in all_jobs)
    print(f"{what}: {len(cases) - missed} faults in {len(all_jobs)} jobs, "
        f"{missed} did not come about, {bad} violations")  # fmt: skip
    sys.exit(bad > 0)


main()
