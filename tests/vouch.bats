#!/usr/bin/env bats
# CSVPIPE_LOG: the programs of a pipe vouch for each other; csvpipe(7).

load helper

setup() {
	: "${BIN:?}"
	cd "$BATS_TEST_TMPDIR"
	PATH=$BIN:$PATH
	printf 'id,n\n1,5\n2,6\n3,7\n' >in
	export CSVPIPE_LOG=log
}

# said TEXT...: each is part of what err holds.
said() {
	for text; do
		grep -q -F -e "$text" err && continue
		echo "err lacks: $text"
		cat err
		return 1
	done
}

# no COMMAND: it fails.
no() {
	! "$@"
}

# column LIST [EXPRESSION]: of the records of log that end.
column() {
	env -u CSVPIPE_LOG csvfilter "event == \"end\" && (${2:-true})" log |
		env -u CSVPIPE_LOG csvcut -E -c "$1"
}

@test "each program says when it begins and how it ended" {
	csvcut in | csvfilter 'n > 5' | csvmap 'n = n + 1' |
		csvbatch -n 1 -- cat | csvpar -j 1 -- cat >out
	same out <(printf 'id,n\n2,7\n3,8\n')
	[ "$(grep -c ',begin,' log)" = 5 ]
	column program,records_in,records_out,rejected,bytes_in,bytes_out,status,whole,vouchers |
		sort >got
	cat >want <<-'END'
		csvbatch,2,2,0,13,13,0,yes,1
		csvcut,3,3,0,17,17,0,yes,0
		csvfilter,3,2,0,17,13,0,yes,1
		csvmap,2,2,0,13,13,0,yes,1
		csvpar,2,2,0,13,13,0,yes,1
	END
	same want got
	[ "$(stat -c %a log)" = 600 ]
	awk -F , 'NF < 17' log >short
	[ ! -s short ]
}

@test "who exits early vouches as well, or does not" {
	csvcut --help >out
	csvfilter --limit 1 true in >out
	csvfilter --count true in >out
	csvcut -n in >out
	no csvcut -c other in 2>err
	no csvmap 'n = num("x")' in 2>err
	no csvfilter 2>err
	column program,status,whole >got
	cat >want <<-'END'
		csvcut,0,yes
		csvfilter,0,yes
		csvfilter,0,yes
		csvcut,0,yes
		csvcut,2,no
		csvmap,1,no
		csvfilter,2,no
	END
	same want got
}

@test "a failed command leaves no whole answer, --keep-going does" {
	no csvbatch -n 1 -- false <in 2>err
	csvbatch -n 2 --keep-going --rejects bad -o out -- \
		sh -c 'test $CSVBATCH_NUMBER = 1 && cat' <in 2>err || [ $? = 4 ]
	column status,records_out,rejected,whole >got
	printf '4,0,0,no\n4,2,1,yes\n' >want
	same want got
}

@test "a signal that is caught is in the status" {
	mkfifo fifo
	csvbatch -n 1 -- cat <fifo >out &
	pid=$!
	exec 9>fifo
	cat in >&9
	until [ -s out ]; do sleep 0.02; done
	kill -TERM $pid
	wait $pid || [ $? = 143 ]
	exec 9>&-
	[ "$(column status,whole)" = 143,no ]
}

@test "the first cause is named, through all stages" {
	csvcut -c other in 2>err1 | csvfilter true 2>err2 | csvmap '' 2>err3 |
		csvbatch -n 1 -o out -- cat 2>err && false
	said 'the input is not whole: csvmap (pid ' \
		'ended with status 1; before it csvfilter (pid ' \
		'ended with status 1; before it csvcut (pid ' \
		'ended with status 2'
	[ ! -e out ]
	[ ! -e out.part ]
	# that csvcut died of SIGPIPE is not why
	csvcut in | csvfilter 'num("x") > 0' 2>err1 | csvmap -o out '' 2>err && false
	said 'csvfilter (pid ' 'ended with status 1'
	no grep csvcut err
}

