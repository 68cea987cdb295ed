#!/usr/bin/env bats
# csvpar: workers that misbehave, signals, time limits and bounds.

load csvpar

# In blocks: MODE, the exit status, and the message.
blocks() {
	for j in 1 2 8; do
		gives "$2" "$par" -j $j -n 5 -- "$bad" $1 <in
		[ -z "${3:-}" ] || says "$3"
		[ "$2" = 0 ] || is_prefix "${4:-in}"
	done
}

@test "blocks: workers that leave, fail or die" {
	numbers 20 in
	blocks "exit 0" 0
	[ ! -s out ]
	blocks "silent 0" 0
	blocks "exit 3" 4 ": exit status 3; it held records "
	blocks "silent 2" 4 ": exit status 2; it held records "
	blocks "cat 7" 4 ": exit status 7; it held records "
	blocks "head-exit 5" 4 ": exit status 5; it held records "
	blocks "die 9" 4 ": killed by signal 9"
	blocks "die 11" 4 ": killed by signal 11"
	gives 4 "$par" -j 1 -n 5 -- "$bad" exit 3 <in
	says "csvpar: worker 1: exit status 3; it held records 1 to 5, from line 2"
	BADCHILD_ONLY=3 gives 4 "$par" -j 2 -n 5 -- "$bad" cat 1 <in
	grep -q 'it held records 11 to 15, from line 12$' err
	is_prefix in
	[ "$(wc -l <out)" -le 16 ]
}

@test "blocks: answers that are short, long, odd or no CSV" {
	numbers 20 in
	blocks "head 2" 0
	[ "$(wc -l <out)" = 9 ]
	blocks "close-output 2" 0
	[ "$(wc -l <out)" = 9 ]
	blocks "close-input 10" 0
	blocks "twice 0" 0
	[ "$(wc -l <out)" = 41 ]
	blocks "no-eol 0" 0
	cmp in out
	blocks "stderr 0" 0
	cmp in out
	blocks "other-header 0" 0
	[ "$(head -n 1 out)" = other,names ]
	BADCHILD_ONLY=2 gives 4 "$par" -j 1 -n 5 -- "$bad" other-header <in
	says "worker 1: its header differs from that of worker 1; --raw passes"
	head -n 6 in | cmp - out
	blocks "open-quote 1" 4 "writes no CSV: line 3 of its answer: quoted field"
	blocks "after-quote 1" 4 "writes no CSV: line 3 of its answer: 'b' after"
	blocks "ragged 1" 4 "writes no CSV: line 3 of its answer: record 3 has 7"
	gives 0 "$par" -j 2 -n 5 --raw -- "$bad" open-quote 1 <in
	gives 0 "$par" -j 2 -n 10 -- wc -l <in
	says "every answer is a header without records; --raw passes answers"
	gives 0 "$par" -- wc -l <in
	says "every answer is a header without records; --raw passes answers"
	gives 0 "$par" -j 1 -p -u -- wc -l <in
	says "every answer is a header without records; --raw passes answers"
	gives 0 "$par" -j 2 -n 10 --raw -- wc -l <in
	[ "$(wc -l <out)" = 2 ]
	[ ! -s err ]
	# a filter that lets nothing through has a name of the input's
	gives 0 "$par" -j 2 -n 10 -- head -n 1 <in
	[ ! -s err ]
	gives 0 "$par" -- sh -c 'echo "c,b"' <in
	[ ! -s err ]
	head -n 1 in | gives 0 "$par" -- wc -l
	[ ! -s err ]
}

@test "blocks: a worker that writes much before it reads" {
	numbers 20000 in
	for j in 1 2 8; do
		gives 0 "$par" -j $j -n 5000 -- "$bad" write-first 100000 <in
		[ "$(wc -l <out)" = 400001 ]
	done
}

