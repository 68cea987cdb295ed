#!/usr/bin/env bats
# csvbatch -o 'DIR/{COLUMN}.csv': one file for each value.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	batch=$BIN/csvbatch
}

# Names below a directory, hidden ones too, one a line.
below() {
	(cd "$1" && find . ! -type d | sed 's|^\./||' | LC_ALL=C sort)
}

# none DIR: no file stands there, whatever its name.
none() {
	[ -z "$(below "$1")" ] || {
		below "$1"
		return 1
	}
}

# values VALUE...: a file with each as the field v of a record, and a number.
values() {
	local n=0
	printf 'v,n\n'
	for value; do
		printf '%b,%d\n' "$value" $((n += 1))
	done
}

@test "179: each file is what csvfilter writes for its value" {
	"$PARKING" 3M >in
	"$batch" -o 'out/{Registration State}.csv' <in
	"$BIN/csvcut" --plain -c 'Registration State' in | sed 1d | sort -u >states
	[ "$(below out)" = "$(sed 's/$/.csv/' states)" ]
	[ "$(wc -l <states)" -gt 10 ]
	while read -r state; do
		"$BIN/csvfilter" "{Registration State} == \"$state\"" in |
			cmp - "out/$state.csv"
	done <states
	# two columns in a path, one of them twice, any number of directories
	"$batch" -o "$PWD/hive/a/s={Registration State}/{Plate Type}/{Registration State}.x" <in
	"$BIN/csvfilter" '{Registration State} == "NJ" && {Plate Type} == "PAS"' in |
		cmp - hive/a/s=NJ/PAS/NJ.x
	[ "$(find hive -type f -exec cat {} + | wc -l)" = \
		$(($(wc -l <in) - 1 + $(below hive | wc -l))) ]
	# in the directory where we are
	mkdir here && cd here
	"$batch" -o 's={Registration State}' <../in
	cmp s=NY ../out/NY.csv
	[ "$(below . | wc -l)" = "$(wc -l <../states)" ]
}

@test "179: what values become in a path" {
	long=$(printf '%0236d' 0)
	# shellcheck disable=SC2046
	{
		values .. . a/b %2e 'a\0000b' '' '""' __HIVE_DEFAULT_PARTITION__ x \
			x.part .x A a '"A"' 'é' '"a,""b"""' '"x\ny"' ' x' x_-1.2 \
			__HIVE_DEFAULT_PARTITION_ '*' '~' "$long" '\0377' 'a\0'
		values 0"$long" $(printf '%0300d' 0) | sed 1d
	} >in
	mkdir top
	gives 0 "$batch" -o 'top/out/{v}.csv' --rejects bad <in
	cat >want <<-END
	%20x.csv
	%252e.csv
	%2A.csv
	%2E..csv
	%2E.csv
	%2Ex.csv
	%5F_HIVE_DEFAULT_PARTITION__.csv
	%7E.csv
	%C3%A9.csv
	%FF.csv
	$long.csv
	A.csv
	__HIVE_DEFAULT_PARTITION_.csv
	__HIVE_DEFAULT_PARTITION__.csv
	a%00.csv
	a%00b.csv
	a%2C%22b%22.csv
	a%2Fb.csv
	a.csv
	x%0Ay.csv
	x.csv
	x.part.csv
	x_-1.2.csv
	END
	below top/out >got
	same want got
	[ "$(below top | wc -l)" = "$(wc -l <want)" ]
	# two spellings of a value are one; an empty one is one, too
	printf 'v,n\nA,12\n"A",14\n' | cmp - top/out/A.csv
	printf 'v,n\na,13\n' | cmp - top/out/a.csv
	printf 'v,n\n,6\n"",7\n' | cmp - top/out/__HIVE_DEFAULT_PARTITION__.csv
	printf 'v,n\na\0b,5\n' | cmp - top/out/a%00b.csv
	[ "$("$BIN/csvfilter" --count true bad)" = 2 ]
	grep -q 'a name in the path of its file would be longer than 240 bytes' bad
	# every name that an unfinished file has is another's name, too
	gives 0 "$batch" -o 'names/{v}' <in --rejects bad
	[ "$(below names | wc -l)" = $(($(wc -l <want) + 1)) ]
	# without --rejects it ends the run
	gives 1 "$batch" -o 'top/none/{v}.csv' <in
	says 'would be longer than 240 bytes'
	none top/none
	# names in the middle of a path are looked at, too
	values "$long" 0"$long" 00000"$long" | "$batch" -o 'deep/{v}/x' --rejects bad
	[ "$(ls deep | wc -l)" = 2 ]
	[ "$(sed 1d bad | wc -l)" = 1 ]
}

