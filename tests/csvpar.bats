#!/usr/bin/env bats
# csvpar: contracts, order, bounds, and children that misbehave.

setup() {
	cd "$BATS_TEST_TMPDIR"
	par=$BIN/csvpar
	bad=$BIN/tests/badchild
}

# Records whose quoted fields hold line ends, of all lengths, so that some of
# them lie across every boundary.  quoted N FILE
quoted() {
	awk -v n="$1" 'BEGIN {
		print "id,text"
		for (i = 1; i <= n; i++) {
			text = sprintf("%*s", i % 61, "")
			gsub(/ /, i % 3 ? "x" : "\n", text)
			printf "%d,\"%s, \"\"q\"\"\"\n", i, text
		}
	}' >"$2"
}

# numbers N FILE
numbers() {
	awk -v n="$1" 'BEGIN {
		print "a,b"
		for (i = 1; i <= n; i++)
			print i ",x" i
	}' >"$2"
}

# gives STATUS COMMAND...: runs it, with its output in out and messages in err.
gives() {
	want=$1
	shift
	status=0
	timeout 60 "$@" >out 2>err || status=$?
	[ "$status" = "$want" ] || {
		echo "status $status, not $want: $*"
		cat err
		false
	}
}

# says TEXT: the messages are this one.
says() {
	grep -qF -- "$1" err || {
		echo "not said: $1"
		cat err
		false
	}
	[ "$(wc -l <err)" = 1 ]
}

# out is a prefix of FILE that ends at a line end.
is_prefix() {
	head -c "$(wc -c <out)" "$1" | cmp - out
	[ ! -s out ] || [ -z "$(tail -c 1 out)" ]
}

# No process of the copied helper in this directory is left.
none_left() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		left=$(ps -eo stat=,args= | grep -F "$PWD/" | grep -v -e '^Z' -e grep) ||
			return 0
		sleep 0.2
	done
	echo "left: $left"
	false
}

not_san() {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
}

built() {
	[ -x "$BIN/$1" ] || skip "$1 is not built"
}

need() {
	command -v "$1" >/dev/null || skip "no $1"
}

@test "cat is identity for every -j and -b" {
	quoted 150 in
	for j in 1 2 3 4 5 6 7 8; do
		for b in 64 1000 64K 64M; do
			gives 0 "$par" -j $j -b $b -- cat <in
			cmp in out
		done
	done
}

@test "cat is identity wherever the boundary of a block lies" {
	quoted 40 in
	for b in $(seq 64 150); do
		gives 0 "$par" -j 2 -b "$b" -- cat <in
		cmp in out
	done
}

@test "cat is identity for a large file, in every mode that keeps the order" {
	quoted 200000 in
	for j in 1 2 8; do
		gives 0 "$par" -j $j -- cat <in
		cmp in out
		gives 0 "$par" -j $j -p -- cat <in
		cmp in out
		gives 0 "$par" -j $j --by text -- cat <in
		cmp in out
		gives 0 "$par" -j $j --window 3 -b 100K -- cat <in
		cmp in out
		gives 0 "$par" -j $j -p --window 3 -- cat <in
		cmp in out
	done
}

@test "line ends stay as they are" {
	printf 'a,b\r\n1,"x\r\ny"\r\n3,4\r\n' >in
	for mode in "-b 64" "-p"; do
		gives 0 "$par" -j 2 $mode -- cat <in
		cmp in out
	done
	tr '\n' '\r' <in | tr -s '\r' >cr
	gives 0 "$par" -j 2 -n 1 -- cat <cr
	cmp cr out
	gives 0 "$par" -j 2 -p -- cat <cr
	cmp cr out
}

@test "a missing last line end is added; a BOM and blank lines go" {
	printf '\357\273\277a,b\n\n1,2\n\n\n3,4' >in
	printf 'a,b\n1,2\n3,4\n' >want
	gives 0 "$par" -j 2 -n 1 -- cat <in
	cmp want out
	gives 0 "$par" -j 2 -p -- cat <in
	cmp want out
	printf 'a\n\n1\n\n' >in # in one column a blank line is a record
	gives 0 "$par" -j 2 -n 1 -- cat <in
	cmp in out
}

