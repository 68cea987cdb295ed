#!/usr/bin/env bats
# csvbatch --journal: what is done is done once, whatever happened.

load helper

setup() {
	into=said
	# Where a sync costs nothing, if there is such a place: thousands of runs.
	work=$BATS_TEST_TMPDIR
	[ ! -w /dev/shm ] || work=$(mktemp -d /dev/shm/csvbatch.XXXXXX)
	cd "$work"
	batch=$BIN/csvbatch
	bad=$BIN/tests/badchild
	awk 'BEGIN { print "id,name"; for (i = 1; i <= 30; i++) print i ",n" i }' >in
}

teardown() {
	cd /
	[ "$work" = "$BATS_TEST_TMPDIR" ] || rm -rf "$work"
}

# The job of these tests: three batches of ten; options may be added.
job() {
	want=$1
	shift
	gives "$want" "$batch" -n 10 --journal j -o out "$@"
}

# Batch $1 fails; the others note that they ran.
failing() {
	echo "echo \$CSVBATCH_NUMBER >>calls; [ -e fixed ] ||
		[ \$CSVBATCH_NUMBER != $1 ] || exit 3; cat"
}

@test "a run that failed goes on where it stopped" {
	job 4 -- sh -c "$(failing 3)" <in
	head -n 21 in | cmp - out
	says 'batch 3, records 21 to 30'
	touch fixed
	job 0 -- sh -c "$(failing 3)" <in
	cmp in out
	printf '1\n2\n3\n3\n' | cmp - calls
	[ "$(grep -c ^done j)" = 3 ]
	[ "$(grep -c ^failed j)" = 1 ]
	[ ! -s said ]
	[ "$(stat -c %a j)" = 600 ]
}

@test "a finished run says so and runs nothing" {
	job 0 -- cat <in
	job 0 -- cat <in
	says 'all 3 batches were done before, nothing is run'
	[ "$(wc -l <err)" = 1 ]
	cmp in out
}

@test "input that grew goes on; input that changed or shrank is refused" {
	job 0 -- cat <in
	{ cat in; echo 31,n31; echo 32,n32; } >more
	job 0 -- cat <more
	cmp more out
	[ "$(grep -c ^done j)" = 4 ]
	sed 's/^15,n15/15,x15/' more >changed
	job 5 -- cat <changed
	says 'stdin: the input has changed in batch 2, records 11 to 20'
	cmp more out
	head -n 25 more >short
	job 5 -- cat <short
	says 'stdin: the input ends in batch 3, records 21 to 30'
	sed '1s/name/nome/' more >header
	job 5 -- cat <header
	says 'the input has changed in batch 1'
	job 5 -- cat </dev/null
	says 'the input ends in batch 1'
	cmp more out
}

@test "a batch at the end keeps its boundary when the input grows" {
	head -n 16 in >part
	job 0 -- cat <part
	job 0 -- sh -c 'cat' <in 2>/dev/null || true
	rm -f j out
	job 0 -- cat <part
	job 0 -- cat <in
	cmp in out
	grep -q '^done 2 11 15 ' j
	grep -q '^done 3 16 25 ' j
}

@test "what decides batches and answers may not change, the rest may" {
	job 0 --rejects bad.csv -- cat <in
	for change in '-n 11' '-b 100' '-g id' '--to=json' '-d ;' "-q '" '-H' \
		'--names a,b' '--ragged=pad' '--ragged=fit' \
		'--skip-lines 1' '--comment x' '--max-record 1M' '--raw' \
		'--same-count' '-o other' '--rejects other'; do
		# shellcheck disable=SC2086
		gives 5 "$batch" -n 10 --journal j -o out --rejects bad.csv \
			$change -- cat <in
		says "${change%%[ =]*} was '"
	done
	gives 5 "$batch" -n 10 --journal j --no-output --rejects bad.csv -- cat <in
	says "--no-output was '0', is '1'; -o was 'out', is ''"
	gives 5 "$batch" -n 10 --journal j -o out --rejects bad.csv -- cat -u <in
	says 'COMMAND was '
	gives 5 "$batch" -n 10 --journal j -o out -- cat <in
	says "--rejects was 'bad.csv', is ''"
	job 0 --rejects bad.csv -j 4 --retries 2 --backoff 1ms --timeout 5s \
		--rate 100/s --keep-going --bisect --stats -- cat <in
	cmp in out
	[ ! -e other ]
}