@test "partition: headers, and inputs that have none" {
	printf '\357\273\277"v",n\r\na,1\r\n\r\nb,"2\r\n"\r\na,3' >in
	"$batch" -o 'h/{v}' <in
	for v in a b; do
		"$BIN/csvfilter" "v == '$v'" in | cmp - h/$v
	done
	printf 'a,1\nb,2\na,3\n' >in
	"$batch" -H -o 'H/{1}' <in
	printf 'a,1\na,3\n' | cmp - H/a
	"$batch" --names v,n -o 'N/{@2}/{v}' <in
	printf 'b,2\n' | cmp - N/2/b
	printf 'v,n\na\n' >in
	"$batch" --ragged=pass -o 'P/{n}' <in
	cmp in P/__HIVE_DEFAULT_PARTITION__
	gives 0 "$batch" --ragged=pad -o 'R/{n}' <in
	printf 'v,n\na,\n' | cmp - R/__HIVE_DEFAULT_PARTITION__
	# no record, no file; nothing at all, too
	printf 'v,n\n' | "$batch" -o 'E/{n}'
	"$batch" -o 'E/{n}' </dev/null
	none E
	printf 'a;b\n"x;1";2\n' >in
	"$batch" -d ';' -o 'D/{a}' <in
	cmp in D/x%3B1
	# a comma in a name
	printf '"a, b",c\n1,2\n' | "$batch" -o 'C/{a, b}'
	[ -e C/1 ]
}

@test "partition: usage errors write nothing" {
	values a b >in
	# shellcheck disable=SC2016
	while read -r options; do
		eval "gives 2 '$batch' $options" <in
		[ ! -s out ]
		[ "$(wc -l <err)" = 1 ]
	done <<-'END'
	-o 'd/{v}.csv' -- cat
	-o 'd/{v}.csv' -n 3
	-o 'd/{v}.csv' -b 3
	-o 'd/{v}.csv' -g v
	-o 'd/{v}.csv' --linger 1s
	-o 'd/{v}.csv' --to=jsonl
	-o 'd/{v}.csv' --journal j
	-o 'd/{v}.csv' --retries 2
	-o 'd/{v}.csv' -j 2
	-o 'd/{v}-{}.csv'
	-o 'd/{}/{v}.csv' -n 3
	-o 'd/{v}/'
	-o 'd/{v}//x.csv'
	-o 'd/{v}/../x.csv'
	-o 'd/{v}/./x.csv'
	-o 'd/{v}/..'
	END
	[ ! -e d ]
	[ ! -e j ]
	gives 2 "$batch" -o 'd/{w}.csv' <in
	says "no column 'w'"
	gives 2 "$batch" -o 'd/{3}.csv' <in
	gives 2 "$batch" -H -o 'd/{v}.csv' <in
	none d
	# braces that are no column are no pattern
	"$batch" -n 2 -o 'a{b' -- cat <in
	cmp in 'a{b'
}

