# What the tests of csvpar have in common.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	par=$BIN/csvpar
	bad=$BIN/tests/badchild
}

# Records whose quoted fields hold line ends, of all lengths, so that some of
# them lie across every boundary.  quoted N FILE
quoted() {
	awk -v n="$1" 'BEGIN {
		print "id,text"
		for (i = 1; i <= n; i++) {
			text = sprintf("%*s", i % 61, "")
			gsub(/ /, i % 3 ? "x" : "\n", text)
			printf "%d,\"%s, \"\"q\"\"\"\n", i, text
		}
	}' >"$2"
}

# numbers N FILE
numbers() {
	awk -v n="$1" 'BEGIN {
		print "a,b"
		for (i = 1; i <= n; i++)
			print i ",x" i
	}' >"$2"
}

# says TEXT: the messages are this one.
says() {
	grep -qF -- "$1" err || {
		echo "not said: $1"
		cat err
		false
	}
	[ "$(wc -l <err)" = 1 ]
}

# out is a prefix of FILE that ends at a line end.
is_prefix() {
	head -c "$(wc -c <out)" "$1" | cmp - out
	[ ! -s out ] || [ -z "$(tail -c 1 out)" ]
}

built() {
	[ -x "$BIN/$1" ] || skip "$1 is not built"
}

need() {
	command -v "$1" >/dev/null || skip "no $1"
}
