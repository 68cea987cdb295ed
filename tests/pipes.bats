#!/usr/bin/env bats
# Pipes, files, descriptors, signals, errors: section 6 of the cases.

load helper

# A table of some 600 kB with quotes, line ends and odd records.
table() {
	"$PARKING" -n 3000 -q 300
	"$PARKING" -n 3000 -q 300 -o 20 | tail -n +2
}

# feed PROGRAM FILE [ARG]...: PROGRAM as cat on FILE.
feed() {
	all "$1" "${@:3}" <"$2"
}

@test "each of the three is cat on every kind of line end, quote and byte" {
	printf 'a,b\n1,"x\ny"\n,\n"",""\n5" pipe,\n' >lf
	printf 'a,b\r\n1,"x\r\ny"\r\n,\r\n"",""\r\n5" pipe,\r\n' >crlf
	printf 'a,b\r1,"x\ry"\r,\r"",""\r5" pipe,\r' >cr
	printf 'a,b\n1,"x\r\ny"\r\n,\n"",""\r\n5" pipe,\r\n' >mixed
	printf 'a,b\n\0,"\0"\n\377\376,\303\n\200"\0,"a""\0"\n' >bytes
	printf 'a\n1\n""\n" "\n x\n' >column
	table >long
	for program in $FILTERS; do
		for file in lf crlf cr mixed bytes column long; do
			echo "$program $file"
			feed "$program" $file >out
			same $file out
			"$BIN/tests/start" -s "$BIN/$program" \
				"$(all_of "$program")" <$file >out
			same $file out
			[ $file = long ] && size=61 || size=1
			"$BIN/tests/drip" "$size" <$file | all "$program" >out
			same $file out
			all "$program" $file >out
			same $file out
			all "$program" - <$file | cat >out
			same $file out
		done
	done
}

@test "a pipeline of the three is cat, too" {
	table >in
	all csvcut <in | all csvfilter | all csvmap | all csvcut >out
	same in out
}

@test "88: a reader that is gone ends each of them by SIGPIPE, quietly" {
	for program in $FILTERS; do
		"$BIN/tests/start" -d 13 bash -c '
			yes "1,2" | { "$@" 2>err; echo $? >status; } | head -1 >out
		' - "$BIN/$program" "$(all_of "$program")"
		[ "$(cat status)" = 141 ]
		like out '1,2\n'
		like err ''
	done
}

@test "a reader that is gone is noticed while the input is silent" {
	for command in "csvcut -c 1" "csvfilter true" "csvmap x=1" "csvbatch -n 1 -- cat" \
		"csvpar -- cat" "csvpar -p -- cat" "csvpar -p -u -- cat"; do
		for lines in '' 'a,b\n' 'a,b\n1,2\n'; do
			echo "$command <<< '$lines'"
			rm -f silent
			mkfifo silent
			"$BIN/tests/start" -d 13 bash -c '
				exec 3<>silent
				printf "$1" >&3
				{ timeout 20 "$BIN"/$2 <&3 2>err; echo $? >status; } | sleep 0.1
			' - "$lines" "$command"
			[ "$(cat status)" = 141 ]
			like err ''
		done
	done
	# where nothing is written, nobody need read it
	for program in csvbatch csvpar; do
		{ printf 'a\n1\n'; sleep 1; } | {
			"$BIN/$program" -n 9 --no-output -- sh -c 'cat >seen' 2>err
			echo $? >status
		} | true
		like status '0\n'
		like seen 'a\n1\n'
	done
}

@test "89: also where the parent ignored SIGPIPE" {
	for program in $FILTERS; do
		"$BIN/tests/start" -i 13 bash -c '
			yes "1,2" | { "$@" 2>err; echo $? >status; } | head -1 >out
		' - "$BIN/$program" "$(all_of "$program")"
		[ "$(cat status)" = 141 ]
		like err ''
	done
}

# writes STATUS ERR: each program as cat on in, with what is run by "into".
full() {
	local got=0 program
	for program in $FILTERS; do
		got=0
		feed "$program" in >/dev/full 2>err || got=$?
		: >out
		ends "$got" 3 '' '@: write error: No space left on device\n'
	done
}

@test "90: a full disk, found out only at the end" {
	[ -c /dev/full ] || skip "no /dev/full"
	put 'a,b\n1,2\n'
	full
}

