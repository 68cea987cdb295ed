#!/usr/bin/env bats
# csvbatch: batches, answers, failures, and commands that misbehave.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	batch=$BIN/csvbatch
	bad=$BIN/tests/badchild
}

# numbers N: a file of N records.
numbers() {
	awk -v n="$1" 'BEGIN {
		print "id,name"
		for (i = 1; i <= n; i++)
			print i ",n" i
	}'
}

# A script in this directory: its text is standard input.
script() {
	{ echo '#!/bin/sh' && cat; } >"$1"
	chmod +x "$1"
}

@test "csvbatch of cat is the input, whatever the batches" {
	awk 'BEGIN {
		print "id,text"
		for (i = 1; i <= 500; i++) {
			text = sprintf("%*s", i % 61, "")
			gsub(/ /, i % 3 ? "x" : "\n", text)
			printf "%d,\"%s, \"\"q\"\"\"\r\n", i, text
		}
	}' >in
	for limit in '-n 1' '-n 7' '-n 1000' '-b 300' '-b 4K -n 3' '-g id' \
		'-n 10 -j 4' '-b 1K -j 8'; do
		# shellcheck disable=SC2086
		gives 0 "$batch" $limit -- cat <in
		cmp in out
		[ ! -s err ]
	done
}

@test "NUL, invalid UTF-8, a quote inside, no last line end" {
	printf 'a,b\nx\0y,\377\n5" pipe,,\n' >in
	gives 1 "$batch" -n 1 -- cat <in
	printf 'a,b\nx\0y,\377\n5" pipe,""\nq,' >in
	gives 0 "$batch" -n 2 -- cat <in
	echo >>in
	cmp in out
}

@test "one-column files, CR-only files, a BOM" {
	printf 'a\n1\n\n2\n' >in
	gives 0 "$batch" -n 1 -- cat <in
	cmp in out
	printf 'a,b\r1,2\r3,4\r' >in
	gives 0 "$batch" -n 1 -- cat <in
	cmp in out
	printf '\357\273\277a,b\n1,2\n' >in
	gives 0 "$batch" -n 1 -- cat <in
	printf 'a,b\n1,2\n' | cmp - out
}

@test "a batch closes the moment record N is complete" {
	mkfifo pipe
	script note <<-'END'
	cat >/dev/null
	touch "seen$CSVBATCH_NUMBER"
	END
	timeout 30 "$batch" -n 2 --no-output -- ./note <pipe &
	pid=$!
	exec 7>pipe
	printf 'a\n1\n2\n' >&7
	for _ in $(seq 50); do [ -e seen1 ] && break || sleep 0.1; done
	[ -e seen1 ]
	[ ! -e seen2 ]
	exec 7>&-
	wait $pid
	[ ! -e seen2 ]
}

@test "-b counts what is handed over, with the header, and is never passed" {
	numbers 300 >in
	for size in 17 20 64 100 1000; do
		gives 0 "$batch" -b $size --raw -- wc -c <in
		awk -v most=$size '$1 > most { exit 1 }' out
	done
	gives 0 "$batch" -b 17 --raw -- sh -c 'echo $CSVBATCH_BYTES; wc -c' <in
	[ "$(uniq out | wc -l)" -le "$(wc -l <out)" ]
	awk 'NR % 2 { was = $1; next } $1 != was { exit 1 }' out
	for form in json jsonl; do
		gives 0 "$batch" -b 100 --to=$form -- sh -c \
			'[ $(wc -c) = $CSVBATCH_BYTES ] && echo $CSVBATCH_BYTES' <in
		awk '$1 > 100 || $1 < 60 { exit 1 }' <(head -n -1 out)
	done
}

@test "a record that cannot fit -b alone is a bad record" {
	printf 'id\n1\nlonglonglong\n2\n' >in
	gives 1 "$batch" -b 10 -- cat <in
	says 'alone it makes a batch of 16 bytes, and -b allows 10'
	says 'batch 1, record 1 so far, is not run'
	[ ! -s out ]
	gives 0 "$batch" -b 10 --rejects bad -- cat <in
	printf 'id\n1\n2\n' | cmp - out
	grep -q '^stdin,2,3,5,"alone it makes' bad
}

@test "-g closes where a decoded value changes" {
	printf 'k,v,w\na,1,x\n"a",2,x\na,3,"x"\nb,4,x\nb,5,y\na,6,x\n' >in
	count='echo $CSVBATCH_FIRST-$CSVBATCH_LAST'
	gives 0 "$batch" -g k --raw -- sh -c "$count" <in
	printf '1-3\n4-5\n6-6\n' | cmp - out
	gives 0 "$batch" -g w,k --raw -- sh -c "$count" <in
	printf '1-3\n4-4\n5-5\n6-6\n' | cmp - out
	gives 0 "$batch" -g k -n 2 --raw -- sh -c "$count" <in
	printf '1-2\n3-3\n4-5\n6-6\n' | cmp - out
	gives 0 "$batch" -g k --to=jsonl -- sh -c "$count" <in
	printf '1-3\n4-5\n6-6\n' | cmp - out
	gives 2 "$batch" -g nope -o all -- cat <in
	[ ! -e all ] && [ ! -e all.part ]
	says 'no column "nope"'
}

@test "--linger closes a batch some time after its first record" {
	{ printf 'a\n1\n2\n'; sleep 0.7; echo 3; } |
		gives 0 "$batch" --linger 200ms --raw -- \
			sh -c 'echo $CSVBATCH_RECORDS'
	printf '2\n1\n' | cmp - out
}

@test "nothing in, nothing run; a header alone: nothing run" {
	gives 0 "$batch" -n 1 -- false </dev/null
	[ ! -s out ]
	echo a,b | gives 0 "$batch" -n 1 -- false
	[ ! -s out ]
	gives 1 "$batch" -n 1 --expect-header a -- false </dev/null
}

@test "-H and --names: no header is handed over, none is expected" {
	printf '1,2\n3,4\n5,6\n' >in
	gives 0 "$batch" -n 2 -H -- sort -r <in
	printf '3,4\n1,2\n5,6\n' | cmp - out
	gives 0 "$batch" -n 2 --names a,b -- cat <in
	cmp in out
	{ echo a,b; cat in; } | gives 0 "$batch" -n 2 --names a,b -- cat
	cmp in out
	gives 0 "$batch" -n 2 --names a,b --to=jsonl -- cat <in
	head -n 1 out | grep -qx '{"a":"1","b":"2"}'
}