@test "standard input may be a list, and an input may be a substitution" {
	csvfilter -o out --set a=<(csvcut --plain -c other in) 'id in @a' in \
		2>err && false
	said 'a file beside the input: the input is not whole: csvcut'
	csvfilter -o out true <(csvcut -c other in) 2>err && false
	said '/dev/fd/' 'the input is not whole: csvcut'
	csvcut -c other in | csvfilter -o out -f - in 2>err && false
	said 'the input is not whole: csvcut'
	[ ! -e out ]
}

@test "--stats says who vouched" {
	csvcut --stats in 2>err | csvfilter true --stats 2>err2 |
		csvmap '' --stats 2>err3 | cat >out
	said '; nobody vouched for the input'
	grep -q '; vouched for the input: 1$' err2
	{ csvcut in; csvcut -E in; } | csvcut --stats 2>err >out
	said '; vouched for the input: 2'
	env -u CSVPIPE_LOG csvcut --stats in 2>err >out
	no grep vouched err
}

@test "--log is CSVPIPE_LOG for one program" {
	unset CSVPIPE_LOG
	csvcut --log a in | csvmap --log=a -o out ''
	[ "$(grep -c ,yes, a)" = 2 ]
	no csvcut --nono in --log b 2>err
	grep -q 'end.*,2,no,' b
	csvbatch -n 3 -- echo --log c <in >out 2>err || true
	[ ! -e c ]
	no csvcut --log= in 2>err
	said '--log: needs a FILE'
	no csvcut --lo d in 2>err
	[ ! -e d ]
	CSVPIPE_LOG=e csvcut --log f in >out
	[ ! -e e ]
	CSVPIPE_LOG='' csvcut in >out
}

@test "the values of --arg stay out of it" {
	csvmap --arg a=secret --arg=b=secret 'n = arg("a")' in >out
	grep -q 'csvmap --arg a --arg=b n = arg(""a"") in' log
	no grep secret log
	csvcut -c "id,$(printf 'n%.0s' $(seq 300))" in 2>err || true
	[ "$(column command | wc -c)" -lt 600 ]
	printf 'csvcut "a\n,b"\377' >cmd
	csvcut "$(cat cmd)" 2>err || true
	env -u CSVPIPE_LOG csvcut -c command log >out # it is good CSV
}

@test "183: commands run without CSVPIPE_LOG" {
	for program in csvpar "csvbatch -n 9"; do
		$program --raw -- sh -c 'cat >x; echo "<$CSVPIPE_LOG>"' <in >out
		same out <(echo '<>')
	done
}

@test "the log is a regular file of its own" {
	for file in /dev/null . no/where; do
		CSVPIPE_LOG=$file csvcut in 2>err >out || [ $? = 3 ]
		said "$file: "
	done
	mkfifo fifo
	CSVPIPE_LOG=fifo csvcut in 2>err && false
	said 'fifo: no regular file'
	cp in data
	CSVPIPE_LOG=data csvcut in 2>err && false
	said 'data: in the way: its header is another'
	same in data
	csvcut in >out # makes it
	cp log kept
	ln -s log link
	for args in "in -o log" "in -o link" "in --rejects log" "log" "link"; do
		echo "$args"
		csvcut $args 2>err && false
		said ' is log'
		csvcut in >>log 2>err && false
		csvbatch -n 1 -o out --journal log -- cat <in 2>err && false
		said 'journal is log'
	done
	CSVPIPE_LOG=out.part csvcut -o out in 2>err && false
	said 'the .part of the output file is log'
	head -c "$(wc -c <kept)" log | cmp - kept
}

@test "a log that cannot be written, or is damaged, is exit status 3" {
	csvcut in | csvfilter true >out
	printf '2026,begin,csvcut,1' >>log
	csvcut in | csvfilter true -o new 2>err && false
	said 'log: a line is no record of ours'
	[ ! -e new ]
	rm log
	(ulimit -f 0 && csvcut in 2>&1 >/dev/null) | cat >err
	said 'log: '
	# a tail in writing is nobody's
	csvcut in >out
	{ csvcut in; printf '2026-01-01T' >>log; } | csvfilter true -o new
	same in new
}

