#!/usr/bin/env bats
# Words of the language against Python.

load helper

oracle() {
	command -v python3 >/dev/null || skip "no python3"
	"$BATS_TEST_DIRNAME/language_oracle.py" "$BIN" "$@"
}

@test "upper, lower and title of every code point are those of Unicode" {
	oracle case
}

@test "--first and --count --by are what a dict of Python says" {
	oracle keys 50000 20000
}

@test "a key of --first takes at most 48 bytes, and 72 while the table grows" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	peak() { # of $1 keys, in bytes a key, beside what one takes
		seq -f 'key %.0f' "$1" | "$BIN/tests/peak" kib \
			"$BIN/csvfilter" -H true --first 1 --count >out
		[ "$(cat out)" = "$1" ]
		echo $((($(cat kib) - base) * 1024 / $1))
	}
	base=0
	peak 1 >/dev/null
	base=$(cat kib)
	# the last growth was at 699050 keys
	[ "$(peak 699100)" -le 73 ]
	[ "$(peak 1390000)" -le 48 ]
}

@test "prev: sums, fill-down and changes are those of Python" {
	oracle prev 50000
}

@test "lookup: what a dict of Python says" {
	oracle lookup 20000 5000
}

@test "a row of a table takes at most 16 bytes beside its text" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	awk 'BEGIN {
		print "id,name"
		for (i = 0; i < 500000; i++)
			print "key " i ",a name of " i
	}' >table
	printf 'id\nkey 7\n' >in
	"$BIN/tests/peak" base "$BIN/csvmap" 'x = 1' in >out
	"$BIN/tests/peak" kib "$BIN/csvmap" --table t=table \
		'x = lookup(@t, id, "name")' in >out
	[ "$(tail -n 1 out)" = "key 7,a name of 7" ]
	size=$(wc -c <table)
	[ $((($(cat kib) - $(cat base)) * 1024 - size)) -le $((500000 * 16)) ]
}
