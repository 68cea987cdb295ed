#!/usr/bin/env bats
# The price of a record, counted and not timed: the same on a busy machine.

@test "no program spends more instructions on a record than it did" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	command -v valgrind >/dev/null || skip "no valgrind"
	command -v python3 >/dev/null || skip "no python3"
	here="$BATS_TEST_DIRNAME/bench"
	cd "$BATS_TEST_TMPDIR"
	"$here/instructions" "$here/instructions.txt" >table || {
		cat table
		false
	}
	! grep -q '^skipped' table || skip "$(sed 's/^skipped: //' table)"
}
