#!/usr/bin/env bats
# The options that all three have, and how they complain.

load helper

# usage SAYS [OPTION]...: each of the three says so and exits with 2, having
# written nothing.
usage() {
	each 'a,b\n1,2\n' 2 '' "@: $1; see @ --help\n" "${@:2}"
}

@test "62: sizes that are none" {
	for size in '' 0 -1 +1 ' 5' 1.5M 1e9 1kk 16mb 1Z 18446744073709551616 16E 0x10; do
		usage '--max-record: needs a size above 0, such as 4096, 64K or 16M' \
			--max-record "$size"
	done
	for size in 4G 8E 1073741825; do
		usage '--max-record: can be 1G at most' --max-record "$size"
	done
}

@test "62: sizes as coreutils write them" {
	for size in 7 1K 1k 1KB 1KiB 1M 1G; do
		each 'a,b\n1,2\n' 0 = '' --max-record "$size"
	done
	long=$(printf '%01000d' 1)
	each "a\n$long\n" 0 = '' --max-record 1KB
	each "a\n0$long\n" 1 'a\n' \
		'@: stdin:2: record 1, byte 2: record exceeds 1000 bytes; --max-record sets the limit\n' \
		--max-record 1KB
}

@test "62: counts that are none" {
	for n in '' -1 x 1.5 1e9 1K 18446744073709551616; do
		usage '--expect-records: needs a whole number' --expect-records "$n"
		usage '--max-rejects: needs a whole number' --rejects bad --max-rejects "$n"
		one '' 2 '' '@: --limit: needs a whole number above 0; see @ --help\n' \
			csvfilter true --limit "$n"
	done
	one '' 2 '' '@: --limit: needs a whole number above 0; see @ --help\n' \
		csvfilter true --limit 0
}

@test "an unknown option, one without its value, one with a value too many" {
	usage 'unknown option --bogus' --bogus
	usage 'unknown option --bogus=1' --bogus=1
	usage 'unknown option -Z' -Z
	usage 'unknown option -Z' -tZ
	usage 'unknown option -é' -é
	usage 'unknown option -é' -té
	usage 'unknown option -\\xc3' $'-\xc3'
	usage 'a value is missing behind -d' -d
	usage 'a value is missing behind --names' --names
	usage '--stats=1: the option takes no value' --stats=1
}

@test "199: long options are not abbreviated, and end at --" {
	usage 'long options are written out: --max-record' --max-rec 5
	usage 'unknown option --max' --max 5
	put 'a,b\n1,2\n'
	cp in ./-x
	each 'c\n' 0 'a,b\n1,2\n' '' -- -x
	POSIXLY_CORRECT=1 one 'a,b\n1,2\n' 3 '' '@: -t: No such file or directory\n' \
		csvfilter true -t
}

@test "options that do not go together" {
	usage '-d: delimiter and quote are the same' -d ';' -q ';'
	usage '--max-rejects: needs --rejects' --max-rejects 5
	usage '--expect-header: not with -H' -H --expect-header a,b
	usage '--expect-header: not with -H' --names a,b --expect-header a,b
	usage '--ragged: needs pad, fit or pass' --ragged=fill
	usage '--rejects: needs a FILE' --rejects ''
	usage '-o: needs a FILE' --output=
	usage 'an empty list of names' --names ''
	usage 'the quote in ""y" is never closed' --names 'x,"y'
	[ ! -e x ]
}

@test "--help and --version say so on standard output" {
	for program in $FILTERS; do
		for option in -h --help; do
			"$BIN/$program" $option >out 2>err
			head -n 1 out | grep -q "^Usage: $program "
			tail -n 1 out | grep -qx "The manual: man $program, man csvpipe"
			[ "$(awk 'length($0) > 79' out)" = '' ]
			like err ''
		done
		for option in -V --version; do
			"$BIN/$program" $option >out 2>err
			grep -qx "$program (csvpipe) [0-9.]*" out
			like err ''
		done
	done
}

