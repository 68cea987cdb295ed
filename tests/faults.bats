#!/usr/bin/env bats
# What the programs do when the system fails: a sample; make soak has the whole.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	plain
	command -v python3 >/dev/null || skip "no python3"
	seed=1 # the same each day: make soak has the others
}

@test "a system call fails" {
	traced
	python3 "$BATS_TEST_DIRNAME/faults.py" calls "$BIN" 300 "$seed"
}

@test "memory fails" {
	python3 "$BATS_TEST_DIRNAME/faults.py" memory "$BIN" 400 "$seed"
}

@test "a write takes a few bytes only" {
	python3 "$BATS_TEST_DIRNAME/faults.py" short "$BIN"
}

@test "the power fails" {
	traced
	python3 "$BATS_TEST_DIRNAME/power_loss.py" "$BIN" 300 "$seed"
}