@test "the input of a command is a file: seekable, sized, read-only, the same on every try" {
	numbers 100 >in
	script look <<-'END'
	[ -f /dev/stdin ] || exit 1
	size=$(stat -L -c %s /dev/stdin)
	[ "$size" = "$CSVBATCH_BYTES" ] || exit 1
	cksum </dev/stdin >>sums
	dd bs=1 skip=50 count=3 of=/dev/null 2>/dev/null
	# a failed write must not change what the next try reads
	{ echo garbage >&0; } 2>/dev/null
	head -c 10 >/dev/null
	[ "$CSVBATCH_ATTEMPT" = 3 ] || exit 1
	cat </dev/stdin
	END
	gives 0 "$batch" -n 50 --retries 2 --backoff 1ms -- ./look <in
	cmp in out
	[ "$(wc -l <sums)" = 6 ]
	[ "$(sort -u sums | wc -l)" = 2 ]
}

@test "the environment says which batch it is; equal batches have other ids" {
	printf 'a\n1\n1\n' >in
	show='env | grep ^CSVBATCH_ | sort; echo'
	gives 0 "$batch" -n 1 --raw -- sh -c "$show" <in
	for want in NUMBER=1 RECORDS=1 FIRST=1 LAST=1 BYTES=4 ATTEMPT=1 \
		NUMBER=2 FIRST=2 LAST=2; do
		grep -qx "CSVBATCH_$want" out
	done
	[ "$(grep -c '^CSVBATCH_ID=[0-9a-f]\{32\}$' out)" = 2 ]
	[ "$(grep ^CSVBATCH_ID out | sort -u | wc -l)" = 2 ]
	mv out before
	gives 0 env CSVBATCH_ID=stale "$batch" -n 1 -j 2 --raw -- sh -c "$show" <in
	cmp before out
}

@test "an answer comes when its command succeeded, in the order of the input" {
	numbers 40 >in
	gives 0 "$batch" -n 10 -j 4 -- sh -c \
		'sleep 0.$((5 - CSVBATCH_NUMBER)); cat' <in
	cmp in out
	gives 4 "$batch" -n 10 -- env BADCHILD_ONLY=3 "$bad" head-exit 7 <in
	head -n 21 in | cmp - out
	says 'stdin:22: batch 3, records 21 to 30, lines 22 to 31: exit status 7 (1 try)'
	gives 4 "$batch" -n 1 -- env BADCHILD_ONLY=3 "$bad" head-exit 7 <in
	says 'stdin:4: batch 3, record 3, line 4: exit status 7 (1 try)'
}

@test "one failure while others run: what stands before it is finished" {
	numbers 40 >in
	gives 4 "$batch" -n 10 -j 4 -- sh -c '
		[ $CSVBATCH_NUMBER = 3 ] && exit 1
		[ $CSVBATCH_NUMBER = 4 ] && sleep 30
		sleep 0.3; cat' <in
	head -n 21 in | cmp - out
}

@test "the header of answers comes once, and all answers have it" {
	numbers 30 >in
	gives 4 "$batch" -n 10 -- env BADCHILD_ONLY=2 "$bad" other-header <in
	says 'batch 2, records 11 to 20, lines 12 to 21: its header differs from that of the first answer (1 try); --raw passes answers that are no CSV'
	head -n 11 in | cmp - out
	gives 4 "$batch" -n 10 -j 3 -- env BADCHILD_ONLY=2 "$bad" other-header <in
	head -n 11 in | cmp - out
	gives 4 "$batch" -n 10 -- env BADCHILD_ONLY=2 "$bad" no-header <in
	gives 0 "$batch" -n 10 --retries 1 --backoff 1ms -- sh -c '
		[ $CSVBATCH_NUMBER.$CSVBATCH_ATTEMPT != 2.1 ] || sed -i 1d /dev/null
		if [ $CSVBATCH_NUMBER.$CSVBATCH_ATTEMPT = 2.1 ]
		then sed 1s/id/xx/; else cat; fi' <in
	cmp in out
}

@test "an answer that is no CSV is a failed try" {
	numbers 30 >in
	for mode in ragged open-quote after-quote; do
		gives 4 "$batch" -n 10 -- env BADCHILD_ONLY=2 "$bad" $mode 3 <in
		head -n 11 in | cmp - out
		says 'batch 2, records 11 to 20, lines 12 to 21: its answer is no CSV: line 5:'
		says '(1 try); --raw passes answers that are no CSV'
	done
	gives 4 "$batch" -n 20 -- wc -l <in
	says '; --raw passes answers that are no CSV'
	gives 0 "$batch" -n 15 -- wc -l <in
	says 'every answer is a header without records; --raw passes answers'
	gives 0 "$batch" -n 99 -- wc -l <in
	says 'every answer is a header without records; --raw passes answers'
	gives 0 "$batch" -n 15 --raw -- wc -l <in
	printf '16\n16\n' | cmp - out
	[ ! -s err ]
	gives 0 "$batch" -n 15 -- head -n 1 <in
	head -n 1 in | cmp - out
	[ ! -s err ]
	gives 4 "$batch" -n 20 --keep-going --rejects bad -- wc -l <in
	says '; --raw passes answers that are no CSV'
	[ "$(grep -c -e --raw bad)" = 0 ]
	gives 0 "$batch" -n 10 --raw -- env BADCHILD_ONLY=2 "$bad" ragged 3 <in
	gives 0 "$batch" -n 10 --ragged=pass -- env BADCHILD_ONLY=2 "$bad" ragged 3 <in
	[ "$(wc -l <out)" = 31 ]
}

@test "an answer without a last line end, an empty one, a header alone" {
	numbers 30 >in
	gives 0 "$batch" -n 10 -- "$bad" no-eol <in
	cmp in out
	gives 0 "$batch" -n 10 -- env BADCHILD_ONLY=1 "$bad" silent <in
	{ head -n 1 in; tail -n 20 in; } | cmp - out
	gives 0 "$batch" -n 10 -- env BADCHILD_ONLY=2 "$bad" head 0 <in
	{ head -n 11 in; tail -n 10 in; } | cmp - out
	gives 0 "$batch" -n 10 -- printf 'h' <in
	echo h | cmp - out
}

