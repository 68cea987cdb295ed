#!/usr/bin/env bats
# csvbatch --merge-by and --scratch: answers in any order, and what must not be
# asked for twice.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	batch=$BIN/csvbatch
	printf 'id,text\r\n1,"a, b"\r\n2,c""\n3, \n"4","say ""hi"""\n' >in
	printf 'id,new\n4,"d\n,"\n2,\n1," a"\n3,""\n' >answer
	printf 'id,text,new\r\n1,"a, b"," a"\r\n2,c"",\n3, ,""\n' >joined
	printf '"4","say ""hi""","d\n,"\n' >>joined
}

# script NAME: a script in this directory, of what comes in.
script() {
	{ echo '#!/bin/sh' && cat; } >"$1"
	chmod +x "$1"
}

# merge STATUS [OPTION]...: one batch of in, which is answered by answer.
merge() {
	gives "$1" "$batch" -n 10 --merge-by id "${@:2}" -- \
		sh -c 'cat >got; cat answer' <in
}

# fails MESSAGE: the answer is refused, and nothing comes out.
fails() {
	merge 4
	says "batch 1, records 1 to 4, lines 2 to 5: $1 (1 try)"
	[ ! -s out ]
}

@test "records leave as they came, with new columns as the answer wrote them" {
	merge 0
	cmp joined out
	cmp in got
	[ ! -s err ]
	merge 0 --to=jsonl
	cmp joined out
	[ "$(head -n 1 got)" = '{"id":"1","text":"a, b"}' ]
	merge 0 --to=json --rejects r
	cmp joined out
}

@test "keys stand anywhere in an answer, of any batch, and are compared by content" {
	printf 'a,"b, c",v\nx,"1",p\n"x",2,q\ny,1,r\n' >in
	script ask <<-'END'
		cat >batch.$CSVBATCH_NUMBER
		printf 'n,"b, c",m,a\n'
		sed 1d batch.$CSVBATCH_NUMBER | tac |
			awk -F, '{ gsub(/"/, ""); print $3 "-n,\"" $2 "\"," $3 "-m," $1 }'
	END
	for limit in '-n 1' '-n 2' '-n 9' '-n 1 -j 3' '-g a'; do
		# shellcheck disable=SC2086
		gives 0 "$batch" $limit --merge-by '"b, c",a' -- ./ask <in
		like out 'a,"b, c",v,n,m\nx,"1",p,p-n,p-m\n"x",2,q,q-n,q-m\ny,1,r,r-n,r-m\n'
	done
}

@test "records with one key share its answer" {
	printf 'id\n1\n"1"\n2\n1\n' >in
	printf 'id,new\n2,b\n1,a\n' >answer
	merge 0
	like out 'id,new\n1,a\n"1",a\n2,b\n1,a\n'
}

@test "lines end as those of the input, whatever the answer's do" {
	printf 'id\n1\n2' >in
	printf 'new,id\rb,2\ra,1' >answer
	merge 0
	like out 'id,new\n1,a\n2,b\n'
	printf 'id\r1\r2\r' >in
	merge 0
	like out 'id,new\r1,a\r2,b\r'
	printf 'id;t\n1;\n' >in
	printf 'new;id\n"a;";1\n' >answer
	merge 0 -d ';'
	like out 'id;t;new\n1;;"a;"\n'
}

@test "an answer with LIST alone adds no column" {
	printf '"id"\n4\n3\n2\n1\n' >answer
	merge 0
	cmp in out
}

@test "a record without an answer" {
	printf 'id,new\n4,x\n1,y\n3,z\n' >answer
	fails "no answer for id '2'"
	printf 'id,new\n4,x\n' >answer
	fails "no answer for id '1', and 2 more like that"
	: >answer
	fails "no answer for id '1', and 3 more like that"
}

@test "a second answer" {
	printf 'id,new\n4,x\n1,y\n3,z\n2,\n"4",x\n' >answer
	fails "line 6 of its answer: a second answer for id '4'"
}

