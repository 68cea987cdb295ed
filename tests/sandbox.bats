#!/usr/bin/env bats
# The sandbox of csvcut, csvfilter and csvmap; csvpipe(7).

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	printf 'id,n\n1,5\n2,6\n3,7\n' >in
	printf '1\n2\n' >list
	printf 'k,v\n1,a\n2,b\n' >table
	printf 'n > 0' >test.expr
	printf 'n = n + 0' >map.expr
	mkdir -p out elsewhere/empty
	echo x >elsewhere/file
}

# needs: there is a sandbox, and the library that tries what it refuses.
needs() {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	"$BIN/csvcut" --version | grep -q Landlock || skip "no Landlock"
	"${CC:-cc}" -shared -fPIC -o tries.so \
		"$BATS_TEST_DIRNAME/preload/tries.c" || skip "no glibc"
}

# refused EXCEPT PROGRAM [ARG]...: the program ends well, and what the library
# tried after its last read was refused, but what EXCEPT names.
refused() {
	local except=$1
	shift
	LD_PRELOAD=./tries.so TRIES=tried "$BIN/$1" "${@:2}" >got 2>err || {
		cat err
		return 1
	}
	[ "$(wc -l <tried)" = 16 ]
	grep -v -E -e " (EACCES|EPERM|EXDEV)$" tried | cut -d ' ' -f 1 >bad || true
	[ "$(tr '\n' ' ' <bad)" = "$except" ] || {
		echo "$*:"
		cat tried
		return 1
	}
	[ ! -e ran ]
	[ "$(cat elsewhere/file)" = x ]
}

# all_refused PROGRAM [ARG]...: from standard input; and from FILE operands,
# for which files can be opened for reading.
all_refused() {
	refused '' "$@" <in
	refused 'read list ' "$@" in
	refused 'read list ' "$@" in - in <in
}

@test "whatever the options, what is not needed is refused" {
	needs
	for args in 'csvcut -c id' 'csvcut --to=jsonl' 'csvfilter true' \
		'csvmap n=n+1'; do
		for more in '' '-o out/file' '--rejects out/bad' '--stats' \
			'--progress=out/how' '--log out/log' '-o /dev/null' \
			'-o out/file --rejects out/bad --stats --progress=out/how
			--log out/log --require-eol'; do
			all_refused $args $more
			rm -f out/*
		done
	done
	all_refused csvfilter 'n =~ /[0-9]+/'
	all_refused csvfilter --set s=list 'id in @s'
	all_refused csvfilter --table t=table 'lookup(@t, id, "v") != "z"'
	for more in '-f test.expr' '--arg a=1 id!=arg("a")'; do
		all_refused csvfilter $more
	done
	all_refused csvmap -f map.expr
}

@test "the output appears in its directory, also over an older one" {
	needs
	for name in out/file file ./file "$PWD/out/file"; do
		for i in 1 2; do
			"$BIN/csvcut" -o "$name" <in
			same in "$name"
			"$BIN/csvfilter" -o "$name" true in
			same in "$name"
		done
	done
	"$BIN/csvcut" -o in in # in place
	printf 'a,b\n1\n' | "$BIN/csvcut" -o out/no 2>err || [ $? = 1 ]
	[ "$(ls out)" = file ]
	ln -s nowhere out/link
	"$BIN/csvcut" -o out/link in
	same in out/link
	chmod 300 out
	"$BIN/csvcut" -o out/dark in
	chmod 700 out
	same in out/dark
	mkfifo fifo
	cat fifo >copy &
	"$BIN/csvcut" -o fifo in
	wait $!
	same in copy
}

@test "signals, pipes and the log go on" {
	needs
	mkfifo from
	"$BIN/csvcut" <from >got 2>err 3>&- &
	exec 4>from
	cat in >&4
	sleep 0.1
	kill -USR1 $!
	sleep 0.1
	grep -q '3 records in' err
	kill -TERM $!
	wait $! || [ $? = 143 ]
	exec 4>&-
	export CSVPIPE_LOG=log
	"$BIN/csvcut" in | "$BIN/csvfilter" true | "$BIN/csvmap" -o out/file ''
	same in out/file
	grep -c ',yes,' log | grep -qx 3
	unset CSVPIPE_LOG
	"$BIN/csvcut" <(cat in) <(tail -n 0 in; cat in) /dev/stdin <in >got
	[ "$(wc -l <got)" = 10 ]
	"$BIN/csvcut" in nowhere 2>err >got || [ $? = 3 ]
	like err 'csvcut: nowhere: No such file or directory\n'
	"$BIN/csvpar" -j 1 -- "$BIN/csvfilter" true <in | "$BIN/csvbatch" -n 2 \
		-- sh -c '"$0" | sh -c "cat"' "$BIN/csvcut" >got
	same in got
	! (yes a | "$BIN/csvcut" | head -n 2 >got) || true
	[ "$(wc -l <got)" = 2 ]
}

@test "without Landlock, or with an older one, the programs run" {
	command -v strace >/dev/null || skip "no strace"
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	for error in ENOSYS EOPNOTSUPP EPERM; do
		for call in landlock_create_ruleset landlock_add_rule \
			landlock_restrict_self prctl; do
			strace -o /dev/null -e "inject=$call:error=$error" \
				"$BIN/csvcut" -o out/file in
			same in out/file
		done
	done
	strace -o /dev/null -e inject=landlock_create_ruleset:error=ENOSYS \
		"$BIN/csvcut" --version >got
	grep -qx 'sandbox: none' got
	for version in 1 2 3 4 5 6; do
		strace -o trace -e inject=landlock_create_ruleset:error=E2BIG:when=1 \
			-e inject=landlock_create_ruleset:retval=$version:when=2 \
			"$BIN/csvcut" -o out/file in
		same in out/file
		"$BIN/csvcut" --version | grep -q none ||
			grep -q 'landlock_restrict_self(.*= 0' trace
	done
}

@test "csvbatch and csvpar have none, and do not speak of one" {
	for program in csvbatch csvpar; do
		"$BIN/$program" --version >got
		[ "$(wc -l <got)" = 1 ]
	done
	"$BIN/csvmap" --version | grep -q -x -e 'sandbox: none' \
		-e 'sandbox: Landlock [0-9]*'
}
