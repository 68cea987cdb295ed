#!/usr/bin/env bats
# The arithmetic of lib/number against Python's decimal.

@test "decimals are what Python's decimal computes" {
	command -v python3 >/dev/null || skip "no python3"
	"$BATS_TEST_DIRNAME/number_oracle.py" "$BIN/tests/number_calc" 600000
}
