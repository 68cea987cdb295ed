#!/usr/bin/env bats
# Each bug that was found stays as a directory of tests/bugs: run is a line of
# shell, in its input; out is what it writes, err what it says, with its status.

load helper

@test "no bug comes back" {
	for bug in "$BATS_TEST_DIRNAME"/bugs/*; do
		echo "$bug:"
		got=0
		sh "$bug/run" <"$bug/in" >out 2>err || got=$?
		echo "status $got" >>err
		same "$bug/out" out
		same "$bug/err" err
	done
}
