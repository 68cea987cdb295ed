#!/usr/bin/env bats
# The sample data is the same for ever: measurements and expected results of
# other days stand on it.

@test "the same options give the same bytes for ever" {
	[ "$("$PARKING" -n 10000 | cksum)" = "969879208 1995375" ]
	[ "$("$PARKING" -n 10000 -s 2 -q 500 -o 20 -a -C | cksum)" = "1760991793 2916844" ]
	[ "$("$PARKING" -n 10000 -f | cksum)" = "2996715782 234270" ]
}

@test "a longer file begins with the shorter one" {
	"$PARKING" 3M >"$BATS_TEST_TMPDIR/long"
	"$PARKING" 1M >"$BATS_TEST_TMPDIR/short"
	size=$(stat -c %s "$BATS_TEST_TMPDIR/short")
	[ "$size" -gt $((1024 * 1024 - 400)) ]
	[ "$size" -le $((1024 * 1024)) ]
	cmp -n "$size" "$BATS_TEST_TMPDIR/long" "$BATS_TEST_TMPDIR/short"
}

@test "43 columns, about 195 bytes, 1 % quoted, job 1 finds its records" {
	command -v python3 >/dev/null || skip "no python3"
	"$PARKING" -n 20000 | python3 -c '
import csv, sys
text = sys.stdin.read()
rows = list(csv.DictReader(text.splitlines(), strict=True))
assert len(rows) == 20000
assert all(len(row) == 43 and None not in row for row in rows)
assert "Days Parking In Effect    " in rows[0]
assert 185 < len(text) / len(rows) < 205, len(text) / len(rows)
quoted = sum("\"" in line for line in text.splitlines())
assert 150 < quoted < 250, quoted
kept = sum(row["Registration State"] == "NJ" and row["Vehicle Make"] == "FORD"
           and row["Issuing Agency"] == "P" for row in rows)
assert 20 < kept < 100, kept
assert len({row["Summons Number"] for row in rows}) == 20000
'
}

@test "a bad option or size is a usage error" {
	run "$PARKING"
	[ "$status" = 2 ]
	run "$PARKING" 10X
	[ "$status" = 2 ]
	run "$PARKING" -n 1 1M 2M
	[ "$status" = 2 ]
}