@test "198: --help and --version to where nothing can be written" {
	for program in $FILTERS; do
		for option in --help --version; do
			got=0
			"$BIN/$program" $option >&- 2>err || got=$?
			[ "$got" = 3 ]
			like err "$program: write error: Bad file descriptor\n"
			[ -c /dev/full ] || continue
			got=0
			"$BIN/$program" $option >/dev/full 2>err || got=$?
			[ "$got" = 3 ]
			like err "$program: write error: No space left on device\n"
		done
		"$BIN/$program" --help | head -n 1 >out
		[ -s out ]
	done
}

@test "an empty environment, another directory, language and time zone change nothing" {
	put 'a,b\n1.5,2\n'
	for program in $FILTERS; do
		env -i "$BIN/$program" "$(all_of "$program")" <in >out
		same in out
		(cd / && all "$program") <in >out
		same in out
		LC_ALL=de_DE.UTF-8 LANG=tr_TR TZ=Asia/Kolkata all "$program" <in >out
		same in out
		got=0
		LC_ALL=de_DE.UTF-8 LANGUAGE=de all "$program" none >out 2>err || got=$?
		: >out
		ends "$got" 3 '' '@: none: No such file or directory\n'
	done
	LC_ALL=de_DE.UTF-8 one 'a,b\n1.5,2\n' 0 'a,b,c\n1.5,2,3.5\n' '' csvmap 'c = a + b'
}

@test "-H: columns have numbers, and the first record is one" {
	each '1,2\n3,4\n' 0 = '' -H
	each '1,2\n3\n' 1 '1,2\n' \
		'@: stdin:2: record 2 has 1 field, the first record has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' -H
	each '1,"2"x\n3,4\n' 1 '' \
		"@: stdin:1: record 1, byte 5: 'x' after a closing quote\n" -H
	each '1,"2"x\n3,4\n' 0 '3,4\n' '@: 1 record rejected, see bad\n' -H --rejects bad
	one '1,2\n3,4\n' 0 '3,4\n' '' csvfilter -H '@1 == 3'
	one '1,2\n3,4\n' 0 '1,2,3\n3,4,7\n' '' csvmap -H 'c = @1 + @2'
}

@test "--names: the file has no header, or has it after all" {
	each '1,2\n3,4\n' 0 = '' --names a,b
	each 'a,b\n1,2\n' 0 '1,2\n' '' --names a,b
	each '"a",b\n1,2\n' 0 '1,2\n' '' --names a,b
	each 'a,b' 0 '' '' --names a,b
	each 'b,a\n1,2\n' 0 = '' --names a,b
	each 'a,b\n1,2\na,b\n' 0 '1,2\na,b\n' '' --names a,b
	each '1\n' 1 '' '@: stdin:1: record 1 has 1 field, --names has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' --names a,b
	each '1,2,3\n4,5\n' 0 '4,5\n' '@: 1 record rejected, see bad\n' --names a,b --rejects bad
	like bad 'file,record,line,byte,reason,raw\nstdin,1,1,0,"record 1 has 3 fields, --names has 2","1,2,3"\n'
	one '1,2\n3,4\n' 0 '2\n4\n' '' csvcut --names 'a,"b,c"' -c '"b,c"'
	one 'a,"b,c"\n1,2\n3,4\n' 0 '3,4\n' '' csvfilter --names 'a,"b,c"' '{b,c} == 4'
	one '1,2\n' 0 '1,2,3\n' '' csvmap --names a,b 'c = a + b'
	one '1,2\n' 2 '' '@: column "x" is ambiguous: 1, 2\n' csvcut --names x,x -c x
}

@test "several files are read as one" {
	printf 'a,b\n1,2\n' >first
	printf 'a,"b"\r\n3,4' >second
	printf '' >none
	printf '\n\n' >blank
	each 'a,b\n5,6\n' 0 'a,b\n1,2\n3,4\n5,6\n' '' first none second blank - none
	each '' 0 'a,b\n1,2\n1,2\n' '' first first -
	each 'x,y\n' 0 '1,2\n3,4\nx,y\n' '' --names a,b first second -
	each '7,8\n' 0 'a,b\n1,2\n7,8\n' '' -H first -
	each 'a,b\n5\n' 1 'a,b\n1,2\n' \
		'@: stdin:2: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' first -
	one '' 0 'a\n1\n3\n' '' csvcut -c a first second
	one '' 0 'a,b\n3,4\n' '' csvfilter 'a == 3' first second
	one '' 0 'f\nfirst\nsecond\n' '' csvmap --only 'f = file()' first second
	one '' 0 'n,l\n1,2\n2,2\n' '' csvmap --only 'n = row(); l = line()' first second
}