@test "a record that is not wholly written is exit status 3" {
	csvcut in >out
	size=$(wc -c <log)
	blocks=$((size / 1024 + 1))
	while [ "$(wc -c <log)" -lt $((blocks * 1024 - 200)) ]; do
		csvcut in >out
	done
	(ulimit -f "$blocks" && csvcut -c 'id,n,id,n,id,n,id,n,id,n,id,n,id,n' \
		--expect-header id,n in >out 2>err) && false
	said 'log: '
}

@test "with the log unset nothing is opened" {
	command -v strace >/dev/null || skip "no strace"
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	unset CSVPIPE_LOG
	strace -o trace csvcut in >out
	no grep -E 'pipe2|flock|boot_id|F_DUPFD' trace
}

@test "a sample of pipes that end badly" {
	python3 "$BATS_TEST_DIRNAME/vouch.py" cuts "$BIN" 12
}

@test "a sample of pipes about which nobody complains" {
	python3 "$BATS_TEST_DIRNAME/vouch.py" good "$BIN" 27
}

@test "vouch: a producer that fails spoils the stream in any state" {
	unset CSVPIPE_LOG
	awk -f "$BATS_TEST_DIRNAME/examples.awk" \
		"$BATS_TEST_DIRNAME/../man/csvpipe.7"
	grep -q printf vouch.sh
	. ./vouch.sh
	n=0
	for start in '' 'a,b\n' 'a,b\n1,2' 'a,b\n1,2\n' 'a,b\n1,' 'a,b\n1' \
		'a,b\n1,"' 'a,b\n1,"x' 'a,b\n1,"x"' 'a,b\n"' 'a,b\r\n1,2\r' \
		'a,b\n1,"x""' 'a,b\n1,"x\n' 'a\n1' 'a\n' 'a\n"' 'a\n"1"'; do
		for by in 'exit 22' 'kill -9 $$' 'kill $$'; do
			echo "$start $by"
			vouch sh -c "printf '$start'; $by" | csvfilter true \
				-o out 2>err && false
			[ ! -e out ]
			vouch sh -c "printf '$start'; $by" >"bad$((++n))" ||
				got=$?
			[ "$got" -gt 1 ]
		done
	done
	[ "$(ls bad* | wc -l)" = 51 ]
	python3 - bad* <<-'END'
		import csv, sys
		for name in sys.argv[1:]:
		    try:
		        list(csv.reader(open(name, newline=""), strict=True))
		    except csv.Error:
		        continue
		    sys.exit(f"{name} is good")
	END
	vouch cat in | csvfilter true -o out
	same in out
}

@test "vouch: curl and psql" {
	unset CSVPIPE_LOG
	awk -f "$BATS_TEST_DIRNAME/examples.awk" \
		"$BATS_TEST_DIRNAME/../man/csvpipe.7"
	. ./vouch.sh
	command -v curl >/dev/null || skip "no curl"
	# a server that promises 99 bytes and goes away, between two records
	python3 - <<-'END' 3>&- &
		import socket
		s = socket.create_server(("127.0.0.1", 0))
		print(s.getsockname()[1], file=open("port", "w"))
		for _ in range(2):
		    c = s.accept()[0]
		    c.recv(4096)
		    c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n"
		              b"id,n\n1,5\n")
		    c.close()
	END
	until [ -s port ]; do sleep 0.05; done
	url=http://127.0.0.1:$(cat port)/
	curl -fsS "$url" 2>err | csvfilter true -o out # this is the hole
	[ "$(wc -l <out)" = 2 ]
	rm out
	vouch curl -fsS "$url" 2>err | csvfilter true -o out 2>said && false
	[ ! -e out ]
	command -v psql >/dev/null || skip "no psql"
	vouch psql -Xq -h "$PWD/nowhere" -c 'COPY x TO STDOUT' 2>err |
		csvfilter true -o out 2>said && false
	[ ! -e out ]
}