@test "91: a full disk in the middle" {
	[ -c /dev/full ] || skip "no /dev/full"
	"$PARKING" 3M >in
	full
}

@test "91: no more work is done behind the write that failed" {
	[ -c /dev/full ] || skip "no /dev/full"
	for program in $FILTERS; do
		got=0
		yes 1,2 | timeout 20 "$BIN/$program" "$(all_of "$program")" \
			2>err >/dev/full || got=$?
		[ "$got" = 3 ]
		like err "$program: write error: No space left on device\n"
	done
}

# on_silent PROGRAM [ARG]...: PROGRAM as the filter that lets everything through
# on a pipe that holds what is in in, and neither has more nor ends.
on_silent() {
	rm -f pipe
	mkfifo pipe
	exec 7<>pipe
	cat in >&7
	timeout 20 "$BIN/$1" "$(all_of "$1")" "${@:2}" <pipe 7>&- 2>err
}

@test "what cannot be written ends a run while the input is silent" {
	[ -c /dev/full ] || skip "no /dev/full"
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		got=0
		on_silent "$program" >/dev/full || got=$?
		: >out
		ends "$got" 3 '' '@: write error: No space left on device\n'
	done
	{ printf 'a,b\n1,2,'; head -c 5000 /dev/zero | tr '\0' x; echo; } >in
	for program in $FILTERS; do
		got=0
		(ulimit -f 1 && on_silent "$program" --rejects rej) \
			>/dev/null || got=$?
		[ "$got" = 3 ]
		grep -q 'rej: write error: File too large' err
	done
}

@test "a reader that goes ends a run by SIGPIPE while the input is silent" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		{
			got=0
			on_silent "$program" || got=$?
			echo "$got" >status
		} | {
			head -n 1 >out
			exec <&-
			echo 3,4 >pipe
		}
		[ "$(cat status)" = 141 ]
		like err ''
	done
}

@test "92: a file that may not grow is an error, not a signal" {
	"$PARKING" 3M >in
	for program in $FILTERS; do
		got=0
		(ulimit -f 1024 && feed "$program" in >out 2>err) || got=$?
		[ "$got" = 3 ]
		like err "$program: write error: File too large\n"
		cmp -n $((1024 * 1024)) in out
		[ "$(stat -c %s out)" -le $((1024 * 1024)) ]
	done
}

@test "93: close fails: an error" {
	traced
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		got=0
		strace -o trace -e trace=close -P "$PWD/out" \
			-e inject=close:error=EIO "$BIN/$program" \
			"$(all_of "$program")" <in >out 2>err || got=$?
		ends "$got" 3 = '@: write error: Input/output error\n'
	done
}

@test "94: standard output is closed: an error where there is output" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		got=0
		feed "$program" in >&- 2>err || got=$?
		: >out
		ends "$got" 3 '' '@: write error: Bad file descriptor\n'
		all "$program" </dev/null >&- 2>err
		like err ''
	done
}

@test "95: standard input is closed: an error" {
	for program in $FILTERS; do
		got=0
		all "$program" <&- >out 2>err || got=$?
		ends "$got" 3 '' '@: standard input: Bad file descriptor\n'
	done
}

@test "96, 97: closed descriptors in every combination" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		feed "$program" in >out 2>&-
		same in out
		got=0
		all "$program" <&- >out 2>&- || got=$?
		[ "$got" = 3 ]
		got=0
		feed "$program" in >&- 2>&- || got=$?
		[ "$got" = 3 ]
		got=0
		all "$program" <&- >&- 2>err || got=$?
		: >out
		ends "$got" 3 '' '@: standard input: Bad file descriptor\n'
		got=0
		all "$program" <&- >&- 2>&- || got=$?
		[ "$got" = 3 ]
		all "$program" -o file in <&- >&- 2>&-
		same in file
		rm file
		got=0
		all "$program" --rejects bad in <&- >&- 2>&- || got=$?
		[ "$got" = 3 ]
		like bad 'file,record,line,byte,reason,raw\n'
	done
}