@test "several files whose headers differ: the first difference is named" {
	printf 'a,b\n1,2\n' >first
	each 'a,c\n3,4\n' 1 'a,b\n1,2\n' \
		"@: stdin:1: header, byte 0: the header differs from the first file's in column 2\n" \
		first -
	each 'a\n3\n' 1 'a,b\n1,2\n' \
		"@: stdin:1: header, byte 0: the header differs from the first file's in column 2\n" \
		first -
	each 'a,b,c\n3,4,5\n' 1 'a,b\n1,2\n' \
		"@: stdin:1: header, byte 0: the header differs from the first file's in column 3\n" \
		first -
}

@test "--expect-header: nothing is written where it differs" {
	each 'a,b\n1,2\n' 0 = '' --expect-header a,b
	each '"a",b\n1,2\n' 0 = '' --expect-header a,b
	each 'a,"b,c"\n1,2\n' 0 = '' --expect-header 'a,"b,c"'
	each 'a,b\n1,2\n' 1 '' '@: stdin:1: the header is not --expect-header b,a\n' \
		--expect-header b,a
	each 'a,b\n1,2\n' 1 '' '@: stdin:1: the header is not --expect-header a\n' \
		--expect-header a
	each '' 1 '' '@: stdin:1: empty input is not --expect-header a\n' \
		--expect-header a
}

@test "--expect-records: so many, no more and no fewer, good or rejected" {
	each 'a,b\n1,2\n3,4\n' 0 = '' --expect-records 2
	each 'a,b\n1,2\n' 1 = '@: stdin: 1 record came, --expect-records is 2\n' \
		--expect-records 2
	each 'a,b\n1,2\n3,4\n5,6\n' 1 = '@: stdin: 3 records came, --expect-records is 2\n' \
		--expect-records 2
	each '' 1 '' '@: stdin: 0 records came, --expect-records is 2\n' --expect-records 2
	each 'a,b\n' 0 = '' --expect-records 0
	each 'a,b\n1,2\n3\n' 0 'a,b\n1,2\n' '@: 1 record rejected, see bad\n' \
		--expect-records 2 --rejects bad
	one 'a,b\n1,2\n3,4\n' 0 'a,b\n3,4\n' '' csvfilter --expect-records 2 'a == 3'
	each 'a,b\n1,2\n' 1 '' '@: stdin: 1 record came, --expect-records is 2\n' \
		--expect-records 2 -o file
	[ ! -e file ] && [ ! -e file.part ]
}

@test "where several statuses apply, 3 comes before 1" {
	[ -c /dev/full ] || skip "no /dev/full"
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		got=0
		all "$program" --expect-records 2 -o /dev/full <in >out 2>err || got=$?
		ends "$got" 3 '' '@: stdin: 1 record came, --expect-records is 2\n@: /dev/full: write error: No space left on device\n'
	done
}

@test "--rejects: expressions that have no answer" {
	one 'a,b\n1,2\nx,3\n4,5\n' 0 'a,b\n4,5\n' '@: 1 record rejected, see bad\n' \
		csvfilter --rejects bad 'num(a) > 1'
	[ "$(cut -d, -f 1-4 bad)" = $'file,record,line,byte\nstdin,2,3,8' ]
	[ "$("$BIN/csvcut" --plain -c raw bad)" = x,3 ]
	[ "$("$BIN/csvcut" --plain -c reason bad)" = \
		'column 1 "a": "x" is not a number, at 1 in the expression' ]
	one 'a,b\n1,2\nx,3\n4,5\n' 0 'a,b,c\n1,2,3\n4,5,9\n' \
		'@: 1 record rejected, see bad\n' csvmap --rejects bad 'c = a + b'
	[ "$("$BIN/csvcut" --plain -c raw bad)" = x,3 ]
}

@test "--rejects: the file is truncated at the start, and named by its file" {
	echo old >bad
	each 'a,b\n1,2\n' 0 = '' --rejects bad
	like bad 'file,record,line,byte,reason,raw\n'
	printf 'a,b\n1\n' >'x,y"z.csv'
	each '' 0 'a,b\n' '@: 1 record rejected, see bad\n' --rejects bad 'x,y"z.csv'
	like bad 'file,record,line,byte,reason,raw\n"x,y""z.csv",1,2,4,"record 1 has 1 field, the header has 2",1\n'
}