@test "partition: a file that matches is an error at the start" {
	values a b >in
	mkdir -p d/a=1 d/b
	echo old >d/a=1/x.csv
	gives 3 "$batch" -o 'd/a={v}/{n}.csv' <in
	says "csvbatch: d/a=1/x.csv: a file that matches -o is there already"
	[ "$(below d)" = a=1/x.csv ]
	gives 3 "$batch" -o 'd/a={v}/x.csv' </dev/null
	for other in d/a=1/x.csw d/a=1/.x.csv d/a=1/%.csv; do
		mv d/a=1/x.csv "$other"
		got=0
		"$batch" -o 'd/a={v}/x{n}.csv' <in 2>err || got=$?
		[ $got = 0 ]
		rm -r d/a=a d/a=b
		mv "$other" d/a=1/x.csv
	done
	# a directory is in the way of a file, a file of a directory
	mkdir e
	mkdir e/x.csv
	gives 3 "$batch" -o 'e/{v}.csv' <in
	echo old >e/b
	gives 3 "$batch" -o 'e/b/{v}/x' <in
	says "e/b: in the way, and no directory"
	gives 3 "$batch" -o 'e/{v}/x' <in
	says "e/b: in the way, and no directory"
	[ "$(below e)" = b ]
	# so is a link that leads out
	mkdir away
	rm e/b
	ln -s "$PWD/away" e/b
	gives 3 "$batch" -o 'e/{v}/x' <in
	says "e/b: in the way, and no directory"
	none away
	[ "$(below e)" = b ]
}

@test "partition: what a killed run has left goes, and nothing else" {
	values a b >in
	mkdir -p d/1 d/2
	echo left | tee d/1/.csvbatch~a.csv.part >d/2/.csvbatch~zz.csv.part
	echo mine | tee d/1/.a.csw.part d/.csvbatch~a.csv.part d/1/a.csv.part >d/2/.csvbatch~.csv.part
	"$batch" -o 'd/{n}/{v}.csv' <in
	[ "$(below d | tr '\n' ' ')" = \
		".csvbatch~a.csv.part 1/.a.csw.part 1/a.csv 1/a.csv.part 2/.csvbatch~.csv.part 2/b.csv " ]
	# what is not ours stops the run
	rm -r d && mkdir d
	echo mine >d/.csvbatch~a.csv.part
	ln d/.csvbatch~a.csv.part other
	gives 3 "$batch" -o 'd/{v}.csv' <in
	says 'd/.csvbatch~a.csv.part: in the way, and a file with another name, too'
	rm other
	# a file that this run reads or writes
	for options in '--rejects d/.csvbatch~a.csv.part' '<d/.csvbatch~a.csv.part'; do
		cp in d/.csvbatch~a.csv.part
		got=0
		eval "'$batch' -o 'd/{v}.csv' $options" <in 2>err || got=$?
		[ $got = 2 ] || [ $got = 3 ]
		cmp in d/.csvbatch~a.csv.part
		[ "$(below d)" = .csvbatch~a.csv.part ]
	done
	rm d/.csvbatch~a.csv.part
	gives 3 "$batch" -o 'd/{v}.csv' --rejects d/a.csv <in
	[ "$(below d)" = a.csv ]
	rm d/a.csv
	gives 3 "$batch" -o 'd/{v}.csv' --rejects d/.csvbatch~a.csv.part <in
	[ "$(cat d/.csvbatch~a.csv.part)" = file,record,line,byte,reason,raw ]
}

@test "partition: a hidden file of the user stays, whatever its name" {
	values x y >in
	mkdir -p d e
	echo mine | tee d/.x.part d/.y.part d/.zz.part d/.csvbatch.part >d/.csvbatch~
	cp -r d e/1
	cp -r d mine
	"$batch" -o 'd/{v}' <in
	"$batch" -o 'e/{n}/{v}' <in
	for dir in d e/1; do
		printf 'v,n\nx,1\n' | cmp - $dir/x
		rm -f $dir/x $dir/y
		diff -r mine $dir
	done
}