@test "rejects come once, in the order of the batches" {
	awk 'BEGIN { print "id,name"
		for (i = 1; i <= 40; i++)
			print i % 7 ? i ",n" i : i ",n,too many" }' >in
	job 0 --rejects want.csv -- cat <in
	mv out want
	rm j
	job 4 --rejects bad.csv -- sh -c "$(failing 3)" <in
	[ "$(grep -c . bad.csv)" = 4 ]
	touch fixed
	job 0 --rejects bad.csv -- sh -c "$(failing 3)" <in
	cmp want out
	cmp want.csv bad.csv
	says '5 records rejected, see bad.csv'
	job 0 --rejects bad.csv -- sh -c "$(failing 3)" <in
	cmp want out
	cmp want.csv bad.csv
}

@test "the count of rejected records is that of the rows in the file" {
	awk 'BEGIN { print "id,name"
		for (i = 1; i <= 40; i++)
			print i % 7 ? i ",n" i : i ",n,too many" }' >in
	for batch_number in 1 2 3; do
		rm -f j out bad.csv calls
		job 4 --rejects bad.csv -- sh -c "$(failing $batch_number)" <in
		rows=$(($(wc -l <bad.csv) - 1))
		[ $rows = 0 ] || says "$rows record"
		[ $rows != 0 ] || ! grep -q rejected err
	done
	# one before the first record of a file without a header
	rm bad.csv
	printf '%s\n' '1,"2" x' 3,4 5,6 7 8,9 >in
	gives 0 "$batch" -H -n 2 --journal jh -o oh --rejects bad.csv -- cat <in
	says '2 records rejected'
	for _ in 1 2; do
		echo 9 >>in
		gives 0 "$batch" -H -n 2 --journal jh -o oh --rejects bad.csv \
			-- cat <in
		says "$(($(wc -l <bad.csv) - 1)) records rejected"
	done
}

@test "rejects are in the order of the input, with a journal and without" {
	awk 'BEGIN { print "id,name"
		for (i = 1; i <= 60; i++)
			print i % 4 ? i ",n" i : i ",n,too many" }' >in
	script='[ $CSVBATCH_NUMBER != 2 ] || sleep 0.2
		! grep -q "^[1235]*[137]," && cat /dev/stdin'
	for options in '--bisect=99' '--keep-going' '-j 4 --bisect=99' \
		'-j 4 --keep-going' '-j 4 --keep-going --merge-by id' \
		'-j 4 --merge-by id'; do
		command="$script"
		case $options in
		*merge*) command='sed "s/name/new/; /^[1235]*[137],/d"' ;;
		esac
		for journal in '' '--journal j'; do
			rm -f j out bad.csv
			# shellcheck disable=SC2086
			timeout 60 "$batch" -n 7 -o out --rejects bad.csv \
				$options $journal -- sh -c "$command" <in 2>err ||
				[ $? = 4 ]
			tail -n +2 bad.csv | cut -d, -f2 >got
			sort -n got | cmp - got
			[ "$(wc -l <got)" -gt 25 ]
			says "$(wc -l <got) records rejected"
		done
	done
}

@test "--keep-going and --bisect: what was rejected is not tried again" {
	job 4 --keep-going --rejects bad.csv -- sh -c "$(failing 2)" <in
	{ head -n 11 in; tail -n 10 in; } | cmp - out
	cp bad.csv before
	touch fixed
	job 0 --keep-going --rejects bad.csv -- sh -c "$(failing 2)" <in
	cmp before bad.csv
	printf '1\n2\n3\n' | cmp - calls
	rm j out bad.csv
	for _ in 1 2; do
		job 0 --bisect --rejects bad.csv -- \
			sh -c '! grep -q ^15, && cat /dev/stdin' <in
		grep -v ^15, in | cmp - out
		[ "$(wc -l <bad.csv)" = 2 ]
	done
}

@test "--keep-going: a batch that failed before an interruption is told by the next run" {
	job 4 --keep-going --rejects want.csv -- sh -c "$(failing 2)" <in
	mv out want
	rm j calls
	ended() { # STATUS COMMAND [ARG]...: the run with this journal
		gives "$1" "${@:2}" "$batch" -n 10 --journal j -o out --keep-going \
			--rejects bad.csv -- sh -c "[ -e go ] ||
			[ \$CSVBATCH_NUMBER != 3 ] || { kill \$PPID; exec sleep 9; }
			$(failing 2)" <in
	}
	ended 143
	touch go
	ended 4
	says 'j: batches failed before, their records are in bad.csv'
	cmp want out
	cmp want.csv bad.csv
	printf '1\n2\n3\n' | cmp - calls
	# a run has come to its end and told it
	ended 0
	says 'all 3 batches were done before, nothing is run'
	[ "$(grep -c before err)" = 1 ]
}

