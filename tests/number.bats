#!/usr/bin/env bats
# The arithmetic of lib/number against Python's integers; make soak has more.

@test "decimals, and doubles of sums, products and quotients, are what Python computes" {
	command -v python3 >/dev/null || skip "no python3"
	count=200000
	[ -z "${CSVPIPE_SAN:-}" ] || count=50000
	"$BATS_TEST_DIRNAME/number_oracle.py" "$BIN/tests/number_calc" "$count"
}
