"""launch.py FILE SIGNALS COMMAND...: how COMMAND takes signals.

Starts COMMAND with default signals (a shell's background jobs ignore SIGINT),
gives it FILE on a standard input that stays open, waits for its first line,
and sends it SIGNALS, such as TERM or INT,INT, a moment apart.  Prints what it
died of and how many seconds that took.
"""
import os
import signal
import subprocess
import sys
import threading
import time

SIGNALS = [getattr(signal, "SIG" + name) for name in sys.argv[2].split(",")]


def reset():
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(sig, signal.SIG_DFL)


def feed(pipe):
    try:
        with open(sys.argv[1], "rb") as text:
            while block := text.read(65536):
                os.write(pipe, block)
    except BrokenPipeError:
        pass


child = subprocess.Popen(
    sys.argv[3:],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    preexec_fn=reset,
    bufsize=0,
)
threading.Thread(target=feed, args=(child.stdin.fileno(),), daemon=True).start()
child.stdout.readline()
began = time.monotonic()
for sig in SIGNALS:
    child.send_signal(sig)
    time.sleep(0.2)
try:
    status = child.wait(30)
except subprocess.TimeoutExpired:
    child.kill()
    status = "never"
print(status, round(time.monotonic() - began, 1), flush=True)
os._exit(0)