@test "empty input starts no worker, a header alone starts one" {
	gives 0 "$par" -- touch started </dev/null
	[ ! -e started ] && [ ! -s out ]
	printf 'a,b\n' >in
	for mode in "" "-p" "-pu"; do
		gives 0 "$par" -j 4 $mode -- sh -c 'echo >>started; cat' <in
		cmp in out
		[ "$(wc -l <started)" = 1 ]
		rm started
	done
}

@test "without a header, and with names" {
	printf '1,2\n3,4\n5,6\n' >in
	for mode in "-n 1" "-p" "-p -u -j 1"; do
		gives 0 "$par" -H $mode -- cat <in
		cmp in out
		gives 0 "$par" --names a,b $mode -- cat <in
		cmp in out
		{ echo a,b; cat in; } | gives 0 "$par" --names a,b $mode -- cat
		cmp in out
	done
}

@test "ragged records: an error, padded or passed" {
	printf 'a,b\n1,2\n3\n4,5\n' >in
	gives 1 "$par" -n 1 -- cat <in
	says "stdin:3: record 2 has 1 field, the header has 2"
	printf 'a,b\n1,2\n' | cmp - out
	gives 0 "$par" --ragged=pad -n 1 -- cat <in
	printf 'a,b\n1,2\n3,\n4,5\n' | cmp - out
	gives 0 "$par" --ragged=pass -p -- cat <in
	cmp in out
	gives 0 "$par" --rejects bad -n 1 -- cat <in
	printf 'a,b\n1,2\n4,5\n' | cmp - out
	grep -q '^stdin,2,3,' bad
}

@test "what is expected of the input holds" {
	numbers 10 in
	gives 0 "$par" --expect-records 10 --expect-header a,b -- cat <in
	gives 1 "$par" --expect-records 11 -- cat <in
	gives 1 "$par" --expect-header a,c -- cat <in
	printf 'a,b\n1,2' | gives 1 "$par" --require-eol -- cat
}

@test "csvfilter and csvmap behind csvpar are csvfilter and csvmap" {
	built csvmap
	"$PARKING" -n 30000 -q 100 >in
	test='{Registration State} == "NJ" || {Vehicle Make} == "FORD"'
	"$BIN/csvfilter" "$test" in >want
	[ "$(wc -l <want)" -gt 1000 ]
	gives 0 "$par" -j 3 -b 100K -- "$BIN/csvfilter" "$test" <in
	cmp want out
	map='x = {Vehicle Make} ++ "!"; y = upper({Street Name})'
	"$BIN/csvmap" "$map" in >want
	gives 0 "$par" -j 3 -b 100K -- "$BIN/csvmap" "$map" <in
	cmp want out
	gives 0 "$par" -j 3 -p -- "$BIN/csvmap" "$map" <in
	cmp want out
	gives 0 "$par" -j 3 -p -u -- "$BIN/csvmap" "$map" <in
	[ "$(head -n 1 out)" = "$(head -n 1 want)" ]
	sort want >want.sorted
	sort out | cmp want.sorted -
}

@test "a slow first block keeps its place" {
	numbers 40 in
	BADCHILD_ONLY=1 gives 0 "$par" -j 4 -n 10 -- "$bad" slow 30 <in
	cmp in out
	BADCHILD_ONLY=1 gives 0 "$par" -j 4 -p -- "$bad" slow 30 <in
	cmp in out
	BADCHILD_ONLY=1 gives 0 "$par" -j 2 -n 5 --window 6 -- "$bad" slow 50 <in
	cmp in out
}

@test "answers ahead of their turn are held up to 8 MiB, then not read" {
	quoted 700000 in # 30 MB
	BADCHILD_ONLY=1 gives 0 "$par" -j 3 -b 4M -- sh -c \
		'[ $CSVPAR_BLOCK != 1 ] || sleep 1; cat; [ $CSVPAR_BLOCK = 1 ] || cat' <in
	cmp in out
	numbers 100 in
	gives 0 "$par" -j 2 -n 50 -- sh -c 'if [ $CSVPAR_BLOCK = 1 ]; then sleep 1; cat
		else head -n 1; yes 1,2 | head -n 6000000; cat >&2; fi' <in
	[ "$(wc -l <out)" = 6000051 ]
}