@test "an answer of no record" {
	printf 'id,new\n4,x\n1,y\n05,\n3,z\n2,\n' >answer
	fails "line 4 of its answer: no record has id '05'"
}

@test "columns that an answer may not have, or must" {
	printf 'id,new,text\n' >answer
	fails "its answer has a column 'text', as the header has"
	printf 'ID,new\n' >answer
	merge 4
	says "its answer: no column \"id\""
	printf 'id,new,id\n' >answer
	merge 4
	says "its answer: column \"id\" is ambiguous"
	printf 'id,new\n1\n' >answer
	merge 4
	says 'its answer is no CSV: line 2: record 1 has 1 field'
	says '(1 try)'
	! grep -q raw err
}

@test "the header of the first answer is that of all" {
	script ask <<-'END'
		cat >/dev/null
		echo "id,new$((CSVBATCH_NUMBER / 2))"
		echo "$CSVBATCH_NUMBER,x"
	END
	gives 4 "$batch" -n 1 --merge-by id -- ./ask <in
	says 'batch 2, record 2, line 3: its header differs from that of the first'
	like out 'id,text,new0\r\n1,"a, b",x\r\n'
}

@test "a try that failed is followed by another" {
	script ask <<-'END'
		cat >/dev/null
		[ "$CSVBATCH_ATTEMPT" = 3 ] || sed -i 2d answer.$CSVBATCH_ATTEMPT
		cat answer.$CSVBATCH_ATTEMPT
	END
	for i in 1 2 3; do cp answer answer.$i; done
	gives 0 "$batch" -n 4 --retries 3 --backoff 1ms --merge-by id \
		--rejects r -- ./ask <in
	cmp joined out
	[ ! -s err ]
	[ "$(wc -l <r)" = 1 ]
}

@test "--rejects: after the last try what has one answer is delivered" {
	printf 'id,new\n4,x\n1,y\n4,z\n7,\n2,w\n' >answer
	for to in -H --to=jsonl --to=json; do
		[ $to = -H ] && to=--retries=1
		merge 0 --rejects r --backoff 1ms $to
		like out 'id,text,new\r\n1,"a, b",y\r\n2,c"",w\n'
		says "line 4 of its answer: a second answer for id '4', and 2 more"
		says 'what has one answer is delivered'
		says '2 records rejected, see r'
		like r 'file,record,line,byte,reason,raw
stdin,3,4,25,it has no answer,"3, "
stdin,4,5,29,it has more than one answer,"""4"",""say """"hi"""""""\n'
	done
	merge 1 --rejects r --max-rejects 1
	: >answer
	merge 0 --rejects r
	says '4 records rejected'
	[ ! -s out ]
	printf 'id,text\n' >answer
	merge 4 --rejects r
	says "its answer has a column 'text'"
	merge 4 --rejects r --keep-going
	says '4 records rejected'
}

@test "--bisect looks into a status, and counts no record without an answer" {
	awk 'BEGIN { print "id"; for (i = 1; i <= 40; i++) print i }' >in
	script ask <<-'END'
		cat >$$.in
		! grep -qx -e 7 -e 31 $$.in || exit 9
		echo new,id
		sed 1d $$.in | grep -vx -e 8 -e 9 -e 32 | awk '{ print "n" $1 "," $1 }' | tac
	END
	gives 4 "$batch" -n 40 --merge-by id --bisect=1 --rejects r -- ./ask <in
	says 'more records fail than --bisect may reject: exit status 9'
	for to in --retries=0 --to=jsonl; do
		[ $to = --retries=0 ] ||
			sed -i 's/cat >/tr -dc "0-9\\n" | sed 1iid >/' ask
		gives 0 "$batch" -n 40 $to --merge-by id --bisect=2 --rejects r \
			-- ./ask <in
		awk 'BEGIN { print "id,new"; for (i = 1; i <= 40; i++)
			if (i !~ /^(7|8|9|31|32)$/) print i ",n" i }' | cmp - out
		"$BIN/csvcut" -c record,reason r >rows
		like rows 'record,reason\n7,exit status 9\n8,it has no answer
