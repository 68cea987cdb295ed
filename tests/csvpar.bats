#!/usr/bin/env bats
# csvpar: identity, contracts, options, the input and the output.

load csvpar

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

@test "blocks grow although a process takes long to start; -b is their size" {
	numbers 600000 in # 4 MB
	gives 0 "$par" -j 2 --raw -- sh -c \
		'sleep 0.3; cat >/dev/null; echo $CSVPAR_BLOCK' <in
	# what came while the first one started is shared out
	[ "$(wc -l <out)" -le 3 ]
	gives 0 "$par" -j 2 -- sh -c 'sleep 0.3; exec cat' <in
	cmp in out
	gives 0 "$par" -j 2 -b 1M --raw -- sh -c \
		'sleep 0.3; wc -c; echo $CSVPAR_BLOCK' <in
	head -n 1 out >first
	[ "$(cat first)" -gt 1048000 ] && [ "$(cat first)" -le 1048576 ]
}

@test "--by: equal values go to the same worker" {
	awk 'BEGIN { print "k,v"; for (i = 0; i < 3000; i++)
		printf i % 2 ? "%s,%d\n" : "\"%s\",%d\n", "key" i * 7 % 23, i }' >in
	for mode in "" "-u"; do
		gives 0 "$par" -j 4 --by k -p $mode -- sh -c 'w=w
			while read -r line; do echo "$line,$w"; w=$CSVPAR_WORKER; done' <in
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
	grep -q '^csvpar: 300 records in, 300 out, .* records/s$' err
	gives 0 "$par" -j 2 -p --progress -- "$bad" slow 10 <in
	grep -q ' records/s; 2 of 2 workers busy, window [0-9]* of 128' err
}

@test "a record of a trickling input is answered within 100 ms" {
	plain
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

@test "rows from a slow web server come out four every half second" {
	plain
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
	plain
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

@test "41: answers whose lines end in another way than the first one's end the run" {
	printf 'a\n1\n2\n3\n4\n' >in
	for opt in '-n 2' -p; do
		gives 4 "$BIN/csvpar" $opt -j 2 -- sh -c \
			'if [ $CSVPAR_WORKER = 2 ] || [ "${CSVPAR_BLOCK:-1}" = 2 ]; then
				sed -u "s/\$/\r/" | tr -d "\n"
			else cat; fi' <in
		# either may be the first
		grep -q "its lines end with [CL][RF], those of the first answer with [CL][RF]; tr '.r' '.n' makes LF of CR" err
	done
	tail -n +2 in | tr '\n' '\r' >cr
	gives 1 "$BIN/csvpar" -p -H -- cat <cr
	says "stdin: its lines end with CR, and -p without a header cannot tell"
	gives 0 "$BIN/csvpar" -H -- cat <cr
	cmp cr out
}
