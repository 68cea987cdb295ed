#!/usr/bin/env bats
# Size, memory and hostile input: sections 4 and 9 of the cases.

load helper

# field BYTES: that many bytes that are no structure.
field() {
	head -c "$1" /dev/zero | tr '\0' x
}

# peak KIB PROGRAM [ARG]...: it passes in and stays under KIB.
peak() {
	"$BIN/tests/peak" kib "$BIN/$2" "${@:3}" <in >out
	echo "$2: $(cat kib) KiB"
	[ "$(cat kib)" -lt "$1" ]
}

@test "55: a field of 100 MB is too long, unless --max-record says otherwise" {
	plain
	{ printf 'a,b\n1,'; field 100000000; printf '\n2,3\n'; } >in
	for program in $FILTERS; do
		got=0
		all "$program" <in >out 2>err || got=$?
		ends "$got" 1 'a,b\n' '@: stdin:2: record 1, byte 4: record exceeds 16777216 bytes; --max-record sets the limit\n'
		peak 220000 "$program" "$(all_of "$program")" --max-record 256M
		cmp in out
	done
}

@test "55: a field of 100 MB in quotes, read through a pipe" {
	plain
	for program in $FILTERS; do
		{ printf 'a,b\n1,"'; field 100000000; printf '"\n2,3\n'; } |
			"$BIN/tests/peak" kib "$BIN/$program" \
			"$(all_of "$program")" --max-record 256M | cksum >sum
		[ "$(cat sum)" = "$({ printf 'a,b\n1,"'; field 100000000; printf '"\n2,3\n'; } | cksum)" ]
		[ "$(cat kib)" -lt 220000 ]
	done
}

@test "56: a record of exactly the limit, and one byte more" {
	each 'a,b\n1,23\n4,5\r\n"6",\n' 0 = '' --max-record 4
	each 'a,b\n1,23\n4,567\n' 1 'a,b\n1,23\n' \
		'@: stdin:3: record 2, byte 9: record exceeds 4 bytes; --max-record sets the limit\n' \
		--max-record 4
	each 'a,b\n1,23\n4,567' 1 'a,b\n1,23\n' \
		'@: stdin:3: record 2, byte 9: record exceeds 4 bytes; --max-record sets the limit\n' \
		--max-record 4
	each 'a,b\n1,23' 0 'a,b\n1,23\n' '' --max-record 4
	each 'a,b\n1,"3\n' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 6: record exceeds 4 bytes; a quote opened at line 2 may be unclosed; --max-record sets the limit\n' \
		--max-record 4
}

@test "56: the default limit, to the byte" {
	{ printf 'a\n'; field 16777216; printf '\n'; } >in
	for program in $FILTERS; do
		all "$program" <in >out
		cmp in out
	done
	{ printf 'a\n'; field 16777217; printf '\n'; } >in
	for program in $FILTERS; do
		got=0
		all "$program" <in >out 2>err || got=$?
		ends "$got" 1 'a\n' '@: stdin:2: record 1, byte 2: record exceeds 16777216 bytes; --max-record sets the limit\n'
	done
}

@test "57: 100,000 columns" {
	seq -s, 100000 >in
	head -c 100000 /dev/zero | tr '\0' , | head -c 99999 >>in
	echo >>in
	for program in $FILTERS; do
		all "$program" <in >out
		same in out
	done
	"$BIN/csvcut" -c @100000,@1,99999 <in >out
	like out '100000,1,99999\n,,\n'
	"$BIN/csvfilter" '@100000 == 1' <in >out
	head -n 1 in | cmp - out
	"$BIN/csvmap" 'x = @100000 ++ "y"' <in >out
	[ "$(tail -n 1 out | tail -c 4)" = ',,y' ]
	"$BIN/csvcut" -n <in | tail -n 1 >out
	like out '100000: 100000\n'
}

# shellcheck disable=SC2094
@test "57: 10 million empty fields, in linear time" {
	plain
	head -c 10000000 /dev/zero | tr '\0' , >commas
	{ cat commas; echo; cat commas; echo; } >in
	timeout 20 "$BIN/csvcut" -c '*' <in | cmp - in
	timeout 20 "$BIN/csvcut" -c 5000000-,1 <in | wc -c >out
	like out '10000006\n'
	head -c 1000000 commas >some
	{ cat some; echo; cat some; echo; } >in
	for program in $FILTERS; do
		timeout 20 "$BIN/$program" "$(all_of "$program")" <in | cmp - in
	done
}

@test "58, 59: more than 4 GiB, and offsets beyond" {
	plain
	long=$(field 65535)
	{ printf 'a\n'; yes "$long" | head -n 65600; printf '1"2\n"1"2\n'; } |
		"$BIN/csvcut" 2>err | wc -c >out
	like err "csvcut: stdin:65603: record 65602, byte 4299161609: '2' after a closing quote\n"
	like out '4299161606\n'
}