@test "-n fixes the records of a block, and the environment tells which" {
	numbers 25 in
	gives 0 "$par" -j 2 -n 10 --raw -- sh -c \
		'echo $CSVPAR_BLOCK $CSVPAR_FIRST $CSVPAR_LINE $(($(wc -l) - 1))' <in
	printf '1 1 2 10\n2 11 12 10\n3 21 22 5\n' | cmp - out
	gives 0 "$par" -j 3 -p -u --raw -- sh -c \
		'cat >/dev/null; echo worker $CSVPAR_WORKER ${CSVPAR_BLOCK:-none}' <in
	printf 'worker %d none\n' 1 2 3 >want
	sort out | cmp want -
}

@test "--by: equal values go to the same worker" {
	awk 'BEGIN { print "k,v"; for (i = 0; i < 3000; i++)
		printf i % 2 ? "%s,%d\n" : "\"%s\",%d\n", "key" i * 7 % 23, i }' >in
	for mode in "" "-u"; do
		gives 0 "$par" -j 4 --by k -p $mode -- awk \
			'{ print $0 (NR == 1 ? ",w" : "," ENVIRON["CSVPAR_WORKER"])
			fflush() }' <in
		[ "$(wc -l <out)" = 3001 ]
		tail -n +2 out | tr -d '"' | cut -d, -f1,3 | sort -u >pairs
		[ "$(wc -l <pairs)" = 23 ]
		[ "$(cut -d, -f2 pairs | sort -u | wc -l)" -gt 1 ]
	done
	gives 2 "$par" --by nosuch -- cat <in
	[ ! -s out ]
}

@test "--raw passes bytes, with -p -u whole lines; --no-output drops them" {
	numbers 1000 in
	gives 0 "$par" -j 3 -n 100 --raw -- wc -l <in
	[ "$(cat out)" = "$(yes 101 | head -n 10)" ]
	gives 0 "$par" -j 2 -n 600 --raw -- sh -c 'cat >/dev/null; printf "a\0\"b"' <in
	printf 'a\0"ba\0"b' | cmp - out
	gives 0 "$par" -j 3 -p -u --raw -- sh -c 'tail -n +2; printf end' <in
	grep -vx end out | sort -n >lines
	tail -n +2 in | cmp - lines
	for mode in "" "-p" "-p -u"; do
		rm -f seen
		gives 0 "$par" -j 3 $mode --no-output -- \
			sh -c 'tail -n +2 | tee -a seen' <in
		[ ! -s out ]
		[ "$(wc -l <seen)" = 1000 ]
	done
}

@test "usage errors write nothing and read nothing" {
	numbers 3 in
	for args in "-u -- cat" "-p --raw -- cat" "-j 0 -- cat" "-b 0 -- cat" \
		"-b 1kk -- cat" "-n x -- cat" "--timeout x -- cat" "--nosuch -- cat" \
		"-j 18446744073709551616 -- cat" "-o out -- cat" ""; do
		gives 2 "$par" $args <in
		[ ! -s out ]
		[ "$(wc -l <err)" = 1 ]
	done
}

@test "a command that cannot be run: 126 or 127, before anything is read" {
	printf 'no program\n' >noexec
	printf '#!/no/such/thing\n' >badbang
	printf 'text\n' >plain
	chmod +x noexec badbang
	numbers 3 in
	check() {
		{ gives "$@" && cat >rest; } <in
		[ ! -s out ]
	}
	check 127 "$par" -- nosuchcommand
	cmp in rest
	check 127 "$par" -- ./nosuch
	cmp in rest
	check 127 "$par" -- ./badbang
	cmp in rest
	check 126 "$par" -- ./plain
	cmp in rest
	check 126 "$par" -- /
	cmp in rest
	check 126 "$par" -- ./noexec # only exec can tell
	grep -q 'try: sh ./noexec' err
	PATH='' gives 127 "$par" -- cat <in
}

