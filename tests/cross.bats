# The split on processors of another kind than this one's.

load helper

root() {
	cd "$BATS_TEST_DIRNAME/.." && pwd
}

@test "the instruction sets of this processor agree with plain C" {
	"$BIN/tests/cross" >said
	grep -q "plain agree in 4000 texts, differ in 0" said
}

@test "NEON agrees with plain C, under an emulator" {
	command -v aarch64-linux-gnu-gcc >/dev/null ||
		skip "aarch64-linux-gnu-gcc is not installed"
	command -v qemu-aarch64 >/dev/null ||
		skip "qemu-aarch64 is not installed"
	lib=$(root)/lib
	aarch64-linux-gnu-gcc -O2 -static -std=c11 -D_GNU_SOURCE -I"$lib" \
		-o cross "$lib/../tests/cross.c" "$lib/record/split.c" "$lib/mem.c" \
		"$lib/input.c"
	timeout 60 qemu-aarch64 ./cross >said
	grep -q "^neon plain agree in 4000 texts, differ in 0" said
}