# The same for one-for-one workers.
ordered() {
	for j in 1 2 8; do
		gives "$2" "$par" -j $j -p -- "$bad" $1 <in
		[ -z "${3:-}" ] || says "$3"
		[ "$2" = 0 ] || is_prefix "${4:-in}"
	done
}

@test "-p: workers that leave, fail or die" {
	numbers 200 in
	ordered "exit 0" 4 " left after 0 records; it held record"
	ordered "head 2" 4 " left after 2 records"
	ordered "exit 3" 4 ": exit status 3; it held record"
	ordered "head-exit 5" 4 ": exit status 5"
	ordered "cat 7" 4 ": exit status 7"
	ordered "die 9" 4 ": killed by signal 9"
	ordered "close-output 2" 4
	grep -qE ' closed its output| answers fewer' err
	ordered "close-input 5000" 4 "" out
	gives 4 "$par" -j 1 -p -- "$bad" head 1 <in
	grep -q 'worker 1 left after 1 record' err
	head -n 2 in | cmp - out
}

@test "-p: answers that are too many, too few, odd or no CSV" {
	numbers 200 in
	# which of its answers is the wrong one, nobody can know
	ordered "twice 0" 4 " answers more records than it was given" out
	ordered "write-first 5000" 4 " answers more records than it was given" out
	BADCHILD_ONLY=2 gives 4 "$par" -j 2 -p -- "$bad" other-header <in
	says "its header differs from that of worker"
	BADCHILD_ONLY=2 gives 4 "$par" -j 2 -p -- "$bad" no-header <in
	says "its header differs from that of worker"
	ordered "ragged 1" 4 "writes no CSV: line 3 of its answer"
	[ "$(grep -c -e --raw err)" = 0 ]
	numbers 3 in
	gives 4 "$par" -j 1 -p -n 3 -- "$bad" skip 3 <in
	says "worker 1 answers fewer records than it was given; it held record 3"
	gives 0 "$par" -j 1 -p -n 3 -- "$bad" no-eol <in
	cmp in out
}

@test "-p -u: any answers, but a worker that leaves early is an error" {
	numbers 2000 in
	numbers 20000 many # for each more than it reads at once
	for j in 1 2 8; do
		gives 0 "$par" -j $j -p -u -- "$bad" twice <in
		[ "$(wc -l <out)" = 4001 ]
		gives 0 "$par" -j $j -p -u -- "$bad" skip 2 <in
		gives 0 "$par" -j $j -p -u -- "$bad" buffer <in
		sort out >out.sorted
		sort in | cmp - out.sorted
		gives 0 "$par" -j $j -p -u -- "$bad" silent <in
		gives 4 "$par" -j $j -p -u -- "$bad" head 3 <many
		says " left early; it was given "
		gives 4 "$par" -j $j -p -u -- "$bad" cat 7 <in
		says ": exit status 7; it was given "
	done
	# how many it has read nobody knows
	for n in 1 300; do
		numbers $n in
		for mode in "" --no-output; do
			gives 4 "$par" -j 1 -p -u $mode -- sleep 0.5 <in
			says "csvpar: worker 1 left early; it was given $n record"
		done
	done
}

@test "-p: a worker that buffers is told of, and how to flush" {
	numbers 2000 in
	status=0
	timeout 8 "$par" -j 2 -p -- "$bad" buffer <in >out 2>err || status=$?
	[ $status = 124 ]
	says " has not answered for 5 s; it held record"
	grep -q "python3 -u, stdbuf -oL, awk's fflush(), jq --unbuffered" err
	[ ! -s out ]
}

# stands MODE WANT: csvpar says WANT of a worker that does not go on, and waits.
stands() {
	status=0
	timeout 8 "$par" $1 <in >out 2>err || status=$?
	[ $status = 124 ]
	says "$2"
}