@test "98: standard input is a directory: an error" {
	for program in $FILTERS; do
		got=0
		all "$program" </tmp >out 2>err || got=$?
		ends "$got" 3 '' '@: standard input: Is a directory\n'
		got=0
		all "$program" /tmp </dev/null >out 2>err || got=$?
		ends "$got" 3 '' '@: /tmp: Is a directory\n'
	done
}

@test "98: a file that is not there, or may not be read" {
	for program in $FILTERS; do
		got=0
		all "$program" none >out 2>err || got=$?
		ends "$got" 3 '' '@: none: No such file or directory\n'
		put 'a\n1\n'
		got=0
		all "$program" in none >out 2>err || got=$?
		ends "$got" 3 = '@: none: No such file or directory\n'
	done
}

# under CALL[:WHAT] PROGRAM BYTES [MS]: PROGRAM as cat on in, that comes in
# pieces of BYTES, where the CALLs on its input or output fare as WHAT says.
under() {
	local got=0
	mkfifo from to
	cat to >out 3>&- &
	"$BIN/tests/drip" "${@:3}" <in >from 2>/dev/null 3>&- &
	strace -o trace -P "$PWD/from" -P "$PWD/to" -e "trace=${1%%:*}" \
		-e "inject=$1" "$BIN/$2" "$(all_of "$2")" <from >to 2>err || got=$?
	wait
	rm from to
	return $got
}

@test "100: a read fails: what came before is out, and the byte is named" {
	traced
	for program in $FILTERS; do
		for n in 1 2 3; do
			put 'a,b\n1,2\n3,4\n5,6\n'
			got=0
			under read:error=EIO:when=$n "$program" 8 || got=$?
			at=$((8 * (n - 1)))
			head -c $at in >part
			mv part in
			[ $n = 1 ] && at= || at="byte $at: "
			ends "$got" 3 = "@: standard input: ${at}Input/output error\n"
		done
		put 'a,b\n1,2\n3,4\n'
		got=0
		under read:error=EIO:when=2 "$program" 6 || got=$?
		ends "$got" 3 'a,b\n' '@: standard input: byte 6: Input/output error\n'
	done
}

@test "101: EINTR in every other read, write and wait is no error" {
	traced
	"$PARKING" -n 300 -q 300 >in
	for program in $FILTERS; do
		for call in read write ppoll; do
			under $call:error=EINTR:when=1+2 "$program" 4000
			same in out
			grep -q INJECTED trace
		done
	done
}

@test "101: a wait that cannot be is left to read" {
	traced
	put 'a,b\n1,2\n3,4\n'
	for program in $FILTERS; do
		under ppoll:error=ENOMEM "$program" 4 10
		same in out
	done
}

@test "91: ENOSPC at the n-th write leaves whole records before it" {
	traced
	put 'a,b\n1,2\n3,4\n5,6\n'
	for program in $FILTERS; do
		for n in 1 2 3; do
			got=0
			under write:error=ENOSPC:when=$n+ "$program" 4 20 || got=$?
			grep -q INJECTED trace || continue
			size=$(stat -c %s out)
			[ $((size % 4)) = 0 ] && [ "$size" -ge $((4 * (n - 1))) ]
			head -c "$size" in >part
			same part out
			like err "$program: write error: No space left on device\n"
		done
		[ "$n" = 3 ]
	done
}

@test "101: signals that stop and go on, or say nothing, change nothing" {
	table >in
	for program in $FILTERS; do
		"$BIN/tests/drip" 4000 1 <in |
			{ "$BIN/$program" "$(all_of "$program")" >out & pid=$!
			for _ in 1 2 3 4 5; do
				kill -STOP $pid; kill -CONT $pid; kill -WINCH $pid
				kill -CHLD $pid; sleep 0.02
			done
			wait $pid; } 3>&-
		same in out
	done
}

@test "103, 104: non-blocking descriptors, and the flag is left alone" {
	table >in
	for program in $FILTERS; do
		"$BIN/tests/drip" 4000 <in | "$BIN/tests/start" -n 0 -n 1 \
			"$BIN/$program" "$(all_of "$program")" |
			{ sleep 0.1; cat; } >out
		same in out
		# shellcheck disable=SC2016
		cat <in | "$BIN/tests/start" -n 0 sh -c '"$@" >out
			grep -q "^flags:.*4...$" /proc/self/fdinfo/0' \
			- "$BIN/$program" "$(all_of "$program")"
		same in out
	done
}