@test "61: a field of quotes doubles" {
	"$BIN/csvmap" --names a 'a = a ++ ""' <<-END >out
		"$(head -c 600000 /dev/zero | tr '\0' '"')"
	END
	{ printf '"'; head -c 600000 /dev/zero | tr '\0' '"'; printf '"\n'; } | cmp - out
}

@test "181, 182: no byte of data or of a name controls a terminal" {
	printf 'a,b\n1\n' >$'x\e[31m\n'
	each '' 1 'a,b\n' '@: x\\x1b[31m\\x0a:2: record 1 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' $'x\e[31m\n'
	one 'a\n1\n' 2 '' '@: no column matches "\\x1b[2J\\x0a"; the header has 1 column: "a"\n' \
		csvcut -c $'\e[2J\n'
	each 'a,b\n"1"\x1b2,3\n' 1 'a,b\n' "@: stdin:2: record 1, byte 7: '\\\\x1b' after a closing quote\n"
}

@test "218: names are shown as they are, but for what fools a terminal" {
	one 'größe,中文\n1,2\n' 2 '' '@: no column "grösse"; did you mean "größe"?\n' \
		csvcut -c grösse
	one 'größe,b\n1,2\n' 2 '' "@: 1: no column 'grösse'; did you mean {größe}?\ngrösse > 1\n^\n" \
		csvfilter 'grösse > 1'
	one '' 3 '' '@: größe.csv: No such file or directory\n' csvcut -c 1 größe.csv
	# a C1 control, right-to-left override, zero width, no UTF-8
	one 'a\n1\n' 2 '' '@: no column "\\xc2\\x9b\\xe2\\x80\\xaegnp\\xe2\\x80\\x8b\\xe9"; the header has 1 column: "a"\n' \
		csvcut -c $'\xc2\x9b\xe2\x80\xaegnp\xe2\x80\x8b\xe9'
	one 'a\n1\n' 2 '' "@: 6: unexpected '\\\\xe2\\\\x80\\\\xae'\na > 1 \n     ^\n" \
		csvfilter $'a > 1\xe2\x80\xae'
}

@test "218: no cut of a name or of a message is inside a character" {
	local name message n
	# 39 bytes and one of two
	name=$(printf 'x%.0s' {1..39})é
	one 'a\n1\n' 2 '' "@: no column \"${name%é}...\"; the header has 1 column: \"a\"\n" csvcut -c "$name"
	for n in {460..475}; do
		name=$(printf '%*s' "$n" '' | tr ' ' /)é$(printf '€%.0s' {1..30})
		message=$("$BIN/csvcut" -c 1 "$name" 2>&1 <<<'' | tail -n 1)
		printf '%s' "$message" | iconv -f UTF-8 -t UTF-8 >/dev/null
		(($(printf "%s" "$message" | wc -c) <= 511))
		[[ $message == *... ]]
	done
}

@test "182: a message is one line of at most 512 bytes, in one write" {
	traced
	name=$(field 2000)
	put 'a,b\n1\n'
	for program in $FILTERS; do
		for args in "$name" "--expect-header=$name" "--rejects=$name" "--d$name"; do
			strace -o trace -e trace=write "$BIN/$program" \
				"$(all_of "$program")" "$args" <in >out 2>err || true
			[ "$(wc -l <err)" = 1 ]
			[ "$(wc -c <err)" -le 512 ]
			[ "$(grep -c '^write(2, ' trace)" = 1 ]
		done
	done
	"$BIN/csvcut" -c "$name" <in 2>err || true
	[ "$(wc -l <err)" = 1 ] && [ "$(wc -c <err)" -le 512 ]
}

@test "200: a format of printf in data is only data" {
	each 'a,b\n"1"%n%s,2\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 7: '%' after a closing quote\n"
	one 'a\n1\n' 2 '' '@: no column "%n%s%99999d"; the header has 1 column: "a"\n' \
		csvcut -c '%n%s%99999d'
	each '' 3 '' '@: %n%s: No such file or directory\n' '%n%s'
	one 'a\n%n%s\n' 0 'a,c\n%n%s,%n%s\n' '' csvmap 'c = a'
}

# filled N COMMAND [ARG]...: with little room for arguments and environment,
# and N bytes of it taken.
filled() {
	FILL=$(field "$1") bash -c 'ulimit -s 512 && exec "$0" "$@"' "${@:2}" \
		<in >out 2>err
}