@test "too few descriptors are an error at the start" {
	numbers 3 in
	(
		ulimit -n 64
		gives 3 "$par" -j 1000 -- cat <in
	)
	says "-j 1000 needs 2010 descriptors, limit 64"
	(
		ulimit -n 26
		gives 0 "$par" -j 8 -p -- cat <in
	)
}

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
	says "worker 1: its header differs from that of worker 1"
	head -n 6 in | cmp - out
	blocks "open-quote 1" 4 "writes no CSV: line 3 of its answer: quoted field"
	blocks "after-quote 1" 4 "writes no CSV: line 3 of its answer: 'b' after"
	blocks "ragged 1" 4 "writes no CSV: line 3 of its answer: record 3 has 7"
	gives 0 "$par" -j 2 -n 5 --raw -- "$bad" open-quote 1 <in
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
	ordered "write-first 3" 4 " answers more records than it was given" out
	BADCHILD_ONLY=2 gives 4 "$par" -j 2 -p -- "$bad" other-header <in
	says "its header differs from that of worker"
	BADCHILD_ONLY=2 gives 4 "$par" -j 2 -p -- "$bad" no-header <in
	says "its header differs from that of worker"
	ordered "ragged 1" 4 "writes no CSV: line 3 of its answer"
	numbers 3 in
	gives 4 "$par" -j 1 -p -n 3 -- "$bad" skip 3 <in
	says "worker 1 answers fewer records than it was given; it held record 3"
	gives 0 "$par" -j 1 -p -n 3 -- "$bad" no-eol <in
	cmp in out
}

@test "-p -u: any answers, but a worker that leaves early is an error" {
	numbers 2000 in
	for j in 1 2 8; do
		gives 0 "$par" -j $j -p -u -- "$bad" twice <in
		[ "$(wc -l <out)" = 4001 ]
		gives 0 "$par" -j $j -p -u -- "$bad" skip 2 <in
		gives 0 "$par" -j $j -p -u -- "$bad" buffer <in
		sort out >out.sorted
		sort in | cmp - out.sorted
		gives 0 "$par" -j $j -p -u -- "$bad" silent <in
		gives 4 "$par" -j $j -p -u -- "$bad" head 3 <in
		says " left after "
		gives 4 "$par" -j $j -p -u -- "$bad" cat 7 <in
		says ": exit status 7; it was given "
	done
}

@test "-p: a worker that buffers is told of, and how to flush" {
	numbers 2000 in
	status=0
	timeout 8 "$par" -j 2 -p -- "$bad" buffer <in >out 2>err || status=$?
	[ $status = 124 ]
	says "no worker has answered for 5 s"
	grep -q "python3 -u, stdbuf -oL, awk's fflush(), jq --unbuffered" err
	[ ! -s out ]
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
	[ $(($(date +%s) - began)) -lt 18 ]
}

@test "a window that is full stops the reading, and starves nobody before" {
	numbers 1000 in
	status=0
	timeout 2 "$par" -j 2 -p --window 20 -- awk '{
		if (NR == 2 && ENVIRON["CSVPAR_WORKER"] == 1)
			system("sleep 5")
		print >"seen" ENVIRON["CSVPAR_WORKER"]
		fflush()
		print
		fflush() }' <in >out || status=$?
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

@test "write errors and bad descriptors are errors" {
	numbers 20 in
	[ -e /dev/full ] || skip "no /dev/full"
	status=0
	"$par" -- cat <in >/dev/full 2>err || status=$?
	[ $status = 3 ]
	says "write error: No space left on device"
	gives 3 "$par" -- cat <&-
	says "standard input: Bad file descriptor"
	status=0
	"$par" -- cat <in >&- 2>err || status=$?
	[ $status = 3 ]
	gives 3 "$par" -- cat <.
}

@test "bad input stops the run after the good records" {
	printf 'a,b\n1,2\n"3"x,4\n5,6\n' >in
	gives 1 "$par" -j 2 -n 1 -- cat <in
	printf 'a,b\n1,2\n' | cmp - out
	printf 'a,b\n1,2\n"3,4\n5,6\n' >in
	gives 1 "$par" -j 2 -p -- cat <in
	says "quoted field opened at line 3 is never closed"
	printf 'a,b\n1,2\n' | cmp - out
}

@test "--stats and --progress tell of workers and window" {
	numbers 300 in
	gives 0 "$par" -j 2 --stats -- cat <in
	grep -q '^csvpar: 300 records in, 300 out, ' err
	gives 0 "$par" -j 2 -p --progress -- "$bad" slow 10 <in
	grep -q ' records/s; 2 of 2 workers busy, window [0-9]* of 128' err
}

