"""blocked.py WHERE SIGNALS COMMAND...: a signal while a neighbour is blocked.

Starts COMMAND with default signals (a shell's background jobs ignore SIGINT)
in a session of its own.  Its input is FILE of the environment, and stays open.
WHERE is what nobody serves: in (no input comes), rest (none comes behind FILE),
out or err (a pipe that is full), or pipe (COMMAND's workers do not read).  Waits
until
COMMAND and its children sleep, sends SIGNALS such as TERM or INT,INT a moment
apart, and prints what COMMAND died of, the seconds that took, and how many
processes of it were left.  Those are killed.
"""
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

where, signals, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
mark = "BLOCKED_PY=%d" % os.getpid()


def reset():
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(sig, signal.SIG_DFL)


def full_pipe():
    """The end to write to of a pipe that is full, whose other end is open."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    try:
        while True:
            os.write(into, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(into, True)
    return into


def read_all(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def ours():
    """The processes that have our mark in their environment, without zombies."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if mark.encode() in read_all(f"/proc/{pid}/environ"):
            state = read_all(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            if state and state[0] != b"Z":
                yield int(pid), state


def settled():
    """Nobody ran since the last look."""
    times = [(pid, s[0], s[11], s[12]) for pid, s in ours()]
    return times if all(s[1] == b"S" for s in times) else None


def feed(pipe):
    try:
        with open(os.environ["FILE"], "rb") as text:
            while block := text.read(65536):
                os.write(pipe, block)
    except BrokenPipeError:
        pass


null = os.open(os.devnull, os.O_RDWR)
child = subprocess.Popen(
    command,
    stdin=subprocess.PIPE,
    stdout=full_pipe() if where == "out" else null,
    stderr=full_pipe() if where == "err" else null,
    env={**os.environ, mark.partition("=")[0]: mark.partition("=")[2]},
    preexec_fn=reset,
    start_new_session=True,
    bufsize=0,
)
if where != "in":
    threading.Thread(
        target=feed, args=(child.stdin.fileno(),), daemon=True
    ).start()
before, quiet, end = None, 0, time.monotonic() + 20
while quiet < (24 if where == "err" else 4) and time.monotonic() < end:
    now = settled()
    quiet = quiet + 1 if now and now == before else 0
    before = now
    time.sleep(0.05)
began = time.monotonic()
for sig in signals:
    child.send_signal(getattr(signal, "SIG" + sig))
    time.sleep(0.2)
try:
    status = child.wait(15)
except subprocess.TimeoutExpired:
    status = "never"
took = time.monotonic() - began
left = [pid for pid, _ in ours()]
for pid in left:
    os.kill(pid, signal.SIGKILL)
print(status, round(took, 1), len(left), flush=True)
os._exit(0)
