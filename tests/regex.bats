#!/usr/bin/env bats
# The regular expressions of the language against Python's re.

load helper

@test "216: what matches is what Python's re matches" {
	command -v python3 >/dev/null || skip "no python3"
	"$BATS_TEST_DIRNAME/regex_oracle.py" "$BIN/csvmap"
}

@test "216: a filter whose pattern is anchored knows letters that are not ASCII" {
	printf 'a\n\303\251t\303\251\n12\n\331\243\n-\n' >in
	printf 'a\n\303\251t\303\251\n12\n\331\243\n' >want
	"$BIN/csvfilter" 'a =~ /^\w/' <in >out
	cmp want out
	printf 'a\n\303\251t\303\251\n\331\243\n-\n' >want
	"$BIN/csvfilter" 'a =~ /^\D/' <in >out
	cmp want out
	printf 'a\n12\n' >want
	"$BIN/csvfilter" 'a =~ /^\d/' <in >out
	cmp want out
}