@test "105: a reader that is slow costs no memory" {
	plain
	for program in $FILTERS; do
		"$PARKING" 8M | "$BIN/tests/peak" kib "$BIN/$program" \
			"$(all_of "$program")" | { sleep 0.3; cat; } >/dev/null
		[ "$(cat kib)" -lt 4096 ]
	done
}

# prompt END PROGRAM...: the best of some medians is below 50 ms.
prompt() {
	local ms
	for _ in 1 2 3 4; do
		ms=$("$BIN/tests/latency" "$@")
		[ "$ms" -lt 50 ] && return
	done
	echo "latency $*: $ms ms"
	return 1
}

@test "106: a record of a trickling stream is out within 50 ms of its line end" {
	plain
	for program in $FILTERS; do
		for end in lf crlf cr; do
			prompt $end "$BIN/$program" "$(all_of "$program")"
		done
	done
	prompt lf "$BIN/csvcut" -c b,b
}

@test "106: also through a pipeline of three" {
	plain
	for end in lf crlf cr; do
		# shellcheck disable=SC2016
		prompt $end sh -c '"$BIN/csvcut" -c "*" |
			"$BIN/csvfilter" "a != 1000" | "$BIN/csvmap" "let t = a"'
	done
}

@test "106: the header of a silent stream is out at once" {
	for program in $FILTERS; do
		mkfifo from to
		all "$program" <from >to 3>&- &
		exec 4>from 5<to
		printf 'a,b\r\n' >&4
		IFS= read -r -t 5 line <&5
		[ "$line" = $'a,b\r' ]
		exec 4>&- 5<&-
		wait
		rm from to
	done
}

@test "107: half a record waits, those before it do not" {
	for program in $FILTERS; do
		mkfifo fifo
		{ printf 'a,b\n1,2\n3,'; sleep 0.3; cp out early; printf '4\n'; } \
			>fifo 3>&- &
		all "$program" <fifo >out
		wait
		rm fifo
		like early 'a,b\n1,2\n'
		like out 'a,b\n1,2\n3,4\n'
	done
}

# shellcheck disable=SC2094
@test "108: a file that is written to itself" {
	for program in $FILTERS; do
		put 'a,b\n1,2\n'
		cp in file
		got=0
		all "$program" <file >>file 2>err || got=$?
		cp file out
		ends "$got" 3 = '@: stdin: input file is output file\n'
		got=0
		all "$program" - file <in >>file 2>err || got=$?
		cp file out
		ends "$got" 3 = '@: file: input file is output file\n'
		all "$program" <file >file
		like file ''
	done
}

@test "109: a FIFO ends when its last writer has" {
	for program in $FILTERS; do
		mkfifo fifo
		{ exec 4>fifo; printf 'a,b\n' >fifo; sleep 0.1; printf '1,2\n' >&4; } 3>&- &
		all "$program" fifo >out
		wait
		rm fifo
		like out 'a,b\n1,2\n'
	done
}

@test "111: files of /proc, which have no size" {
	for program in $FILTERS; do
		all "$program" -d: /proc/self/limits >out
		[ "$(head -c 5 out)" = Limit ]
	done
}

@test "112: a pipe that may not grow is no error" {
	traced
	table >in
	for program in $FILTERS; do
		# F_SETPIPE_SZ stands behind the looks at descriptors 0, 1 and 2
		cat <in | strace -o trace -e trace=fcntl \
			-e inject=fcntl:error=EPERM:when=4+ "$BIN/$program" \
			"$(all_of "$program")" | cat >out
		same in out
		grep -q 'SETPIPE_SZ.*INJECTED\|GETPIPE_SZ.*INJECTED' trace
	done
}