@test "--raw passes bytes, --no-output none" {
	numbers 20 >in
	gives 0 "$batch" -n 10 --raw -- printf 'x"\0y' <in
	printf 'x"\0yx"\0y' | cmp - out
	gives 0 "$batch" -n 10 --no-output -- cat <in
	[ ! -s out ]
	gives 0 sh -c '"$0" -n 10 --no-output -- cat >&-' "$batch" <in
}

@test "--same-count: an answer that was cut is a failed try" {
	numbers 30 >in
	gives 0 "$batch" -n 10 --same-count -- cat <in
	cmp in out
	gives 4 "$batch" -n 10 --same-count -- env BADCHILD_ONLY=2 "$bad" head 4 <in
	says 'its answer has 4 records, and its batch 10'
	head -n 11 in | cmp - out
	gives 4 "$batch" -n 10 --same-count -- env BADCHILD_ONLY=2 "$bad" twice <in
	gives 4 "$batch" -n 10 --same-count -- head -n 2 <in
	says 'its answer has 1 record, and its batch 10'
	gives 4 "$batch" -n 10 --same-count -- "$bad" silent <in
}

@test "--to: a batch as JSON, and what is null" {
	printf 'a,b,c\n1,,""\n"x""y","l\nm",5" \n' >in
	gives 0 "$batch" -n 10 --to=json -- cat <in
	printf '[{"a":"1","b":null,"c":""},\n{"a":"x\\"y","b":"l\\nm","c":"5\\" "}]\n' |
		cmp - out
	gives 0 "$batch" -n 1 --to=jsonl -- cat <in
	printf '{"a":"1","b":null,"c":""}\n{"a":"x\\"y","b":"l\\nm","c":"5\\" "}\n' |
		cmp - out
	printf 'n,b,j\n007.50,t,"{""k"": [1,\n2]}"\n-0,0,null\n' >in
	gives 0 "$batch" -n 10 --to=jsonl --types n:number,b:bool,j:json -- cat <in
	printf '{"n":7.50,"b":true,"j":{"k": [1, 2]}}\n{"n":-0,"b":false,"j":null}\n' |
		cmp - out
}

@test "--to: a cell that does not fit is a bad record" {
	printf 'n,t\n1,a\nx,b\n2,\377\n3,c\n' >in
	gives 1 "$batch" -n 10 --to=json --types n:number -- cat <in
	says 'column 1 "n": "x" is not a number'
	[ ! -s out ]
	gives 0 "$batch" -n 10 --to=jsonl --types n:number --rejects bad -- cat <in
	printf '{"n":1,"t":"a"}\n{"n":3,"t":"c"}\n' | cmp - out
	[ "$(wc -l <bad)" = 3 ]
	grep -q 'not valid UTF-8' bad
	printf 'a,a\n1,2\n' | gives 2 "$batch" -n 1 --to=json -- cat
	says "columns 1 and 2 are both \"a\"; csvcut -c 'new=@2,*' gives the last"
	gives 2 "$batch" -n 1 --to=json -H -- cat <in
	gives 2 "$batch" -n 1 --to=json --types n:text -- cat <in
	gives 2 "$batch" -n 1 --to=json --types zz:number -- cat <in
	gives 2 "$batch" -n 1 --types n:number -- cat <in
}

@test "--retries: as many tries, after a pause that doubles" {
	numbers 10 >in
	began=$(date +%s%N)
	gives 4 "$batch" -n 10 --retries 3 --backoff 200ms -- \
		sh -c 'echo $CSVBATCH_ATTEMPT >>tries; exit 9' <in
	took=$((($(date +%s%N) - began) / 1000000))
	printf '1\n2\n3\n4\n' | cmp - tries
	says 'exit status 9 (4 tries)'
	[ $took -ge 700 ]
	[ $took -lt 4000 ]
	gives 0 "$batch" -n 10 --retries 3 --backoff 1ms -- \
		sh -c '[ $CSVBATCH_ATTEMPT = 4 ] && cat' <in
	cmp in out
}

@test "--timeout: TERM to the group, and KILL when that is ignored" {
	numbers 10 >in
	gives 4 "$batch" -n 10 --timeout 300ms -- "$bad" hang-after-eof <in
	says 'it took longer than --timeout'
	[ ! -s out ]
	cp "$bad" ./deaf
	began=$(date +%s)
	gives 4 "$batch" -n 10 --timeout 300ms -- \
		sh -c "'$PWD/deaf' deaf & '$PWD/deaf' deaf; cat" <in
	took=$(($(date +%s) - began))
	[ $took -ge 2 ] && [ $took -lt 10 ]
	none_left
	gives 0 "$batch" -n 10 --timeout 500ms --retries 1 --backoff 1ms -- \
		sh -c '[ $CSVBATCH_ATTEMPT = 2 ] || sleep 30; cat' <in
	cmp in out
}

@test "a command that stopped itself is ended by --timeout" {
	numbers 10 >in
	gives 4 "$batch" -n 10 --timeout 300ms -- "$bad" stop 2 <in
	none_left
}

@test "--rate spreads the starts evenly, retries counted" {
	numbers 8 >in
	began=$(date +%s%N)
	gives 0 "$batch" -n 1 -j 8 --rate 10/s -- cat <in
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -ge 690 ]
	[ $took -lt 5000 ]
	began=$(date +%s%N)
	gives 4 "$batch" -n 8 --rate 5/s --retries 3 --backoff 1ms -- false <in
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -ge 590 ]
	for rate in 0/s 5 5/d /s x/s 5/ 5/ss; do
		gives 2 "$batch" -n 1 --rate $rate -- cat <in
	done
}