@test "partition: one run in a directory" {
	values a b >in
	mkfifo pipe
	"$batch" -o 'd/{v}.csv' <pipe 3>&- &
	pid=$!
	exec 4>pipe
	cat in >&4
	until [ -e d/.csvbatch~.part ]; do sleep 0.01; done
	gives 3 "$batch" -o 'd/{n}' <in
	says 'another run is writing it'
	# no file has its name before the end
	sleep 0.1
	[ -z "$(ls d)" ]
	exec 4>&-
	wait $pid
	[ "$(below d | tr '\n' ' ')" = "a.csv b.csv " ]
}

@test "partition: two runs, one in a directory below the other's" {
	values a b >in
	mkfifo pipe
	for templates in 'd/{n}/{v}.csv d/1/{v}.csv' \
		'd/1/{v}.csv d/{n}/{v}.csv'; do
		"$batch" -o "${templates% *}" <pipe 3>&- &
		pid=$!
		exec 4>pipe
		cat in >&4
		until [ -e d/1/.csvbatch~a.csv.part ]; do sleep 0.01; done
		gives 3 "$batch" -o "${templates#* }" <in
		says "another run is writing it"
		[ -e d/1/.csvbatch~a.csv.part ]
		exec 4>&-
		wait $pid
		[ -s d/1/a.csv ]
		rm -r d
	done
}

@test "partition: more values than descriptors, or than buffers" {
	awk 'BEGIN { print "n,v"
		for (i = 0; i < 9000; i++) print i "," (i * 7919) % 1999 }' >in
	mkdir want
	awk -F, 'NR > 1 { if (!($2 in all)) all[$2] = "n,v\n"
		all[$2] = all[$2] $0 "\n" }
		END { for (v in all) {
			printf "%s", all[v] > ("want/" v)
			close("want/" v) } }' in
	(ulimit -n 40 && "$batch" -o 'out/{v}' <in)
	diff -r want out
	# records longer than a buffer
	awk 'BEGIN { print "n,v"; for (x = "x"; length(x) < 70000;) x = x x
		for (i = 0; i < 400; i++) print (i % 3 ? x : i) "," i % 211 }' >in
	"$batch" -o 'long/{v}' <in
	for v in 0 1 188 189 210; do
		awk -F, -v v=$v 'NR == 1 || $2 == v' in | cmp - long/$v
	done
}

@test "partition: a .part that was replaced ends the run" {
	awk 'BEGIN { print "v"; for (i = 0; i < 300; i++) print i }' >in
	for v in 7 299; do # it is open, or it is not
		mkfifo pipe
		rm -rf d
		timeout 20 "$batch" -o 'd/{v}.csv' <pipe 2>err 3>&- &
		pid=$!
		exec 4>pipe
		cat in >&4
		until [ -e d/.csvbatch~299.csv.part ]; do sleep 0.01; done
		mv d/.csvbatch~$v.csv.part d/other
		echo mine >d/.csvbatch~$v.csv.part
		exec 4>&-
		got=0
		wait $pid || got=$?
		[ $got = 3 ]
		says "d/.csvbatch~$v.csv.part: another file has this name now"
		[ "$(below d | tr '\n' ' ')" = ".csvbatch~$v.csv.part other " ]
		[ "$(cat d/.csvbatch~$v.csv.part)" = mine ]
		rm pipe
	done
}

@test "partition: an input that ends badly makes no file" {
	values a b a b >good
	for how in '--expect-records 5' '--max-rejects 0 --rejects bad' '' \
		--require-eol; do
		cp good in
		case $how in
		--require-eol) printf 'a,5' >>in ;;
		--expect*) ;;
		*) echo 'a,1,2' >>in ;;
		esac
		# shellcheck disable=SC2086
		gives 1 "$batch" $how -o 'd/{v}.csv' <in
		none d
	done
	"$batch" -o 'd/{v}.csv' --rejects bad --expect-records 5 <good && false
	none d
	echo 'a,"5' >>good
	gives 1 "$batch" -o 'd/{v}.csv' --rejects bad <good
	none d
}