@test "116: no room for the arguments and environment of a command" {
	plain
	put 'a\n1\n2\n'
	for program in 'csvbatch -n2' 'csvpar -j1'; do
		# the most with which it starts itself; by a short name, which
		# takes less than what its command is told
		ln -sf "$BIN/${program% *}" p
		most=100000 more=131072
		while [ $((more - most)) -gt 1 ]; do
			half=$(((most + more) / 2)) got=0
			filled $half ./p "${program#* }" -- cat || got=$?
			[ $got != 126 ] && most=$half || more=$half
		done
		got=0
		filled $most ./p "${program#* }" -- cat || got=$?
		cat err
		[ $got = 2 ]
		grep -F 'cat: Argument list too long (with the environment' err
		[ "$(wc -l <err)" = 1 ]
		[ ! -s out ]
	done
}

@test "180: a formula passes" {
	each 'a,b\n=cmd|calc,-5\n@x,+1\n' 0 = ''
}

# starve PROGRAM [ARG]...: whichever allocation fails, once or from then on,
# it ends with 3 and has written whole records, or it did without.
starve() {
	local done=0 got n once
	"$BIN/$1" "${@:2}" <in >want
	for n in $(seq 1 90); do
		for once in '' 1; do
			got=0
			env LD_PRELOAD="$PWD/nomem.so" NOMEM_AFTER="$n" \
				${once:+NOMEM_ONCE=1} "$BIN/$1" "${@:2}" \
				<in >out 2>err || got=$?
			cmp -n "$(stat -c %s out)" want out
			[ ! -s out ] || [ -z "$(tail -c 1 out)" ]
			[ $got != 0 ] || { done=1 && same want out && continue; }
			echo "$1: allocation $n: status $got"
			[ $got = 3 ]
			like err "$1: out of memory\n"
		done
	done
	[ $done = 1 ]
}

@test "186: memory fails at any allocation: exit 3, and what was written is whole" {
	plain
	cc=${CC:-cc}
	command -v "$cc" >/dev/null || skip "no $cc"
	"$cc" -shared -fPIC -o nomem.so "$BATS_TEST_DIRNAME/preload/nomem.c"
	"$PARKING" -n 50 -q 300 -o 100 >in
	starve csvcut -c 'x=Plate ID,*' --rejects bad
	starve csvfilter '{Vehicle Make} =~ /^F[a-z]*/i || {Plate ID} in ("x", "y")'
	starve csvmap 'c = sub({Plate ID}, /A+/, "x"); d = date({Issue Date}) ?? missing'
}

@test "202: an address space that is too small: exit 3 with a message, or whole" {
	plain
	"$PARKING" 2M >in
	for program in $FILTERS; do
		for kib in 3000 4000 5000 6000 8000 16000; do
			got=0
			(ulimit -v $kib && exec "$BIN/$program" "$(all_of "$program")" <in >out 2>err) || got=$?
			case $got in
			0) same in out ;;
			3) like err "$program: out of memory\n" ;;
			127 | 139) grep -q 'shared lib\|mapping' err || [ $kib -lt 6000 ] ;;
			*) false ;;
			esac
		done
	done
}

@test "196, 197: nothing is created that was not asked for" {
	traced
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		strace -o trace -e trace=openat,open,creat,mkdir,unlink,rename \
			"$BIN/$program" "$(all_of "$program")" <in >out
		if grep 'O_CREAT\|^unlink\|^rename\|^mkdir' trace; then
			return 1
		fi
	done
}

# refused SAYS PROGRAM: csvfilter's first line of complaint.
refused() {
	local got=0
	timeout 5 "$BIN/csvfilter" "$2" <in >out 2>err || got=$?
	[ "$got" = 2 ]
	[ "$(head -n 1 err)" = "csvfilter: $1" ]
	[ ! -s out ]
}

# fill N TEXT: TEXT so many times.
fill() {
	local text
	printf -v text '%*s' "$1" ''
	printf '%s' "${text// /"$2"}"
}

@test "187, 188: an expression that is nested too deep, or too long" {
	put 'a\n1\n'
	refused '201: nested deeper than 200 levels' "$(fill 1000 '(')"
	refused '200: nested deeper than 200 levels' "$(fill 1000 '!')true"
	refused '998: nested deeper than 200 levels' "$(fill 5000 'a ?? ')1"
	refused '1: the program is longer than 64 KiB' "$(fill 66000 ' ')true"
	timeout 5 "$BIN/csvfilter" "$(fill 4000 'a == 1 && ')true" <in >out
	same in out
}

@test "34: text in an expression is UTF-8" {
	put 'a\n1\n'
	refused '7: this is not UTF-8; a byte is written \xHH' $'a == "\xff"'
	refused '7: this is not UTF-8; a byte is written \xHH' $'a == "\xed\xa0\x80"'
	refused '7: no such character; say \xHH or \u{H..}' 'a == "\u{d800}"'
}