@test "-p: a worker that drops an answer is told of, also beside an idle one" {
	numbers 2000 in
	export BADCHILD_ONLY=2
	stands "-j 2 -p -- $bad skip 2" \
		"csvpar: worker 2 has not answered for 5 s; it held record"
	unset BADCHILD_ONLY
	# the input has ended, and what is left of it waits for the worker
	numbers 3 in
	stands "-j 1 -p -n 1 -- $bad skip 2" \
		"csvpar: worker 1 has not answered for 5 s; it held record 2, from line 3; a worker that"
	# the input is silent
	(
		head -n 3 in
		sleep 7
	) | {
		gives 4 "$par" -j 2 -p -- "$bad" skip 1
		grep -q "worker 1 has not answered for 5 s; it held record 1, " err
	}
}

@test "a worker that is stopped is told of" {
	numbers 20 in
	cp "$bad" badchild
	for mode in "-n 20" -p "-p -u"; do
		"$par" -j 1 $mode -- "$PWD/badchild" stop 2 <in >out 2>err 3>&- &
		sleep 1
		says "csvpar: worker 1 was stopped by signal 19, and goes on with SIGCONT"
		kill -CONT $(pgrep -f "^$PWD/badchild")
		wait $!
		cmp in out
	done
	"$BIN/csvbatch" -n 20 -- "$PWD/badchild" stop 2 <in >out 2>err 3>&- &
	sleep 1
	says "csvbatch: batch 1 was stopped by signal 19, and goes on with SIGCONT"
	kill -CONT $(pgrep -f "^$PWD/badchild")
	wait $!
	cmp in out
}