@test "--rejects: a bad record is there before the next one comes" {
	for program in $FILTERS; do
		mkfifo from
		all "$program" --rejects bad <from >out 2>err 3>&- &
		exec 4>from
		printf 'a,b\n1\n' >&4
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			grep -q '^stdin,1,' bad 2>/dev/null && break
			sleep 0.05
		done
		grep -q '^stdin,1,' bad
		exec 4>&-
		wait
		rm from bad
	done
}

@test "--rejects that cannot be written is an error" {
	each 'a,b\n1\n' 3 '' '@: nowhere/bad: No such file or directory\n' \
		--rejects nowhere/bad
	[ -c /dev/full ] || skip "no /dev/full"
	each 'a,b\n1\n' 3 '' '@: /dev/full: write error: No space left on device\n' \
		--rejects /dev/full
}

@test "--rejects /dev/stderr goes to a log without spoiling it" {
	put 'a,b\n1\n2,3\n'
	for program in $FILTERS; do
		echo before >log
		ln -sf /proc/self/fd/2 errors
		all "$program" --rejects errors <in >out 2>>log
		like log "before\nfile,record,line,byte,reason,raw\nstdin,1,2,4,\"record 1 has 1 field, the header has 2\",1\n$program: 1 record rejected, see errors\n"
		like out 'a,b\n2,3\n'
	done
}

@test "--max-rejects: one more is an error" {
	each 'a,b\n1\n2,3\n4\n' 0 'a,b\n2,3\n' '@: 2 records rejected, see bad\n' \
		--rejects bad --max-rejects 2
	each 'a,b\n1\n2,3\n4\n5,6\n' 1 'a,b\n2,3\n' \
		'@: stdin:4: record 3 has 1 field, the header has 2; --ragged=pad fills it up\n@: more than 1 record rejected\n@: 2 records rejected, see bad\n' \
		--rejects bad --max-rejects 1
	each 'a,b\n1\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 1 field, the header has 2; --ragged=pad fills it up\n@: more than 0 records rejected\n@: 1 record rejected, see bad\n' \
		--rejects bad --max-rejects 0
}

# counted [OPTION]...: what --stats says, with what varies as X.
counted() {
	sed 's/[0-9.]* s, .* [0-9.]* MiB/X/' err >said
}

@test "--stats says counts, rate and memory at the end" {
	for program in $FILTERS; do
		put 'a,b\n1,2\n3\n5,6\n'
		all "$program" --stats --rejects bad <in >out 2>err
		counted
		like said "$program: 3 records in, 2 out, 1 rejected; 14 bytes in, 12 out; X peak memory; 0 spool bytes\n$program: 1 record rejected, see bad\n"
		all "$program" --stats </dev/null >out 2>err
		counted
		like said "$program: 0 records in, 0 out, 0 rejected; 0 bytes in, 0 out; X peak memory; 0 spool bytes\n"
	done
	put 'a,b\n1,2\n3,4\n5,6\n'
	"$BIN/csvfilter" --stats 'a > 3' <in >out 2>err
	counted
	like said 'csvfilter: 3 records in, 1 out, 0 rejected; 16 bytes in, 8 out; X peak memory; 0 spool bytes\n'
}

@test "--progress says so once a second, also while nothing comes" {
	for program in $FILTERS; do
		mkfifo from
		"$BIN/$program" "$(all_of "$program")" --progress <from >out 2>err 3>&- &
		exec 4>from
		printf 'a,b\n1,2\n' >&4
		sleep 1.3
		exec 4>&-
		wait $!
		rm from
		counted
		like said "$program: 1 records in, 1 out, 0 rejected; 8 bytes in, 8 out; X peak memory; 0 spool bytes\n"
	done
}