@test "OUT and rejects are cut back to what was committed" {
	job 4 --rejects bad.csv -- sh -c "$(failing 3)" <in
	echo 'half a batch that was not committed' >>out
	echo 'and a row' >>bad.csv
	touch fixed
	job 0 --rejects bad.csv -- sh -c "$(failing 3)" <in
	cmp in out
	[ "$(cat bad.csv)" = file,record,line,byte,reason,raw ]
	truncate -s 100 out
	job 5 --rejects bad.csv -- sh -c "$(failing 3)" <in
	says 'out: the file is shorter than the journal says'
}

@test "a new journal wants an empty OUT" {
	echo mine >out
	job 5 -- cat <in
	says 'out: the file is not empty, and the journal is new'
	[ "$(cat out)" = mine ]
	rm -f j
	: >out
	job 0 -- cat <in
	cmp in out
}

@test "the header that OUT has is the one that answers must equal" {
	job 4 -- sh -c "$(failing 2)" <in
	sed -i '1s/id/no/' out
	touch fixed
	job 4 -- sh -c "$(failing 2)" <in
	says 'its header differs from that of the first answer'
}

@test "a torn last line is cut, and said; damage elsewhere is refused" {
	job 0 -- cat <in
	cp j whole
	truncate -s -5 j
	job 0 -- cat <in
	says 'j: last record incomplete, redoing batch 3'
	cmp in out
	cmp whole j
	sed -i '2s/10/11/' j
	job 5 -- cat <in
	grep -q 'j: the journal is damaged at byte [0-9]*$' err
	head -c 300 /dev/zero >j
	job 5 -- cat <in
	says 'j: the journal is damaged at byte 0'
	: >j
	job 5 -- cat <in
	says 'out: the file is not empty, and the journal is new'
}

@test "an error before the journal is opened leaves nothing" {
	job 1 --rejects bad.csv --expect-header x -- cat <in
	job 2 --rejects bad.csv -g nope -- cat <in
	job 127 --rejects bad.csv -- ./nothere <in
	[ ! -e j ] && [ ! -e out ] && [ ! -e bad.csv ]
}

@test "two runs on one journal: the second is refused" {
	mkfifo pipe
	"$batch" -n 10 --journal j -o out -- cat <pipe &
	first=$!
	exec 7>pipe
	cat in >&7
	for _ in $(seq 50); do [ -s out ] && break || sleep 0.1; done
	job 5 -- cat <in
	says "j: the journal is in use by process $first"
	gives 5 "$batch" -n 10 --journal j2 -o out -- cat <in
	says 'out: another run is writing it'
	exec 7>&-
	wait $first
	cmp in out
}

@test "a journal is a regular file of ours" {
	ln -s /dev/null link
	mkfifo pipe
	mkdir dir
	touch open
	chmod 666 open
	for j in link pipe dir open; do
		gives 5 "$batch" -n 10 --journal $j --no-output -- cat <in
		says "$j: "
	done
	gives 3 "$batch" -n 10 --journal no/where --no-output -- cat <in
	gives 2 "$batch" -n 10 --journal j -- cat <in
	gives 2 "$batch" -n 10 --journal j -o /dev/null -- cat <in
	says 'needs a regular file'
}

@test "a journal that cannot be written ends the run, and says what follows" {
	traced
	# syncs: the journal's first line; OUT and journal of batch 1; ...
	for when in 4 5; do
		rm -f j out
		gives 3 strace -o /dev/null -e trace=fdatasync \
			-e inject=fdatasync:error=EIO:when=$when \
			"$batch" -n 10 --journal j -o out -- cat <in
		says 'Input/output error'
		job 0 -- cat <in
		cmp in out
	done
	rm -f j out
	gives 3 strace -o /dev/null -e trace=pwrite64 \
		-e inject=pwrite64:error=ENOSPC:when=3 \
		"$batch" -n 10 --journal j -o out -- cat <in
	says 'j: No space left on device; the next run will repeat batch 2'
	job 0 -- cat <in
	cmp in out
}