@test "--progress=FILE: four stages append whole records, a last one each" {
	unset CSVPIPE_LOG
	{ cat in; sleep 1.3; echo 4,8; } | csvcut --progress=how |
		csvfilter --progress=how true | csvmap --progress=how '' |
		csvbatch --progress=how -n 1 -- cat >out
	[ "$(grep -c ^time how)" = 1 ]
	csvfilter 'time != "time" && children_kib >= 0 && peak_kib > 0' how >good
	same good how
	csvcut -E -c program,records_in,records_out,bytes_in,bytes_out how |
		tail -n 4 | sort >got
	for program in csvbatch csvcut csvfilter csvmap; do
		echo $program,4,4,21,21
	done >want
	same want got
	[ "$(wc -l <how)" -ge 9 ]
	# what waits for input does not work
	[ "$(csvfilter --count 'waiting_in > 1 && working < 1' how)" -ge 4 ]
}

@test "--progress: FILE is a file of its own, or standard error" {
	unset CSVPIPE_LOG
	for args in "--progress=in in" "--progress=. in"; do
		csvcut $args 2>err && false
	done
	same in <(printf 'id,n\n1,5\n2,6\n3,7\n')
	csvcut in --progress= 2>err && false
	said '--progress=: needs a FILE'
	csvcut --progress=how in >out
	csvcut --progress=how -o how in 2>err && false
	said 'how: output file is file of --progress'
	csvcut --log log --progress=log in 2>err && false
	said 'log: in the way'
	cp how before
	csvcut --progress=how --progress in >out
	same before how
	csvcut --progress=/dev/full in 2>err >out && false
	said '/dev/full: no regular file'
}

@test "--progress: commands are measured" {
	unset CSVPIPE_LOG
	for program in "csvbatch -n 9" "csvpar -j 1"; do
		rm -f how
		$program --progress=how -- \
			sh -c 'x=$(head -c 20000000 /dev/zero | tr "\0" x); sleep 1.2
				cat' <in >out
		csvfilter 'children_kib > 20000 && working > 0.9' how >big
		[ "$(wc -l <big)" -ge 2 ]
	done
}

@test "--stats says who waits for whom" {
	unset CSVPIPE_LOG
	"$PARKING" -n 20000 >long
	{ cat long; sleep 0.6; } | csvcut --stats 2>err >out
	csvfilter -o e 'num(@1) > 0.5' -H <<<"$(sed 's/.*working, \(.*\) waiting.*/\1/' err)"
	[ -s e ]
	csvcut --stats long 2>err | { sleep 0.6; cat; } >out
	csvfilter -o e 'num(@1) > 0.5' -H <<<"$(sed 's/.*for input, \(.*\) for output.*/\1/' err)"
	[ -s e ]
}

@test "man/share/profile.gp draws it" {
	command -v gnuplot >/dev/null || skip "no gnuplot"
	unset CSVPIPE_LOG
	{ cat in; sleep 0.1; } | csvcut --progress=how |
		csvmap --progress=how '' >out
	gnuplot -e 'from = "how"' "$BATS_TEST_DIRNAME/../man/share/profile.gp" \
		>picture 2>err
	same /dev/null err
	grep -q 'waiting for output' picture
	grep -q '>csvmap<' picture
}

@test "csvbatch and a list ends with 1 where the input is not whole, and once" {
	printf 'id,x\n1,2\n"3' >cut.csv
	printf 'id,x\n1,a\n' >s.csv
	export CSVPIPE_LOG=$PWD/once
	gives 0 sh -c '{ "$0/csvcut" cut.csv; } 2>/dev/null | "$0/csvbatch" -n 10 -- cat || echo "status $?"' "$BIN"
	grep -qx 'status 1' out
	says 'the input is not whole'
	no grep -q canceled err
	gives 0 bash -c '"$0/csvmap" -o f --table t=<("$0/csvcut" cut.csv 2>/dev/null) "y = lookup(@t, id, \"x\")" s.csv || echo "status $?"' "$BIN"
	grep -qx 'status 1' out
	says 'a file beside the input: the input is not whole'
	no grep -q canceled err
	[ ! -e f ]
}