@test "--keep-going rejects the records of a failed batch and goes on" {
	numbers 30 >in
	gives 4 "$batch" -n 10 -j 2 --rejects bad --keep-going -o all -- \
		sh -c '[ $CSVBATCH_NUMBER != 2 ] && cat' <in
	{ head -n 11 in; tail -n 10 in; } | cmp - all
	[ "$(wc -l <bad)" = 11 ]
	grep -qx 'stdin,11,12,60,exit status 1,"11,n11"' bad
	says 'batch 2, records 11 to 20'
	gives 4 "$batch" -n 30 --rejects bad --keep-going -- \
		sh -c 'printf "a hint\nno id 17\n\n" >&2; exit 3' <in
	grep -qx 'stdin,1,2,8,exit status 3: no id 17,"1,n1"' bad
	says 'lines 2 to 31: exit status 3: no id 17 (1 try)'
	grep -qx 'a hint' err
	gives 4 "$batch" -n 10 -j 2 --rejects bad --keep-going -o all -- \
		sh -c '[ $CSVBATCH_NUMBER != 2 ] && cat' <in
	says '10 records rejected, see bad'
	gives 2 "$batch" -n 10 --keep-going -- cat <in
}

@test "--bisect finds the poison in 10,000 records and delivers the rest" {
	numbers 10000 >in
	script picky <<-'END'
	echo >>calls
	[ "$(wc -c </dev/stdin)" = "$CSVBATCH_BYTES" ] || exit 1
	! grep -q '^7777,' || { echo "no 7777, please" >&2; exit 1; }
	cat </dev/stdin
	END
	gives 0 "$batch" -n 10000 --bisect --rejects bad -- ./picky <in
	grep -v '^7777,' in | cmp - out
	[ "$(wc -l <calls)" -le 29 ]
	[ "$(wc -l <bad)" = 2 ]
	grep -q '^stdin,7777,7778,[0-9]*,"exit status 1: no 7777, please","7777,n7777"$' bad
	says 'no 7777, please'
	says '1 record rejected, see bad'
	for form in json jsonl; do
		rm calls
		sed 's/\^7777,/"id":"7777"/' picky >picky2
		chmod +x picky2
		gives 0 "$batch" -n 3000 --to=$form --bisect --rejects bad -- ./picky2 <in
		[ "$(grep -c '"id"' out)" = 9999 ]
		grep -q '"7777,n7777"$' bad
	done
}

@test "--bisect[=N] gives up after N + 1 records, and changes nothing" {
	numbers 10000 >in
	gives 4 "$batch" -n 10000 --bisect --rejects bad -- \
		sh -c 'echo >>calls; exit 1' <in
	says 'more records fail than --bisect may reject'
	[ "$(wc -l <calls)" -lt 60 ]
	[ "$(cat bad)" = file,record,line,byte,reason,raw ]
	[ ! -s out ]
	gives 0 "$batch" -n 5 --bisect=1 --rejects bad -- \
		sh -c '! grep -q "^3," && cat /dev/stdin' < <(head -n 4 in)
	gives 4 "$batch" -n 100 --bisect=1 --rejects bad -- \
		sh -c '! grep -q "^3[34]," && cat /dev/stdin' < <(head -n 101 in)
	[ ! -s out ]
	gives 2 "$batch" -n 5 --bisect -- cat <in
	gives 2 "$batch" -n 5 --bisect=0 --rejects bad -- cat <in
}

@test "--bisect looks only into a status: not into a signal, a timeout, a bad answer" {
	numbers 100 >in
	for mode in 'die 9' 'ragged 3'; do
		rm -f calls
		# shellcheck disable=SC2086
		gives 4 "$batch" -n 100 --bisect --rejects bad -- \
			sh -c 'echo >>calls; exec "$@"' sh "$bad" $mode <in
		[ "$(wc -l <calls)" = 1 ]
	done
}

@test "input that ends badly never runs the open batch; full ones ran" {
	numbers 25 >in
	{ cat in; echo 26; } >ragged
	{ cat in; printf '"26'; } >quote
	printf '26,x' | cat in - >cut
	for how in ragged quote cut count; do
		file=$how option=
		[ $how != cut ] || option=--require-eol
		[ $how != count ] || { file=in option='--expect-records 26'; }
		rm -f calls
		# shellcheck disable=SC2086
		gives 1 "$batch" -n 10 $option -o all -- \
			sh -c 'echo >>calls; cat' <$file
		[ "$(wc -l <calls)" = 2 ]
		[ ! -e all ]
		says 'batch 3, records 21 to 2'
		# shellcheck disable=SC2086
		gives 1 "$batch" -n 10 $option -- cat <$file
		head -n 21 in | cmp - out
	done
	gives 0 "$batch" -n 10 --rejects bad -- cat <ragged
	cmp in out
}

@test "--max-rejects" {
	numbers 5 >in
	{ cat in; echo 6; echo 7; } >ragged
	gives 0 "$batch" -n 10 --rejects bad --max-rejects 2 -- cat <ragged
	gives 1 "$batch" -n 10 --rejects bad --max-rejects 1 -- cat <ragged
	[ ! -s out ]
}

@test "126 and 127 before a record is consumed" {
	numbers 5 >in
	printf '#!/nowhere/sh\n' >shebang
	printf 'echo no shebang\n' >plain
	touch locked
	chmod +x shebang plain
	for case in '127 ./nothere' '127 nothere' '126 ./locked' '126 /' \
		'127 ./shebang'; do
		status=0
		{ "$batch" -n 2 -- "${case#* }" || status=$?; cat >rest; } <in 2>err
		[ $status = "${case%% *}" ] || { echo "$case: $status"; cat err; false; }
		cmp in rest
		[ "$(wc -l <err)" = 1 ]
	done
	gives 126 "$batch" -n 2 -- ./plain <in
	says '#!'
	[ ! -s out ]
}

@test "a file in the place of the command: what may have been meant" {
	numbers 5 >in.csv
	mkdir data
	cp in.csv data/in.csv
	script here <<<'exec cat'
	script data/locked <<<'exec cat'
	chmod -x data/locked
	for program in "$batch -n 2" "$BIN/csvpar"; do
		gives 127 $program in.csv -- cat <in.csv
		says 'in.csv: command not found (is it the input? try: < in.csv)'
		gives 126 $program -- data/in.csv <in.csv
		says 'data/in.csv: Permission denied (is it the input? try: < data/in.csv)'
		gives 127 $program -- here <in.csv
		says 'here: command not found (try: ./here)'
		gives 126 $program -- data/locked <in.csv
		says 'data/locked: Permission denied'
		[ "$(grep -c try err)" = 0 ]
	done
}

