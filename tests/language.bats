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