@test "190, 191: a regular expression that is too large" {
	put 'a\naa\n'
	timeout 5 "$BIN/csvfilter" 'a =~ /a{1,32767}/' <in >out
	same in out
	refused '6: regular expression is too large' 'a =~ /((a{1,100}){1,100}){1,100}/'
	refused '6: parentheses are too deeply nested' "a =~ /$(fill 20000 '(')/"
}

@test "189, 192, 194: a match that takes too long is an error, not a no" {
	one "a\n$(field 34)b\n" 1 'a\n' \
		'@: stdin:2: the regular expression takes too long, at 3 in the expression; simplify it or add --on-error=skip\n' \
		csvfilter 'a =~ /^(x+)+$/'
	{ printf 'a\n'; field 1000000; printf '\n'; } >in
	got=0
	timeout 5 "$BIN/csvfilter" 'a =~ /(x|xx)*c/' <in >out 2>err || got=$?
	[ "$got" = 1 ]
	like out 'a\n'
}

@test "193: a regular expression sees NUL and what is no UTF-8" {
	one 'a\nx\0y\n\xffz\n' 0 'a\nx\0y\n' '' csvfilter 'a =~ /^x.y$/'
	one 'a\nx\0y\n\xffz\n' 0 'a\n\xffz\n' '' csvfilter 'a =~ /z$/'
}

@test "178, 183: no program is started" {
	traced
	put 'a\n1\n'
	for program in $FILTERS; do
		strace -f -o trace -e trace=execve,clone,fork,vfork "$BIN/$program" \
			"$(all_of "$program")" <in >out
		[ "$(grep -c 'execve(\|clone\|fork' trace)" = 1 ]
	done
}

@test "a computed cell is no longer than --max-record, nor what it is made of" {
	program=csvmap
	long() {
		got=0
		printf 'a,b\nxxxxxxxxxx,yyyyyyyyyy\n' |
			"$BIN/csvmap" --max-record 25 "$1" >out 2>err || got=$?
		ends "$got" 1 "a,b$2\n" "@: stdin:2: the result is longer than --max-record, at $3 in the expression; raise --max-record or add --on-error=skip|null\n"
	}
	long 'c = a ++ b ++ a' ,c 7
	long 'c = f"{a}{b}{a}"' ,c 5
	long 'c = join("abcdef", a, b)' ,c 5
	long 'c = join_nonempty("abcdef", a, b, "")' ,c 5
	long 'c = replace(a, "x", "abc")' ,c 5
	long 'c = gsub(a, /x/, "abc")' ,c 5
	long 'c = gsub(a, /x/, "\0\0\0")' ,c 5
	long 'c = sub(a, /x/, "12345678901234567")' ,c 5
	long 'c = gsub(a, /\b|x/, a)' ,c 5
	long 'c = rpad(a, 26)' ,c 5
	long 'c = lpad(a, 14, "\u{1F600}")' ,c 5
	long 'c = json(replace(a, "x", "\x01"))' ,c 5
	long 'c = fixed(1, 30)' ,c 5
	long 'c = format("%30.2f", 1)' ,c 5
	long 'c = strftime("2024-05-01", "%A %A %A %A")' ,c 5
	long 'c = len(a ++ b ++ a)' ,c 11
	long 'let d = a ++ b; a = "z" ++ len(d ++ d)' '' 34
	printf 'a\nxxxxxxxxxx\n' | "$BIN/csvmap" --max-record 25 \
		'b = a ++ "abcde12345abcde"; c = gsub(a, /x/, "ab") ++ "abcde";
		d = join("abcde", a, a); e = a ++ a ++ a ?? "long"' >out
	like out 'a,b,c,d,e\nxxxxxxxxxx,xxxxxxxxxxabcde12345abcde,abababababababababababcde,xxxxxxxxxxabcdexxxxxxxxxx,long\n'
	printf 'a\n1\n' | "$BIN/csvfilter" --max-record 5 'a ++ "12345" == "x" && a == 2' >out
	like out 'a\n'
}

@test "three gsub inside one another do not take all memory" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	{ printf 'a\n'; head -c 100000 /dev/zero | tr '\0' x; printf '\n'; } >in
	got=0
	"$BIN/tests/peak" kib "$BIN/csvmap" --on-error=skip \
		'x = gsub(gsub(gsub(a, /x/, "xxxxxxxxxxxxxxxxxxxx"), /x/, "xxxxxxxxxxxxxxxxxxxx"), /x/, "xxxxxxxxxxxxxxxxxxxx")' \
		<in >out 2>err || got=$?
	[ "$got" -eq 0 ] && [ "$(cat kib)" -lt 150000 ]
	grep -q '1 skipped: longer than --max-record' err
}