@test "a command that leaves its input unread succeeds by its status" {
	numbers 100000 >in
	gives 0 "$batch" -n 1000 --no-output -- true <in
	gives 0 "$batch" -n 1000 -- "$bad" head 1 <in
	[ "$(wc -l <out)" = 101 ]
}

@test "a command that writes before it reads, or closes early" {
	numbers 10 >in
	gives 0 "$batch" -n 5 -- "$bad" write-first 100000 <in
	[ "$(wc -l <out)" = 200001 ]
	gives 0 "$batch" -n 5 -- "$bad" close-output 2 <in
	[ "$(wc -l <out)" = 5 ]
	gives 0 "$batch" -n 5 -- "$bad" close-input 10 <in
	[ "$(wc -l <out)" = 5 ]
}

@test "a command killed by a signal" {
	numbers 10 >in
	gives 4 "$batch" -n 5 -- "$bad" die 9 <in
	says 'killed by signal 9 (1 try)'
	gives 4 "$batch" -n 5 -- sh -c 'ulimit -c 0; exec "$@"' sh "$bad" die 11 <in
	says 'killed by signal 11'
	[ ! -s out ]
}

@test "a grandchild that stays is not waited for" {
	numbers 10 >in
	began=$(date +%s)
	gives 0 "$batch" -n 5 -- "$bad" grandchild 20000 <in
	cmp in out
	[ ! -s err ]
	gives 0 "$batch" -n 5 --bisect --rejects bad -- "$bad" grandchild 20000 <in
	cmp in out
	says "a process that a command left behind holds its standard error open"
	[ "$(wc -l <err)" = 1 ]
	[ $(($(date +%s) - began)) -lt 10 ]
	pkill -f "$PWD/" || true
}

@test "descriptors: a command has three, whatever -j" {
	numbers 20 >in
	for j in 1 2 8; do
		gives 0 "$batch" -n 5 -j $j -- "$bad" descriptors <in
		printf 'descriptors\n3\n3\n3\n3\n' | cmp - out
		gives 0 "$batch" -n 5 -j $j --bisect --rejects b$j --journal j$j -o o$j -- \
			"$bad" descriptors <in
		printf 'descriptors\n3\n3\n3\n3\n' | cmp - o$j
	done
}

@test "large batches of any size are whole and sized on every try" {
	# groups of 0.1 to 3 MB, larger and smaller in turn
	awk 'BEGIN {
		print "group,text"
		for (g = 1; g <= 16; g++)
			for (i = g * 17 % 30 * 1000 + 1000; i > 0; i--)
				printf "%d,%092d\n", g, i * g
	}' >in
	script second <<-'END'
		[ "$(stat -L -c %s /dev/stdin)" = "$CSVBATCH_BYTES" ] || exit 9
		[ "$CSVBATCH_ATTEMPT" = 2 ] && exec cat
		cat >/dev/null
		exit 1
	END
	for j in 1 3; do
		gives 0 "$batch" -g group -j $j --retries 1 --backoff 1ms -- \
			./second <in
		cmp in out
	done
	gives 0 "$batch" -g group --to jsonl -j 2 -- cat <in
	"$batch" -n 1000000000 --to jsonl -- cat <in | cmp - out
}

@test "commands have default signals, whatever we inherited" {
	numbers 2 >in
	env --help | grep -q ignore-signal || skip "env cannot ignore signals"
	gives 0 env --ignore-signal=CHLD,PIPE,INT "$batch" -n 2 --raw -- \
		grep -E 'Sig(Blk|Ign)' /proc/self/status <in
	# what make(1) spawns ignores 32 and 33, which glibc keeps to itself
	[ "$(grep -cE '0000000(00|18)0000000' out)" = 2 ]
	gives 4 env --ignore-signal=CHLD "$batch" -n 2 -- false <in
}

@test "-j needs descriptors, which are counted at the start" {
	numbers 2 >in
	gives 3 sh -c 'ulimit -n 64; exec "$0" -n 1 -j 1000 -- cat' "$batch" <in
	grep -q 'needs [0-9]* descriptors, limit 64' err
	gives 0 sh -c 'ulimit -n 64; exec "$0" -n 1 -j 8 -- cat' "$batch" <in
	cmp in out
}

@test "batches lie in TMPDIR, without a name" {
	numbers 10 >in
	mkdir spool
	export TMPDIR=$PWD/spool
	gives 0 "$batch" -n 5 --raw -- sh -c 'readlink /proc/self/fd/0; ls spool' <in
	grep -q "^$PWD/spool/.*(deleted)$" out
	[ "$(wc -l <out)" = 2 ]
	TMPDIR=$PWD/nothere gives 3 "$batch" -n 5 -- cat <in
	says "csvbatch: temporary file in $PWD/nothere: No such file or directory"
}

@test "signals end every group, give the grace, and kill us as they should" {
	command -v python3 >/dev/null || skip "no python3"
	cp "$bad" ./helper
	numbers 9 >in
	for j in 1 4; do
		for sig in TERM INT HUP; do
			python3 "$BATS_TEST_DIRNAME/launch.py" in $sig \
				"$batch" -n 2 -j $j -- \
				env BADCHILD_ONLY=2 "$PWD/helper" hang >how
			read -r status seconds <how
			case $sig in TERM) want=-15 ;; INT) want=-2 ;; *) want=-1 ;; esac
			[ "$status" = $want ]
			# a command that obeys needs no grace, which is 2 s
			[ -n "${CSVPIPE_SAN:-}" ] ||
				awk -v s="$seconds" 'BEGIN { exit !(s < 2) }'
			none_left
		done
	done
	# the first answer comes when the second command has become deaf
	late='[ $CSVBATCH_NUMBER = 2 ] || sleep 0.7; exec "$@"'
	python3 "$BATS_TEST_DIRNAME/launch.py" in TERM "$batch" -n 2 -j 3 -- \
		sh -c "$late" sh env BADCHILD_ONLY=2 "$PWD/helper" deaf >how
	read -r status seconds <how
	[ "$status" = -15 ]
	awk -v s="$seconds" 'BEGIN { exit !(s >= 1.9 && s < 6) }'
	python3 "$BATS_TEST_DIRNAME/launch.py" in TERM,INT "$batch" -n 2 -j 3 -- \
		sh -c "$late" sh env BADCHILD_ONLY=2 "$PWD/helper" deaf >how
	read -r status seconds <how
	[ "$status" = -2 ]
	awk -v s="$seconds" 'BEGIN { exit !(s < 1.5) }'
	none_left
}