@test "a worker that closes its input and lives is found out" {
	numbers 300 in
	numbers 200000 many
	for j in 1 3; do
		for mode in "-p in" "-p many" "-p -u many"; do
			gives 4 "$par" -j $j ${mode% *} -- "$bad" hang-no-input 3 <${mode##* }
			grep -q "worker [123] closed its input; it " err
		done
	done
}

@test "--timeout ends a worker that hangs, also behind the end of its input" {
	numbers 20 in
	cp "$bad" badchild
	for j in 1 2 8; do
		gives 4 "$par" -j $j -n 5 --timeout 300ms -- "$PWD/badchild" hang <in
		says " took longer than --timeout; it held records "
		gives 4 "$par" -j $j -p --timeout 300ms -- "$PWD/badchild" hang 2 <in
		says " took longer than --timeout"
		gives 4 "$par" -j $j -p --timeout 300ms -- "$PWD/badchild" hang-after-eof <in
		says " took longer than --timeout"
		gives 4 "$par" -j $j -n 5 --timeout 300ms -- "$PWD/badchild" stop 3 <in
	done
	none_left
}

@test "--timeout with -u: a worker that neither reads nor writes nor ends" {
	numbers 300 in
	numbers 200000 many
	cp "$bad" badchild
	for mode in "-p -u" "-p -u --no-output" "-p -u --raw"; do
		for how in "hang 0" "hang 3" hang-after-eof "hang-half 3" "stop 3"; do
			for file in in many; do
				gives 4 "$par" -j 2 $mode --timeout 300ms -- "$PWD/badchild" $how <$file
				grep -q "worker [12] took longer than --timeout; it " err
			done
		done
	done
	none_left
	# reading is life, and so is writing, and who is asked nothing may be silent
	numbers 30 in
	for how in "slow 50" cat; do
		(
			cat in
			sleep 1
		) | gives 0 "$par" -j 2 -p -u --timeout 500ms -- "$bad" $how
		sort out >sorted
		sort in | cmp - sorted
	done
	awk 'BEGIN { print "a"; for (i = 0; i < 300000; i++) print "0123456789" }' |
		gives 0 "$par" -j 2 -p -u --timeout 700ms --no-output -- "$bad" crawl 100
}

@test "--timeout of a block is not longer for a block that answers now and then" {
	numbers 20 in
	gives 4 "$par" -j 2 -n 20 --timeout 1s -- "$bad" slow 200 <in
	says " took longer than --timeout; it held records "
	gives 0 "$par" -j 2 -p --timeout 1s -- "$bad" slow 200 <in
	cmp in out
	# the end of the input comes long behind the last answer
	(
		cat in
		sleep 1
	) | gives 0 "$par" -j 2 -p --timeout 500ms -- "$bad" linger 200
	cmp in out
}

@test "--timeout stands while nobody reads the output" {
	numbers 60000 in
	"$par" -j 2 -p --timeout 500ms -- cat <in 2>err | { sleep 2; cat; } >out
	[ ! -s err ]
	cmp in out
	"$par" -j 2 -n 20000 --timeout 500ms -- cat <in 2>err | { sleep 2; cat; } >out
	[ ! -s err ]
	cmp in out
}

@test "a descendant that holds the pipe is not waited for" {
	numbers 20 in
	began=$(date +%s)
	for j in 1 2 8; do
		gives 0 "$par" -j $j -n 10 -- "$bad" grandchild 20000 <in
		says "holds its output open"
		cmp in out
		gives 0 "$par" -j $j -p -- "$bad" grandchild 20000 <in
		says "holds its output open"
		cmp in out
	done
	gives 0 "$par" -j 2 -n 10 --timeout 30s -- "$bad" grandchild 20000 <in
	cmp in out
	gives 4 "$par" -j 1 -- sh -c 'head -c 20; sleep 20 &' <in
	says "worker 1 left in the middle of an answer; it held records 1 to 20"
	is_prefix in
	[ $(($(date +%s) - began)) -lt 18 ]
	# the worker itself was in time
	for mode in "" -p "-p -u" "-p -u --raw"; do
		gives 0 "$par" -j 1 $mode --timeout 500ms -- \
			sh -c 'cat; sleep 5 & exit 0' <in
		says "a process that a worker left behind holds its output open"
		cmp in out
		gives 4 "$par" -j 1 $mode --timeout 500ms -- \
			sh -c 'cat; sleep 5 & exit 3' <in
		grep -q "worker 1: exit status 3; it " err
	done
}

@test "a window that is full stops the reading, and starves nobody before" {
	numbers 1000 in
	status=0
	cat >answer <<-'END'
	n=0
	while read -r line; do
		n=$((n + 1))
		[ $n$CSVPAR_WORKER != 21 ] || sleep 5
		echo "$line" >>seen$CSVPAR_WORKER
		echo "$line"
	done
	END
	timeout 2 "$par" -j 2 -p --window 20 -- sh answer <in >out || status=$?
	[ $status = 124 ]
	printf 'a,b\n' | cmp - out
	[ "$(wc -l <seen2)" = 20 ] # 19 records and the header
}

@test "workers have three descriptors, and csvpar keeps none" {
	need python3
	numbers 300 in
	gives 0 "$par" -j 4 -n 100 -- "$bad" descriptors <in 9<in
	printf 'descriptors\n3\n3\n3\n' | cmp - out
	python3 - "$par" in <<-'END'
		import os, subprocess, sys, time
		with open(sys.argv[2]) as f:
		    text = f.read()
		p = subprocess.Popen([sys.argv[1], "-j", "3", "-n", "1", "--", "cat"],
		                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		p.stdin.write(text.encode())
		p.stdin.flush()
		got = b""
		while len(got) < len(text):
		    got += os.read(p.stdout.fileno(), 65536)
		time.sleep(0.3)
		fds = len(os.listdir("/proc/%d/fd" % p.pid))
		kids = subprocess.run(["ps", "-o", "stat=", "--ppid", str(p.pid)],
		                      capture_output=True).stdout
		p.stdin.close()
		sys.exit(p.wait() != 0 or got.decode() != text or fds != 3 or kids != b"")
	END
}

@test "a signal ends the workers, and csvpar dies of it" {
	need python3
	numbers 50 in
	cp "$bad" badchild
	for mode in "-n 5" "-p" "-p -u"; do
		for sig in INT:-2 TERM:-15 HUP:-1; do
			python3 "$BATS_TEST_DIRNAME/launch.py" in ${sig%:*} \
				"$par" -j 3 $mode -- "$PWD/badchild" hang 2 >got 2>err
			[ "$(cut -d ' ' -f 1 got)" = ${sig#*:} ]
			[ ! -s err ]
			none_left
		done
	done
}

@test "a deaf worker is killed after 2 s, or at once with a second signal" {
	need python3
	numbers 50 in
	cp "$bad" badchild
	python3 "$BATS_TEST_DIRNAME/launch.py" in TERM \
		"$par" -j 2 -p -- "$PWD/badchild" deaf 2 >got
	awk '{ exit !($1 == -15 && $2 >= 1.9 && $2 < 6) }' got
	none_left
	python3 "$BATS_TEST_DIRNAME/launch.py" in TERM,TERM \
		"$par" -j 2 -p -- "$PWD/badchild" deaf 2 >got
	awk '{ exit !($1 == -15 && $2 < 1.5) }' got
	none_left
}

@test "dead processes that nobody reaps are not waited for" {
	need python3
	[ -r /proc/self/stat ] || skip "no /proc"
	numbers 10 in
	# as in a container whose first process reaps none: orphans are python's
	cat >reaps_none.py <<-'END'
		import ctypes, subprocess, sys, time
		ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
		began = time.monotonic()
		status = subprocess.Popen(sys.argv[1:], stdin=open("in")).wait()
		print(status, time.monotonic() - began)
	END
	python3 reaps_none.py "$par" -j 2 -n 5 -- sh -c \
		'[ $CSVPAR_BLOCK = 2 ] || { sleep 60 & wait; }; sleep 0.3; exit 1' >got
	awk '{ print; exit !($1 == 4 && $2 < 1.8) }' got
	python3 reaps_none.py "$BIN/csvbatch" -n 10 --timeout 300ms -- \
		sh -c 'sleep 60 & wait' >got
	awk '{ print; exit !($1 == 4 && $2 < 1.8) }' got
}

@test "a signal ends csvpar also while nobody reads its output" {
	need python3
	numbers 500000 in
	python3 "$BATS_TEST_DIRNAME/launch.py" in TERM "$par" -j 2 -- cat >got
	awk '{ exit !($1 == -15 && $2 < 2) }' got
}

@test "a SIGKILL of csvpar ends its workers" {
	need python3
	[ "$(uname)" = Linux ] || skip "no death signal"
	numbers 50 in
	cp "$bad" badchild
	python3 "$BATS_TEST_DIRNAME/launch.py" in KILL \
		"$par" -j 3 -p -- "$PWD/badchild" hang 2 >got
	[ "$(cut -d ' ' -f 1 got)" = -9 ]
	none_left
}

@test "a closed standard output kills csvpar quietly and ends the workers" {
	numbers 500000 in
	cp "$bad" badchild
	for mode in "" "-p" "-p -u"; do
		{ "$par" -j 2 $mode -- "$PWD/badchild" cat <in 2>err || echo $? >code; } |
			head -n 2 >out
		[ "$(cat code)" = 141 ]
		[ ! -s err ]
		[ "$(head -n 1 out)" = a,b ]
	done
	none_left
	(
		trap '' PIPE
		{ "$par" -j 2 -- cat <in 2>err || echo $? >code; } | head -n 2 >out
	)
	[ "$(cat code)" = 141 ]
	[ ! -s err ]
}

@test "a closed standard output kills csvpar also with the last bytes it writes" {
	need python3
	cat >closed.py <<-'END'
		import os, signal, subprocess, sys
		for i in range(20):
		    r, w = os.pipe()
		    p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=w,
		        stderr=subprocess.PIPE, pass_fds=(),
		        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
		    os.close(r)
		    os.close(w)
		    said = p.communicate(b"a,b\n1,2\n3,4\n")[1]
		    if p.returncode != -signal.SIGPIPE or said:
		        sys.exit(f"{p.returncode} {said}")
	END
	for mode in "" -p "-p -u" --raw; do
		python3 closed.py "$par" -j 1 $mode -- "$bad" linger 20
		python3 closed.py "$par" -j 1 $mode -- cat
	done
}

@test "a SIGTERM that interrupts a write of csvpar is no write error" {
	need python3
	numbers 500000 in
	for mode in "" -p "-p -u" --raw; do
		for i in 1 2 3; do
			FILE=$PWD/in python3 "$BATS_TEST_DIRNAME/blocked.py" out TERM \
				"$par" -j 2 $mode -- cat >got
			awk '{ exit !($1 == -15 && $2 < 5 && $3 == 0) }' got
		done
	done
}

@test "one slow worker: memory stays bounded, and nothing is spooled" {
	plain
	slow='[ $CSVPAR_WORKER != 1 ] || exec "$BIN/tests/badchild" crawl 2; exec cat'
	mkdir tmp
	for mode in "" "-p -u"; do
		"$PARKING" 500MB | TMPDIR=$PWD/tmp \
			"$BIN/tests/peak" kib "$par" -j 4 $mode -- sh -c "$slow" |
			wc -l >lines
		[ "$(cat kib)" -lt $(((16 + 4 * 12) * 1024)) ]
		[ "$(cat lines)" = "$("$PARKING" 500MB | wc -l)" ]
		[ -z "$(ls tmp)" ]
	done
}

@test "interrupted calls and processes that cannot be started yet" {
	plain
	need strace
	strace -o trace true 2>/dev/null || skip "strace may not trace"
	numbers 20 in
	for call in write poll ppoll; do
		for mode in "-n 3" -p; do
			gives 0 strace -qq -f -o trace -e "inject=$call:error=EINTR:when=13+7" \
				"$par" -j 2 $mode -- cat <in
			cmp in out
		done
	done
	gives 0 strace -qq -o trace -e inject=vfork:error=EAGAIN:when=1..3 \
		"$par" -j 2 -- cat <in
	cmp in out
	gives 3 strace -qq -o trace -e inject=vfork:error=EAGAIN "$par" -j 2 -- cat <in
	says "csvpar: cat: Resource temporarily unavailable"
	gives 3 strace -qq -o trace -e inject=pipe2:error=EMFILE:when=5 \
		"$par" -j 2 -n 3 -- cat <in
	says "csvpar: Too many open files"
	is_prefix in
}

@test "a worker's pipe that fails is an error, whatever it was" {
	plain
	need strace
	strace -o trace true 2>/dev/null || skip "strace may not trace"
	numbers 20 in
	# each of the first calls fails once
	while read -r call error mode; do
		: >said
		for n in $(seq 24); do
			got=0
			timeout 20 strace -qq -o trace -e "inject=$call:error=$error:when=$n" \
				"$par" -j 1 $mode -- cat <in >out 2>err || got=$?
			cat err >>said
			if [ $got = 0 ]; then
				cmp in out
			else
				[ $got != 124 ]
				[ -s err ]
			fi
		done
		case $call in
		read) want="Input/output error" ;;
		write) want="Cannot allocate memory" ;;
		*) continue ;;
		esac
		grep -q "^csvpar: worker 1: $want\$" said
	done <<-END
		write ENOMEM
		write ENOMEM -n 4
		write ENOMEM -p
		write ENOMEM -p -u
		read EIO
		read EIO -p
		read EIO --raw
		read EIO -p -u --raw
		ppoll ENOMEM
		ppoll ENOMEM -p
		wait4 ECHILD
	END
	gives 3 strace -qq -o trace -e inject=write:error=EIO:when=1 \
		"$par" -j 1 -- cat <in
	says "csvpar: worker 1: Input/output error"
	[ ! -s out ]
}
