"""memory.py NAME=FILE...: the memory of jobs over time, as an SVG.

A FILE is CSV, seconds,program,kib, as tests/neighbours/jobs writes it; a job is
drawn as the sum of its programs.
"""
import csv
import sys
from collections import defaultdict

WIDTH, HEIGHT, LEFT, TOP = 640, 300, 70, 30
COLOURS = ["#1f6fb2", "#c0392b", "#2e8b57"]


def read(name):
    """The seconds and the MiB of a job's samples."""
    total = defaultdict(int)
    for row in csv.DictReader(open(name, newline="")):
        if row["program"] not in ("bash", "setsid"):
            total[float(row["seconds"])] += int(row["kib"])
    began = min(total)
    return [(t - began, kib / 1024) for t, kib in sorted(total.items())]


jobs = [(a.split("=")[0], read(a.split("=")[1])) for a in sys.argv[1:]]
most_s = max(t for _, points in jobs for t, _ in points)
most_mib = max(mib for _, points in jobs for _, mib in points)


def place(seconds, mib):
    return (f"{LEFT + seconds / most_s * WIDTH:.1f},"
            f"{TOP + HEIGHT - mib / most_mib * HEIGHT:.1f}")


print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + LEFT + 30}" '
      f'height="{HEIGHT + TOP + 50}" font-family="sans-serif" font-size="13">')
print('<rect width="100%" height="100%" fill="white"/>')
for part in range(5):
    x, y = place(most_s * part / 4, most_mib * part / 4).split(",")
    print(f'<path d="M{LEFT} {y}h{WIDTH}" stroke="#ddd"/>')
    print(f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">'
          f'{most_mib * part / 4:.0f}</text>')
    print(f'<text x="{x}" y="{TOP + HEIGHT + 18}" text-anchor="middle">'
          f'{most_s * part / 4:.0f}</text>')
print(f'<text x="{LEFT}" y="{TOP - 10}">MiB</text>')
print(f'<text x="{LEFT + WIDTH}" y="{TOP + HEIGHT + 38}" text-anchor="end">'
      'seconds</text>')
for i, (name, points) in enumerate(jobs):
    line = " ".join(place(*point) for point in points)
    top = max(mib for _, mib in points)
    print(f'<polyline points="{line}" fill="none" stroke-width="2" '
          f'stroke="{COLOURS[i]}"/>')
    print(f'<text x="{LEFT + 20}" y="{TOP + 20 + 20 * i}" '
          f'fill="{COLOURS[i]}">{name}: at most {top:.0f} MiB</text>')
print("</svg>")