@test "SIGKILL takes the direct children along" {
	[ "$(uname)" = Linux ] || skip "no death signal here"
	numbers 9 >in
	cp "$bad" ./helper
	"$batch" -n 2 -j 4 -- "$PWD/helper" hang <in &
	pid=$!
	for _ in $(seq 50); do
		[ "$(pgrep -fc "^$PWD/helper hang")" = 4 ] && break || sleep 0.1
	done
	[ "$(pgrep -fc "^$PWD/helper hang")" = 4 ]
	kill -9 $pid
	wait $pid || true
	none_left
}

@test "a reader that leaves ends the commands and us by SIGPIPE" {
	numbers 100 >in
	cp "$bad" ./helper
	set +o pipefail
	{ timeout 20 "$batch" -n 10 -j 4 -- \
		env BADCHILD_ONLY=3 "$PWD/helper" hang <in ||
		echo $? >status; } 2>err | head -n 1 >out
	[ "$(cat status)" = 141 ]
	[ ! -s err ]
	none_left
	(trap '' PIPE; { timeout 20 "$batch" -n 10 -j 4 -- \
		env BADCHILD_ONLY=3 "$PWD/helper" hang <in ||
		echo $? >status; } 2>err | head -n 1 >out)
	[ "$(cat status)" = 141 ]
	[ ! -s err ]
}

@test "a slow reader: everything comes, and signals are still heard" {
	command -v python3 >/dev/null || skip "no python3"
	numbers 100000 >in
	"$batch" -n 10000 -j 2 -- cat <in | { sleep 0.5; cat >out; }
	cmp in out
	mkfifo pipe
	sleep 20 <pipe &
	sleeper=$!
	python3 -c '
import os, signal, subprocess, sys, time
out = open("pipe", "wb")
p = subprocess.Popen(sys.argv[1:], stdin=open("in"), stdout=out)
time.sleep(0.7)
p.send_signal(signal.SIGTERM)
began = time.monotonic()
assert p.wait(10) == -15
assert time.monotonic() - began < 4
' "$batch" -n 100000 -- cat
	kill $sleeper
}

@test "a full disk, closed descriptors, a directory" {
	numbers 10 >in
	[ -e /dev/full ] || skip "no /dev/full"
	status=0
	"$batch" -n 5 -- cat <in >/dev/full 2>err || status=$?
	[ $status = 3 ]
	echo 'csvbatch: write error: No space left on device' | cmp - err
	gives 3 sh -c '"$0" -n 5 -- cat >&-' "$batch" <in
	gives 3 sh -c '"$0" -n 5 -- cat <&-' "$batch"
	gives 3 "$batch" -n 5 -- cat </
	gives 0 sh -c '"$0" -n 5 -- cat 2>&-' "$batch" <in
	cmp in out
}

@test "temporary files that do not fit" {
	numbers 100000 >in
	gives 3 sh -c 'ulimit -f 64; exec "$0" -n 100000 -- cat' "$batch" <in
	says "temporary file in ${TMPDIR:-/var/tmp}: File too large"
	[ ! -s out ]
}

@test "a system call that fails ends the run, not in a wait for ever" {
	traced
	numbers 120 >in
	for call in read write pread64 newfstatat; do
		for when in 5 6 7 8 9 10 12 14; do
			status=0
			timeout 20 strace -o /dev/null -e trace=$call \
				-e inject=$call:error=ENOSPC:when=$when \
				"$batch" -n 50 -j 2 -- cat <in >out 2>err || status=$?
			case $status in
			0) cmp in out ;;
			3) head -c "$(wc -c <out)" in | cmp - out ;;
			*) echo "$call $when: $status" && cat err && false ;;
			esac
		done
	done
}

@test "what is read is never what is written" {
	numbers 20 >in
	cp in was
	gives 3 sh -c '"$0" -n 5 -- cat <in >>in' "$batch"
	says 'stdin: input file is output file'
	gives 3 "$batch" -n 5 --rejects in -- cat <in
	says 'stdin: input file is rejects file'
	gives 3 "$batch" -n 5 --journal j -o in -- cat <in
	says 'stdin: input file is output file'
	cmp was in
	gives 0 "$batch" -n 5 -o in -- cat <in
	cmp was in
}

@test "-o appears when all is well, and only then" {
	numbers 20 >in
	echo old >all
	gives 4 "$batch" -n 10 -o all -- env BADCHILD_ONLY=2 "$bad" exit 1 <in
	[ "$(cat all)" = old ]
	[ ! -e all.part ]
	gives 0 "$batch" -n 10 -o all -- cat <in
	cmp in all
	[ ! -s out ]
}

@test "-o 'part-{}.csv': batches as files" {
	numbers 25 >in
	gives 0 "$batch" -n 10 -o 'part-{}.csv' <in
	[ "$(ls)" = "$(printf '%s\n' err in out part-00000{1,2,3}.csv)" ]
	for i in 1 2 3; do "$batch" -n 100 -- cat <part-00000$i.csv; done |
		awk 'NR == 1 || $0 != "id,name"' | cmp in -
	gives 3 "$batch" -n 10 -o 'part-{}.csv' <in
	says 'part-000001.csv: a file that matches -o is there already'
	mkdir d
	gives 0 "$batch" -n 10 --to=json -o 'd/{}.json' <in
	[ "$(ls d)" = "$(printf '%s\n' 00000{1,2,3}.json)" ]
	rm d/00000[13].json
	gives 3 "$batch" -n 10 --to=json -o 'd/{}.json' <in
	says 'd/000002.json: a file that matches -o is there already'
	gives 3 "$batch" -n 10 -o 'none/{}.csv' <in
	says 'csvbatch: none/: No such file or directory'
	{ cat in; echo 26; } >ragged
	gives 1 "$batch" -n 10 -o 'bad-{}.csv' <ragged
	[ "$(ls bad-*)" = "$(printf '%s\n' bad-00000{1,2}.csv)" ]
	gives 2 "$batch" -n 10 -o 'x-{}-{}.csv' <in
	gives 2 "$batch" -n 10 -o '{}/x.csv' <in
	gives 2 "$batch" -n 10 -o 'x-{}.csv' -- cat <in
	gives 2 "$batch" -n 10 --retries 1 -o 'x-{}.csv' <in
}