@test "at a terminal they say what they wait for, in two lines" {
	command -v script >/dev/null || skip "no script"
	put 'a\n1\n'
	for program in "$BIN/csvcut" "$BIN/csvfilter true" "$BIN/csvpar cat"; do
		{ sleep 0.4; printf 'a\n1\n\4'; sleep 0.2; } |
			script -qec "$program" /dev/null >out
		[ "$(grep -c -e 'csv[a-z]*: waits for CSV from this terminal, with Ctrl-D' \
			-e 'csv[a-z]*: to read a file put < FILE .* --help' out)" = 2 ]
		script -qec "$program <in" /dev/null >out
		script -qec "cat in | $program" /dev/null >>out
		[ "$(grep -c waits out)" = 0 ]
	done
}

# left COMMAND...: says on standard error how much of its input it has read.
left() {
	"$@" 2>err | { sleep 1.2; cat >out; }
	sed -n 's/.*; \([1-9][0-9]*\) %, [0-9]* s left$/\1/p' err >percent
	cat err
	[ -s percent ]
}

@test "--progress says how much of a file is read and how long the rest takes" {
	"$PARKING" 4M >big
	left "$BIN/csvmap" --progress '' big - <big
	left "$BIN/csvbatch" -n 9000 --progress -- sh -c 'sleep 1.1; cat' <big
	# what is in front of the cursor does not count
	tail -n +2 big >rows
	{ head -n 10000 >head; left "$BIN/csvcut" -H --progress; } <rows
	read -r got < <(sed 's/.*rejected; \([0-9]*\) .*/\1/' err)
	behind=$(($(wc -c <rows) - $(wc -c <head)))
	[ "$(cat percent)" = "$(((200 * got / behind + 1) / 2))" ]
	cat big | left "$BIN/csvcut" --progress && false
	left "$BIN/csvcut" --progress big <(cat big) && false
	grep -q ' records in' err
}

@test "SIGUSR1 makes them say so, while a read blocks" {
	for program in $FILTERS; do
		mkfifo from
		"$BIN/$program" "$(all_of "$program")" <from >out 2>err 3>&- &
		exec 4>from
		printf 'a,b\n1,2\n' >&4
		sleep 0.1
		kill -USR1 $!
		sleep 0.1
		counted
		like said "$program: 1 records in, 1 out, 0 rejected; 8 bytes in, 8 out; X peak memory; 0 spool bytes\n"
		printf '3,4\n' >&4
		exec 4>&-
		wait $!
		rm from
		like out 'a,b\n1,2\n3,4\n'
	done
}

@test "SIGUSR1 makes them say so, while they are busy" {
	plain
	for program in $FILTERS; do
		mkfifo from
		"$PARKING" 300M >from 3>&- &
		"$BIN/$program" "$(all_of "$program")" <from >/dev/null 2>err 3>&- &
		sleep 0.05
		for _ in 1 2 3; do
			kill -USR1 $! 2>/dev/null || break
			sleep 0.03
		done
		wait $!
		[ "$(grep -c "^$program: [0-9]* records in, " err)" -ge 1 ]
		rm from
	done
}

@test "only main ends a process: the library does not call exit" {
	run nm "$BIN/libcsvpipe.a"
	[[ $output == *' T run_start'* ]]
	[[ $output != *' U exit'* ]]
}

@test "a usage error has neither --stats nor a record of --progress" {
	cd "$BATS_TEST_TMPDIR"
	local line
	for line in 'csvcut -c x' 'csvfilter x' 'csvmap b=x' \
		'csvbatch -g x -- cat' 'csvpar --by x -- cat'; do
		rm -f progress
		run sh -c "printf 'a\n1\n' |
			\"\$BIN\"/${line/ / --stats --progress=progress }"
		[ "$status" -eq 2 ]
		[[ $output != *'records in'* ]]
		[ "$(wc -l <progress)" -eq 1 ]
	done
}

@test "rejects that do not fit are no count of rows" {
	cd "$BATS_TEST_TMPDIR"
	{ echo a,b && yes 1 | head -n 20000 && echo 1,2; } >in
	for program in 'csvcut -l' 'csvfilter a==b' 'csvmap c=a' \
		'csvbatch -n 1 --no-output -- cat'; do
		# shellcheck disable=SC2086
		gives 3 sh -c 'ulimit -f 64; exec "$@"' sh "$BIN/"${program/ / --rejects bad } <in
		[ "$(cat err)" = "${program%% *}: bad: write error: File too large" ]
	done
}