@test "partition: a disk that is full" {
	plain
	"$PARKING" 3M >in
	mkdir small
	mount -t tmpfs -o size=1200k none small 2>/dev/null || skip "no mount"
	mkdir small/old && echo old >small/old/NY.csv
	gives 3 "$batch" -o 'small/{Registration State}.csv' <in || {
		umount small
		false
	}
	cp -r small left
	umount small
	says 'csvbatch: small/'
	says ': write error: No space left on device'
	[ "$(wc -l <err)" = 1 ]
	[ "$(below left)" = old/NY.csv ]
	[ "$(cat left/old/NY.csv)" = old ]
}

@test "partition: killed in the middle, and run again" {
	"$PARKING" 2M >in
	"$batch" -o 'want/{Registration State}/x.csv' <in
	for sig in KILL TERM; do
		mkfifo pipe
		"$batch" -o 'out/{Registration State}/x.csv' <pipe 3>&- &
		pid=$!
		exec 4>pipe
		head -c 1000000 in >&4
		until [ -e out/NY/.csvbatch~x.csv.part ]; do sleep 0.01; done
		kill -$sig $pid
		got=0
		wait $pid || got=$?
		exec 4>&-
		rm pipe
		[ $got = $((128 + $(kill -l $sig))) ]
		below out | grep -v '\.part$' && false
		"$batch" -o 'out/{Registration State}/x.csv' <in
		diff -r want out
		rm -r out
	done
}

@test "partition: values that a file system takes for one" {
	plain
	values A b a >in
	"${CC:-cc}" -shared -fPIC -o fold.so "$BATS_TEST_DIRNAME/preload/fold.c"
	for template in 'd/{v}.csv' 'd/{v}/x.csv'; do
		gives 3 env LD_PRELOAD="$PWD/fold.so" "$batch" -o "$template" <in
		says "another value has this file"
		none d
	done
	gives 0 env LD_PRELOAD="$PWD/fold.so" "$batch" -o 'd/{n}.csv' <in
}

@test "partition: the same on vfat or exFAT" {
	plain
	truncate -s 8M image
	mkdir fat
	dotted=3 # vfat drops a dot at the end
	if ! { mkfs.vfat image && mount -o loop image fat; } >/dev/null 2>&1; then
		command -v mount.exfat-fuse >/dev/null || skip "neither can be had"
		mkfs.exfat image >/dev/null
		loop=$(losetup -f --show image) || skip "no loop device"
		mount.exfat-fuse "$loop" fat >/dev/null 2>&1 || {
			losetup -d "$loop"
			skip "no mount of exFAT"
		}
		dotted=0
	fi
	got=0
	{
		values A b a >in
		gives 3 "$batch" -o 'fat/{v}.csv' <in && none fat &&
			values x x. | gives $dotted "$batch" -o 'fat/d/{v}' &&
			values b c | gives 0 "$batch" -o 'fat/e/{v}' &&
			[ "$(below fat/e | wc -l)" = 2 ]
	} || got=$?
	umount fat
	[ -z "${loop:-}" ] || losetup -d "$loop"
	[ $got = 0 ]
}

@test "partition: system calls that fail" {
	traced
	values a b a >in
	for call in openat:EACCES mkdir:EACCES write:EIO write:ENOSPC \
		close:EIO syncfs:EIO rename:EIO getdents64:EIO flock:ENOLCK; do
		rm -rf d
		paths=(d/x/.csvbatch~a.csv.part "$PWD/d/x/.csvbatch~a.csv.part")
		[ $call = close:EIO ] || paths+=(d d/x "$PWD/d/x"
			d/x/.csvbatch~.part "$PWD/d/x/.csvbatch~.part")
		gives 3 strace -o /dev/null "${paths[@]/#/-P}" -e "trace=${call%:*}" \
			-e "inject=${call%:*}:error=${call#*:}:when=1" \
			"$batch" -o 'd/x/{v}.csv' <in
		[ "$(wc -l <err)" = 1 ]
		grep -Eq '^csvbatch: (d|d/.*): ' err
		[ ! -d d ] || none d
	done
}