@test "a shard that cannot be written: no part of it is there" {
	traced
	numbers 30 >in
	for call in fsync:EIO rename:EIO flock:ENOLCK write:ENOSPC; do
		for when in 1 2 3; do
			mkdir d
			gives 3 strace -o /dev/null -P "d/part-00000$when.csv.part" \
				-P "$PWD/d/part-00000$when.csv.part" -e "trace=${call%:*}" \
				-e "inject=${call%:*}:error=${call#*:}:when=1" \
				"$batch" -n 10 -o 'd/part-{}.csv' <in
			says "csvbatch: d/part-00000$when.csv: "
			[ "$(wc -l <err)" = 1 ]
			[ "$(ls d | wc -l)" = $((when - 1)) ]
			rm -r d
		done
	done
}

@test "shards on a small disk" {
	numbers 20000 >in
	mkdir small
	mount -t tmpfs -o size=64k none small 2>/dev/null || skip "no mount"
	got=0
	"$batch" -n 1000 -o 'small/part-{}.csv' <in >out 2>err || got=$?
	left=$(ls small)
	umount small
	[ $got = 3 ]
	grep -qx 'csvbatch: small/part-0000..\.csv: write error: No space left on device' err
	[ -n "$left" ]
	! echo "$left" | grep -q '\.part$'
}

@test "rejects on a small disk: an error ends the run and is said once" {
	mkdir small
	done=
	mount -t tmpfs -o size=40k none small 2>/dev/null || skip "no mount"
	for options in '' --keep-going '--journal j'; do
		rm -f small/bad j
		got=0
		{ echo a,b && yes 1,2,3 | head -n 3000000; } | {
			# shellcheck disable=SC2086
			"$batch" -n 10 --no-output --rejects small/bad $options \
				-- cat 2>err || echo $? >got
			wc -l >rest
		}
		[ "$(cat got)" = 3 ] || break
		[ "$(cat rest)" -gt 2000000 ] || break
		[ "$(cat err)" = "csvbatch: small/bad: write error: No space left on device" ] ||
			break
		done=$options
	done
	umount small
	[ "$done" = '--journal j' ]
}

@test "rejects: rows that need not wait take no temporary space" {
	mkdir small
	mount -t tmpfs -o size=200k none small 2>/dev/null || skip "no mount"
	export TMPDIR=$PWD/small
	done=
	awk 'BEGIN { print "id,a"
		for (i = 1; i <= 100000; i++) print i (i % 2 ? ",a,b" : ",a") }' >in
	{ echo id,a && yes 1,a,b | head -n 50000 && echo 1,2; } >first
	"$batch" -n 1000 -j 2 --rejects bad --no-output -- cat <in 2>err &&
		[ "$(wc -l <bad)" = 50001 ] &&
		for options in '' --keep-going '--journal j'; do
			# shellcheck disable=SC2086
			rm -f bad j && "$batch" -n 10 --rejects bad --no-output \
				$options -- cat <first 2>err &&
				[ "$(wc -l <bad)" = 50001 ] && done=$options
		done
	umount small
	[ "$done" = '--journal j' ]
}

@test "rejects: reading is held back where many rows wait for a command" {
	{ echo a,b && echo 1,2 && yes 1,2,3 | head -n 1000000; } >in
	for options in --keep-going '--journal j' '-j 4 --linger 10ms --bisect'; do
		rm -f bad j go
		# shellcheck disable=SC2086
		"$batch" -n 1 --rejects bad --no-output $options -- \
			sh -c 'until [ -e go ]; do sleep 0.1; done' <in 2>err &
		sleep 1.5
		at=$(awk '/^pos/ { print $2 }' /proc/$!/fdinfo/0)
		ticks=$(awk '{ print $14 + $15 }' /proc/$!/stat)
		touch go
		wait $!
		[ "$at" -lt 1000000 ]
		[ "$ticks" -lt 75 ]
		[ "$(wc -l <bad)" = 1000001 ]
	done
}

@test "rejects: what was read goes on when the rows have gone" {
	mkfifo in
	"$batch" -n 1 --keep-going --rejects bad -- sh -c 'sleep 1; cat' \
		<in >out 2>err &
	exec 5>in
	{ echo a,b && echo 1,2 && yes 1,2,3 | head -n 50000 && echo 3,4; } >&5
	for _ in $(seq 100); do
		[ "$(tail -n 1 out)" != 3,4 ] || break
		sleep 0.1
	done
	exec 5>&-
	wait $!
	[ "$(tail -n 1 out)" = 3,4 ]
	[ "$(wc -l <bad)" = 50001 ]
}

@test "rejects: a temporary file that fails is said once" {
	{ numbers 1 && yes 1,2,3 | head -n 3000 && echo 4,5; } >in
	gives 3 sh -c 'ulimit -f 64; exec "$0" -n 2 --keep-going \
		--rejects bad -- cat' "$batch" <in
	[ "$(grep -c 'temporary file' err)" = 1 ]
}

@test "-o: after exit 3 the old file stays" {
	traced
	numbers 20 >in
	echo old >all
	# the second batch cannot be spooled, when the first one is whole
	gives 3 strace -o /dev/null -e trace=write \
		-e inject=write:error=ENOSPC:when=2 "$batch" -n 10 -o all -- cat <in
	says 'temporary file in'
	[ "$(cat all)" = old ]
	[ ! -e all.part ]
	# rejects that cannot be written at the end
	{ cat in; echo 21; } >ragged
	for options in '' --keep-going; do
		# shellcheck disable=SC2086
		gives 3 strace -o /dev/null -P "$PWD/bad.csv" -e trace=write \
			-e inject=write:error=ENOSPC:when=2+ \
			"$batch" -n 10 -o all --rejects bad.csv $options -- cat <ragged
		says 'bad.csv: write error: No space left on device'
		[ "$(cat all)" = old ]
		[ ! -e all.part ]
	done
	gives 4 "$batch" -n 10 -o all --rejects bad.csv --keep-going -- \
		sh -c '[ $CSVBATCH_NUMBER = 1 ] && cat' <in
	head -n 11 in | cmp - all
}

