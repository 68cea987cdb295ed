#!/usr/bin/env python3
"""The two parking jobs as a plain program of Python's csv module.

usage: jobs.py 1|2 < parking.csv

Job 1 keeps the police's violations by New Jersey Fords, with one address
column.  Job 2 appends the days from the violation to the registration's
expiry, -1 where either date is unusable.  What csvpipe answers is compared
with this, record by record, and timed against it.
"""

import csv
import datetime
import re
import sys

# What the language's date(x) reads: the day as written, with or without a time.
ISO_DATE = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d))"
    r"(?:[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
    r"(?:Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
# And date(x, "%Y%m%d.0", "%Y%m%d"): %d may have one digit, %m before it not.
EXPIRATION = re.compile(r"(\d{4})(\d\d)(\d\d?)(?:\.0)?", re.ASCII)


def to_date(pattern, text):
    """The date that text is by pattern, or None."""
    match = pattern.fullmatch(text)
    if match is None:
        return None
    year, month, day = [int(x) for x in match.groups()[:6] if x][:3]
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def job1(rows, writer):
    header = next(rows)
    state = header.index("Registration State")
    make = header.index("Vehicle Make")
    agency = header.index("Issuing Agency")
    house = header.index("House Number")
    street = header.index("Street Name")
    ford = (
        row
        for row in rows
        if row[state] == "NJ" and row[make] == "FORD" and row[agency] == "P"
    )
    police = (
        (
            row[make],
            "police" if row[agency] == "P" else row[agency],
            ", ".join((row[house], row[street], row[state])),
        )
        for row in ford
    )
    writer.writerow(("vehicle_make", "issuing_agency", "address"))
    writer.writerows(police)


def job2(rows, writer):
    header = next(rows)
    issued = header.index("Issue Date")
    expires = header.index("Vehicle Expiration Date")
    writer.writerow([*header, "days_until_expiration"])
    for row in rows:
        end = to_date(EXPIRATION, row[expires])
        start = to_date(ISO_DATE, row[issued])
        usable = end is not None and start is not None
        writer.writerow([*row, (end - start).days if usable else -1])


def main():
    # Latin-1 carries every byte through unchanged.
    options = {"encoding": "latin-1", "newline": ""}
    with open(0, **options) as source, open(1, "w", **options) as sink:
        rows = csv.reader(source, strict=True)
        writer = csv.writer(sink, lineterminator="\n")
        {"1": job1, "2": job2}[sys.argv[1]](rows, writer)


if __name__ == "__main__":
    main()