9,it has no answer\n31,exit status 9\n32,it has no answer\n'
	done
}

@test "what does not go together" {
	for option in -H '--names id,text'; do
		# shellcheck disable=SC2086
		merge 2 $option
		says '--merge-by needs a header: it excludes -H and --names'
	done
	for option in --raw --no-output --same-count; do
		merge 2 $option
		says '--merge-by excludes --raw, --no-output and --same-count'
	done
	merge 2 --ragged=pass
	says '--merge-by and --ragged=pass exclude each other'
	gives 2 "$batch" -n 1 --merge-by id -o 'part-{}.csv' <in
	gives 2 "$batch" -n 1 --scratch s -o 'part-{}.csv' <in
	says 'there is no COMMAND for this option'
	gives 2 "$batch" -n 1 --merge-by id,nope -- cat <in
	says '--merge-by: no column "nope"'
	gives 2 "$batch" -n 1 --merge-by '' -- cat <in
	[ ! -e s ]
}

@test "a journal goes on with the same LIST and DIR only" {
	awk 'BEGIN { print "id,k"; for (i = 1; i <= 30; i++) print i "," i }' >in
	job() {
		gives "$1" "$batch" -n 10 --journal j -o o --rejects r \
			"${@:2}" -- ./ask <in
	}
	script ask <<-'END'
		[ "$CSVBATCH_NUMBER" != 3 ] || [ -e fixed ] || exit 3
		awk -F, 'NR == 1 { print "id,k2" } NR > 1 { print $1 ",k" $2 }'
	END
	job 4 --merge-by id
	job 5 --merge-by k
	says "--merge-by was 'id', is 'k'"
	job 5 --merge-by id --scratch s
	says "--scratch was '', is 's'"
	touch fixed
	job 0 --merge-by id
	awk 'NR == 1 { print $0 ",k2" } NR > 1 {
		sub(/.*,/, "&k"); k = $0; sub(/.*,/, "", k)
		sub(/,k/, ","); print $0 "," k }' in | cmp - o
}

@test "--scratch: a directory of each batch stays through its tries" {
	script ask <<-'END'
		cd / && cd "$CSVBATCH_DIR" || exit 1
		[ "${PWD##*/}" = "$CSVBATCH_ID" ] || exit 1
		[ "$(stat -c %a .)" = 700 ] || exit 1
		echo "$CSVBATCH_ATTEMPT" >>tries
		mkdir -p a/b && ln -sf / a/b/root && mkfifo a/b/$CSVBATCH_ATTEMPT
		[ "$(wc -l <tries)" = 3 ] || exit 1
		cat
	END
	gives 0 "$batch" -n 1 -j 4 --retries 2 --backoff 1ms --scratch s/t -- \
		./ask <in || mkdir s
	gives 0 "$batch" -n 1 -j 4 --retries 2 --backoff 1ms --scratch s/t -- \
		./ask <in
	cmp in out
	[ "$(find s | wc -l)" = 2 ]
	[ -d / ] && [ -e in ]
	gives 4 "$batch" -n 1 -j 4 --scratch s -- ./ask <in
	[ "$(find s | wc -l)" = 2 ]
	gives 0 "$batch" -n 1 --retries 2 --backoff 1ms --scratch s --journal d.j \
		-o o -- ./ask <in
	cmp in o
	[ "$(find s | wc -l)" = 2 ]
}