@test "options that do not go together are usage errors" {
	numbers 2 >in
	for options in '' '-n 0' '-n -1' '-n 1e9' '-b 1kk' '-b 0' '-j 0' \
		'--linger 0' '-n 1 --to=xml' '-n 1 --journal j' \
		'--linger 1s --journal j -o out2' '-n 1 --retries x' \
		'-n 1 -o x --no-output' '-n 1 --same-count --raw' \
		'-n 1 --same-count --no-output' '-n 1 --max-rejects 1' \
		'-n 1 --to=json --ragged=pass' '-n 18446744073709551616' \
		'-n 1 --nope' '-n 1 --retr 1' '-n 1 -o x --rejects x' \
		'-n 1 -o x --journal x' '-n 1 --no-output --journal j --rejects j'; do
		# shellcheck disable=SC2086
		gives 2 "$batch" $options -- cat <in
		[ "$(wc -l <err)" = 1 ]
		[ ! -s out ]
	done
	gives 2 "$batch" -n 1 <in
	[ ! -e j ] && [ ! -e x ]
}

@test "--stats and --progress tell of batches" {
	numbers 30 >in
	gives 0 "$batch" -n 10 --retries 1 --backoff 1ms --stats -- \
		sh -c '[ $CSVBATCH_ATTEMPT = 2 ] && cat' <in
	says '30 records in, 30 out, 0 rejected; '
	says 'spool bytes; batches: 3 done, 0 running, 0 failed, 3 retried'
	gives 0 "$batch" -n 30 --progress -- sh -c 'sleep 1.5; cat' <in
	says 'batches: 0 done, 1 running, 0 failed, 0 retried'
}

@test "SIGUSR1 tells of a command that takes its time" {
	numbers 3 >in
	"$batch" -n 3 -- sh -c 'sleep 2; cat' <in >out 2>err &
	pid=$!
	sleep 0.7
	kill -USR1 $pid
	wait $pid
	says '0 done, 1 running'
	cmp in out
}

@test "the mini-batching job: 16 calls for 160,000 rows, -j, a service that fails" {
	"$PARKING" -n 160000 >in
	script call <<-'END'
	echo "$CSVBATCH_RECORDS" >>calls
	sleep 0.5
	exec awk -F, 'NR == 1 { print $0 ",score"; next } { print $0 "," NR % 7 }'
	END
	"$BIN/csvcut" -c 'Summons Number,Plate ID' <in >two
	awk -F, 'NR == 1 { print $0 ",score"; next }
		{ print $0 "," ((NR - 2) % 10000 + 2) % 7 }' two >want
	began=$(date +%s%N)
	gives 0 "$batch" -n 10000 -- ./call <two
	one=$(($(date +%s%N) - began))
	cmp want out
	[ "$(wc -l <calls)" = 16 ]
	[ "$(sort -u calls)" = 10000 ]
	began=$(date +%s%N)
	gives 0 "$batch" -n 10000 -j 4 -- ./call <two
	four=$(($(date +%s%N) - began))
	cmp want out
	echo "-j 4 takes $((four * 100 / one)) % of the time"
	[ -n "${CSVPIPE_SAN:-}" ] || [ $((four * 10)) -lt $((one * 3)) ] ||
		[ "$(nproc)" -lt 2 ]
	script flaky <<-'END'
	exec 9>>lock
	flock 9
	n=$(($(cat count 2>/dev/null || echo 0) + 1))
	echo $n >count
	exec 9>&-
	[ $((n % 3)) != 0 ] || { echo half an answer; exit 1; }
	exec ./call
	END
	gives 0 "$batch" -n 10000 -j 4 --retries 5 --backoff 10ms -- ./flaky <two
	cmp want out
	[ "$(cat count)" -gt 20 ]
}

@test "memory: under 8 MiB, whatever the batch" {
	plain
	"$PARKING" 200M | "$BIN/tests/peak" kib "$batch" -n 1000000 -j 8 --no-output -- true
	echo "$(cat kib) KiB"
	[ "$(cat kib)" -lt 8192 ]
	"$PARKING" 50M | "$BIN/tests/peak" kib "$batch" -n 5000 -j 8 -- cat >/dev/null
	[ "$(cat kib)" -lt 8192 ]
}

@test "no leak" {
	command -v valgrind >/dev/null || skip "no valgrind"
	plain
	numbers 50 >in
	grind='valgrind -q --leak-check=full --error-exitcode=99'
	for options in '-n 10' '-n 10 -j 4 --to=json --types id:number' \
		'-n 50 --bisect --rejects bad' '-g id --raw' \
		'-n 10 --journal jj -o oo --rejects rr'; do
		# shellcheck disable=SC2086
		gives 0 $grind "$batch" $options -- cat <in
	done
	gives 4 $grind "$batch" -n 10 -- false <in
	gives 4 $grind "$batch" -n 10 -j 3 --keep-going --rejects bad -- false <in
}

@test "41: an answer whose lines end in another way than the first one's is a failed try" {
	printf 'a\n1\n2\n3\n' >in
	gives 4 "$BIN/csvbatch" -n 1 -- sh -c \
		'if [ $CSVBATCH_NUMBER = 2 ]; then tr "\n" "\r"; else cat; fi' <in
	like out 'a\n1\n'
	says "its line ends are not those of the first answer; tr '\\r' '\\n' makes LF of CR"
	gives 4 "$BIN/csvbatch" -n 1 --keep-going --rejects bad -- sh -c \
		'if [ $CSVBATCH_NUMBER = 2 ]; then tr "\n" "\r"; else cat; fi' <in
	like out 'a\n1\n3\n'
}

@test "41: a journal remembers the line end of the answers" {
	printf 'a\n1\n2\n' >in
	gives 4 "$BIN/csvbatch" -n 1 --journal j -o o -- sh -c \
		'[ $CSVBATCH_NUMBER = 1 ] && tr "\n" "\r"' <in
	like o 'a\r1\r'
	gives 4 "$BIN/csvbatch" -n 1 --journal j -o o -- sh -c \
		'[ $CSVBATCH_NUMBER = 1 ] && tr "\n" "\r"' <in
	gives 0 "$BIN/csvbatch" -n 1 --journal k -o p -H -- tr '\n' '\r' <in
	like p 'a\r1\r2\r'
}