@test "a signal: batches that end in the grace are noted" {
	command -v python3 >/dev/null || skip "no python3"
	python3 - "$batch" <<-'END'
	import signal, subprocess, sys, time
	p = subprocess.Popen(
	    [sys.argv[1], "-n", "10", "-j", "2", "--journal", "j", "-o", "out", "--",
	     "sh", "-c", "trap '' TERM; sleep 1; cat"], stdin=open("in"))
	time.sleep(0.5)
	p.send_signal(signal.SIGTERM)
	assert p.wait(10) == -15
	END
	[ "$(grep -c ^done j)" = 2 ]
	head -n 21 in | cmp - out
	gives 0 "$batch" -n 10 --journal j -o out -- \
		sh -c "trap '' TERM; sleep 1; cat" <in
	cmp in out
}

@test "a kill in the middle of recovery" {
	traced
	job 0 -- cat <in
	cp j whole
	for when in 1 2; do
		cp whole j
		truncate -s -5 j
		cp in out
		timeout 20 strace -o /dev/null -e trace=ftruncate \
			-e inject=ftruncate:signal=KILL:when=$when \
			"$batch" -n 10 --journal j -o out -- cat <in || true
		job 0 -- cat <in
		cmp in out
	done
}

@test "lengths and bits of a journal" {
	command -v python3 >/dev/null || skip "no python3"
	step=7 # unit/journal_test has each, and make soak
	[ -z "${CSVPIPE_SAN:-}" ] || step=41
	python3 "$BATS_TEST_DIRNAME/journal_damage.py" "$batch" $step
}

@test "500 kills at random moments" {
	command -v python3 >/dev/null || skip "no python3"
	plain
	python3 "$BATS_TEST_DIRNAME/kill_loop.py" "$batch" 500
}

@test "what is written must keep its name" {
	for name in out j bad.csv; do
		for how in "mv $name away" "rm $name" "cp $name copy; mv copy $name"; do
			rm -f out j bad.csv
			{ cat in; echo 31; } >ragged
			# while the second batch runs: its records are not noted
			job 3 --rejects bad.csv -- \
				sh -c '[ $CSVBATCH_NUMBER != 2 ] || { '"$how"'; }; cat' <ragged
			says "$name: moved away or replaced while it was written"
			[ "$(wc -l <err)" = 1 ]
			rm -f away copy
			# when all batches are done, before the end of the input
			rm -f out j bad.csv
			{
				cat in
				for _ in $(seq 100); do
					[ "$(grep -c done j 2>/dev/null)" != 3 ] || break
					sleep 0.02
				done
				sh -c "$how"
				echo 31
			} | job 3 --rejects bad.csv -- cat
			says "$name: moved away or replaced while it was written"
		done
	done
	# a link, as a name, may lead there
	rm -f out j bad.csv
	: >real
	ln -s real out
	job 0 -- cat <in
	cmp in real
}

@test "rows behind the last batch are on disk at the end" {
	traced
	{ cat in; echo 31; } >ragged
	gives 0 strace -o trace -P "$PWD/bad.csv" -e trace=write,fdatasync,close \
		"$batch" -n 10 --journal j -o out --rejects bad.csv -- cat <ragged
	sed 's/(.*//; /^+/d' trace | tail -n 3 >calls
	printf '%s\n' write fdatasync close | cmp - calls
	rm -f out j bad.csv
	# syncs of the rejects: that of their header, and that of the last row
	gives 3 strace -o /dev/null -P "$PWD/bad.csv" -e trace=fdatasync \
		-e inject=fdatasync:error=EIO:when=2 \
		"$batch" -n 10 --journal j -o out --rejects bad.csv -- cat <ragged
	says 'bad.csv: write error: Input/output error'
	job 0 --rejects bad.csv -- cat <ragged
	cmp in out
	[ "$(wc -l <bad.csv)" = 2 ]
}

@test "rows of rejects take no space once they were passed on" {
	awk 'BEGIN { print "id,v"
		for (i = 0; i < 4000; i++) print i, i % 2 ? "x,y" : "z" }' \
		OFS=, >in
	mkdir small
	mount -t tmpfs -o size=100k none small 2>/dev/null || skip "no mount"
	status=0
	for run in 1 2; do
		TMPDIR=$PWD/small "$batch" -n 500 --journal j -o out \
			--rejects rows -- cat <in 2>err || status=$?
	done
	umount small
	[ $status = 0 ]
	[ "$(wc -l <out)" = 2001 ]
	[ "$(wc -l <rows)" = 2001 ]
}