@test "--scratch: halves have their own, which go with their batch" {
	mkdir s
	script ask <<-'END'
		echo "$CSVBATCH_DIR" >>dirs
		cp /dev/stdin "$CSVBATCH_DIR/in" && ! grep -q '^3' "$CSVBATCH_DIR/in" &&
			cat "$CSVBATCH_DIR/in"
	END
	gives 0 "$batch" -n 4 --bisect --rejects r --scratch s --journal j -o o \
		-- ./ask <in
	sed /^3/d in | cmp - o
	[ "$(wc -l <dirs)" = "$(sort -u dirs | wc -l)" ]
	[ "$(grep -c '/s/j/[0-9a-f]\{32\}$' dirs)" = 1 ]
	[ "$(grep -c '/s/j/[0-9a-f]\{32\}\.parts/[0-9a-f]\{32\}$' dirs)" = 4 ]
	[ "$(find s | wc -l)" = 1 ]
}

@test "--scratch: what a failure leaves stays, and what was committed goes" {
	script ask <<-'END'
		ls "$CSVBATCH_DIR" >>seen
		touch "$CSVBATCH_DIR/mark"
		[ -e fixed ] || [ "$CSVBATCH_NUMBER" != 3 ] || exit 3
		cat
	END
	job() {
		gives "$1" "$batch" -n 1 --scratch s --journal dir/j -o o -- ./ask <in
	}
	mkdir dir
	job 4
	[ "$(find s -type f | wc -l)" = 1 ]
	# as a crash behind the commit leaves them
	id=$(sh -c 'basename s/j/*')
	first=$("$batch" -n 1 --no-output -- sh -c 'echo $CSVBATCH_ID >>ids' \
		<in && head -n 1 ids)
	mkdir -p "s/j/$first/x" "s/j/$first.parts/$id"
	[ "$(sed -n 3p ids)" = "$id" ]
	: >seen
	job 4
	[ "$(ls s/j)" = "$id" ]
	like seen 'mark\n'
	touch fixed
	job 0
	cmp in o
	[ -z "$(ls -A s)" ]
	mkdir -p s/other/x
	job 0
	[ "$(ls -A s)" = other ]
}

@test "--scratch: a last batch that has grown leaves nothing behind" {
	script ask <<-'END'
		cp /dev/stdin "$CSVBATCH_DIR/in"
		[ -e fixed ] || ! grep -q '^5,' "$CSVBATCH_DIR/in" ||
			{ kill -9 $PPID; exit; }
		cat "$CSVBATCH_DIR/in"
	END
	mkdir s
	printf '%s\n' id,v 1,a 2,b 3,c 4,d 5,e >in
	{ cat in; echo 6,f; echo 7,g; } >more
	gives 137 "$batch" -n 2 --scratch s --journal j -o o -- ./ask <in
	[ "$(find s -type f | wc -l)" = 1 ]
	mkdir -p s/j/mine s/j/0123456789abcdef0123456789abcde
	touch fixed
	gives 0 "$batch" -n 2 --scratch s --journal j -o o -- ./ask <more
	cmp more o
	# what it did not make is not its own
	[ "$(ls s/j)" = "$(printf '0123456789abcdef0123456789abcde\nmine')" ]
}

@test "--scratch: a place that is no good" {
	echo x >file
	gives 3 "$batch" -n 1 --scratch file -- cat <in
	says 'csvbatch: file: Not a directory'
	gives 3 "$batch" -n 1 --scratch no/where -- cat <in
	says 'csvbatch: no/where: No such file or directory'
	mkdir -p s/j
	chmod 777 s/j
	gives 3 "$batch" -n 1 --scratch s --journal j -o o -- cat <in
	says 's/j: Operation not permitted'
	rmdir s/j
	ln -s / s/j
	gives 3 "$batch" -n 1 --scratch s --journal j -o o -- cat <in
	says 's/j: Not a directory'
}

@test "prompts through a service: killed at any moment, each is paid once" {
	for program in python3 curl jq flock; do
		command -v $program || skip "no $program"
	done
	RECORDS=600 BATCH=200 KILLS=4 timeout 60 \
		bash "$BATS_TEST_DIRNAME/llm_job.bash"
}