@test "a record of a trickling input is answered within 100 ms" {
	not_san
	need python3
	cat >trickle.py <<-'END'
		import os, subprocess, sys, time
		p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE,
		                     stdout=subprocess.PIPE, bufsize=0)
		p.stdin.write(b"a,b\n")
		worst = []
		for i in range(20):
		    time.sleep(0.05)
		    line = b"%d,x\n" % i
		    began = time.monotonic()
		    p.stdin.write(line)
		    while not os.read(p.stdout.fileno(), 65536).endswith(line):
		        pass
		    worst.append(time.monotonic() - began)
		p.stdin.close()
		p.wait()
		worst.sort()
		print(worst[10])
		sys.exit(worst[10] > 0.1)
	END
	for mode in "" "-p" "-p -u"; do
		timeout 30 python3 trickle.py "$par" -j 2 $mode -- cat
		timeout 30 python3 trickle.py "$par" -j 2 $mode -- "$BIN/csvcut"
	done
}

@test "one slow worker: memory stays bounded, and nothing is spooled" {
	not_san
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

@test "rows from a slow web server come out four every half second" {
	not_san
	need python3
	need curl
	cat >server.py <<-'END'
		import http.server, time
		class Rows(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        self.send_response(200)
		        self.end_headers()
		        self.wfile.write(b"x,y\n")
		        i = 0
		        try:
		            while True:
		                i += 1
		                self.wfile.write(b"%.15f,%.15f\n" % (i / 7, i / 11))
		                time.sleep(0.05)
		        except OSError:
		            pass
		    def log_message(self, *args):
		        pass
		server = http.server.HTTPServer(("127.0.0.1", 0), Rows)
		with open("port", "w") as f:
		    print(server.server_port, file=f)
		server.handle_request()
	END
	cat >worker.py <<-'END'
		import sys, time
		print(sys.stdin.readline(), end="", flush=True)
		for row in sys.stdin:
		    n, x, y = row.split(",")
		    time.sleep(0.5)
		    print("%s,%.15f,%.15f" % (n, float(x), float(y)), flush=True)
	END
	timeout 60 python3 server.py 3>&- &
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ -s port ] || sleep 0.2
	done
	began=$(date +%s%N)
	curl -sN "http://127.0.0.1:$(cat port)/" | "$BIN/csvcut" -l |
		"$par" -j4 -p -- python3 worker.py | head -n 25 >out || true
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$(head -n 1 out)" = line_number,x,y ]
	awk 'BEGIN { for (i = 1; i <= 24; i++)
		printf "%d,%.15f,%.15f\n", i, i / 7, i / 11 }' >want
	tail -n +2 out | cmp want -
	[ $took -gt 2900 ] # 24 rows, four at a time
	[ $took -lt 6000 ]
	wait
}

@test "four psql sessions load a million rows" {
	not_san
	pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
	PATH=$PATH:$pg
	need initdb
	as=
	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || skip "no user postgres"
		as='runuser -u postgres --'
	fi
	dir=$(mktemp -d /tmp/pg.XXXXXX)
	chmod 755 "$dir"
	[ -z "$as" ] || chown postgres "$dir"
	$as "$(command -v initdb)" -D "$dir/d" -A trust >/dev/null
	$as "$(command -v pg_ctl)" -D "$dir/d" -l "$dir/log" -w \
		-o "-k $dir -c listen_addresses='' -c fsync=off" start >/dev/null 3>&-
	export PGHOST=$dir PGDATABASE=postgres PGUSER=${as:+postgres}
	[ -n "$PGUSER" ] || unset PGUSER
	psql -Xqc 'create table t (n int, x text)'
	status=0
	awk 'BEGIN { print "n,x"; for (i = 1; i <= 1000000; i++)
		printf "%d,\"row %d, \"\"quoted\"\"\n\"\n", i, i }' |
		"$par" -j4 -p -u --no-output -- \
			psql -Xqc '\copy t from stdin csv header' || status=$?
	psql -Xqtc 'select count(*), count(distinct n), min(n), max(n) from t' >count
	$as "$(command -v pg_ctl)" -D "$dir/d" -m immediate stop >/dev/null
	rm -rf "$dir"
	[ $status = 0 ]
	[ "$(tr -d ' \n' <count)" = '1000000|1000000|1|1000000' ]
}