@test "99: at a terminal they wait for what is typed, until its end" {
	command -v python3 >/dev/null || skip "no python3"
	for program in $FILTERS; do
		python3 - "$BIN/$program" "$(all_of "$program")" <<-'END'
			import os, pty, subprocess, sys, time
			ours, theirs = pty.openpty()
			run = subprocess.Popen(sys.argv[1:], stdin=theirs,
			    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
			os.close(theirs)
			time.sleep(0.2)
			assert run.poll() is None
			os.write(ours, b"a,b\n1,2\n\x04")
			out, err = run.communicate(timeout=20)
			assert (out, err, run.returncode) == (b"a,b\n1,2\n", b"", 0)
		END
	done
}

@test "110: a file that is cut or grows while it is read ends where it ends then" {
	for program in $FILTERS; do
		seq -f '%.0f,some text to fill the pipe' 1 100000 |
			sed '1i n,t' >in
		cp in whole
		got=0
		{
			all "$program" in 2>err || echo $? >status
		} | {
			dd bs=1000 count=1 2>/dev/null
			: >in # the program waits for us with a part of it read
			cat
		} >out
		# what had been read goes out; the cut record gets a line end,
		# as any last one without (--require-eol is the guard)
		cmp -s -n $(($(wc -c <out) - 1)) out whole
		[ "$(tail -c 1 out | od -An -c | tr -d ' ')" = '\n' ]
		[ ! -e status ] || [ "$(cat status)" = 1 ]
		rm -f status

		put 'a,b\n1,2\n'
		{ sleep 0.1 && printf '3,4\n' >>in; } &
		all "$program" <in >out # may see the last record, or not
		wait
		cmp -s -n "$(wc -c <out)" out in
	done
}

# launched WHERE COMMAND [ARG]...: dies of TERM and INT, and leaves nobody.
# Most of that is waiting: up to six at a time; all_died waits for the last.
launched() {
	for sig in TERM:-15 INT:-2; do
		[ "$(jobs -pr | wc -l)" -lt 6 ] || wait -n
		died "$sig" "$@" &
	done
}
died() {
	local got
	got=$(FILE=$PWD/in python3 "$BATS_TEST_DIRNAME/blocked.py" "$2" "${1%:*}" \
		"${@:3}")
	awk -v died="${1#*:}" '{ exit !($1 == died && $2 < 5 && $3 == 0) }' <<<"$got" ||
		echo "$*: $got" >>not_died
}
all_died() {
	wait
	[ ! -s not_died ] || { cat not_died; false; }
}

@test "223: a signal ends each of the five, whoever of its neighbours is blocked" {
	command -v python3 >/dev/null || skip "no python3"
	[ "$(uname)" = Linux ] || skip "no /proc"
	seq 300000 | sed '1s/.*/a,b/; 1!s/$/,x/' >in
	fail='echo bad >&2; exit 1'
	for where in in rest out; do
		for program in $FILTERS; do
			launched $where "$BIN/$program" "$(all_of "$program")"
		done
		launched $where "$BIN/csvpar" -- cat
		launched $where "$BIN/csvpar" -p -- cat
		launched $where "$BIN/csvbatch" -n 1000 -- cat
	done
	for program in $FILTERS; do
		launched err "$BIN/$program" --progress "$(all_of "$program")"
	done
	launched err "$BIN/csvpar" --progress -p -- cat
	launched err "$BIN/csvpar" -- sh -c "$fail"
	launched err "$BIN/csvpar" -p -- sh -c 'while :; do echo hi >&2; done'
	launched err "$BIN/csvbatch" --progress -n 3 -- sleep 1000
	launched err "$BIN/csvbatch" --keep-going --rejects /dev/null -n 3 -- sh -c "$fail"
	launched err "$BIN/csvbatch" --bisect --rejects /dev/null -n 3 -- sh -c "$fail"
	launched pipe "$BIN/csvpar" -- sleep 1000
	launched pipe "$BIN/csvpar" -p -- sleep 1000
	launched pipe "$BIN/csvpar" -p -u -- sleep 1000
	launched pipe "$BIN/csvbatch" -n 3 -- sleep 1000
	all_died
}

@test "SIGUSR1 in the first instant of main is no end" {
	traced
	put 'a,b\n1,2\n'
	for program in $FILTERS csvpar csvbatch; do
		case $program in
		csvpar) set -- -j 1 -- cat ;;
		csvbatch) set -- -n 5 -- cat ;;
		*) set -- "$(all_of "$program")" ;;
		esac
		# close_range is one of the first calls of main
		strace -qq -o trace -e inject=close_range:signal=USR1 \
			"$BIN/$program" "$@" <in >out 2>err
		same in out
		grep -q close_range trace || skip "no close_range"
		grep -q "^$program: [01] records in" err
	done
}
