#!/usr/bin/env bats
# csvfilter: its own options.  The language has tests of its own.

load helper

table='n,s\n1,a\n2,"b"\n3,\n'

@test "the kept records leave as they came" {
	one "$table" 0 'n,s\n2,"b"\n3,\n' '' csvfilter 'n > 1'
	one "$table" 0 'n,s\n2,"b"\n' '' csvfilter 's == "b"'
	one "$table" 0 'n,s\n' '' csvfilter 'n > 9'
	one "$table" 0 = '' csvfilter 'n == n or true'
}

@test "-v keeps the others: both together are the input" {
	one "$table" 0 'n,s\n1,a\n' '' csvfilter -v 'n > 1'
	one "$table" 0 'n,s\n1,a\n' '' csvfilter 'n > 1' --invert-match
	"$PARKING" -n 2000 -q 100 >in
	"$BIN/csvfilter" '{Vehicle Make} < "H"' in >yes
	"$BIN/csvfilter" -v '{Vehicle Make} < "H"' in >no
	[ "$(wc -l <yes)" -gt 100 ] && [ "$(wc -l <no)" -gt 100 ]
	{ cat yes; tail -n +2 no; } | sort >out
	sort in >sorted
	same sorted out
}

@test "--limit stops after so many, without reading on" {
	one "$table" 0 'n,s\n2,"b"\n' '' csvfilter --limit 1 'n > 1'
	one "$table" 0 = '' csvfilter --limit 7 true
	one 'n,s\n1,a\n2\n' 0 'n,s\n1,a\n' '' csvfilter --limit 1 true
	mkfifo from
	cat from >/dev/null 3>&- &
	printf 'n\n1\n2\n' >in
	timeout 4 "$BIN/csvfilter" --limit 2 true \
		< <(cat in && exec sleep 5 3>&-) >out
	same in out
	echo >from
}

@test "--count writes a number and nothing else" {
	one "$table" 0 '2\n' '' csvfilter --count 'n > 1'
	one "$table" 0 '1\n' '' csvfilter --count -v 'n > 1'
	one "$table" 0 '0\n' '' csvfilter --count 'n > 9'
	one "$table" 0 '1\n' '' csvfilter --count --limit 1 'n > 1'
	one '' 0 '0\n' '' csvfilter --count true
	one 'n,s\n' 0 '0\n' '' csvfilter --count true
}

@test "--count writes no number that is not the number" {
	one 'n,s\n1,a\n2\n' 1 '' \
		'@: stdin:3: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' csvfilter --count true
	one 'n,s\n1,a\nx,b\n' 1 '' \
		'@: stdin:3: column 1 "n": "x" is not a number, at 1 in the expression; add ?? DEFAULT or --on-error=skip|null\n' \
		csvfilter --count 'num(n) > 0'
}

@test "the program from -e, from several, from -f: then operands are files" {
	put "$table"
	cp in file
	printf 'n > 1\n# a comment\n&& s != ""' >program
	one '' 0 'n,s\n2,"b"\n3,\n' '' csvfilter -e 'n > 1' file
	one '' 0 'n,s\n2,"b"\n' '' csvfilter -f program file
	one '' 0 'n,s\n2,"b"\n' '' csvfilter --file=program -- file
	one '' 0 'n,s\n2,"b"\n' '' csvfilter -e 'n > 1' -e '&& s != ""' file
	one '' 3 '' '@: none: No such file or directory\n' csvfilter -f none
}

@test "a typo shows before the input is opened" {
	one '' 2 '' '@: 5: the expression ends too early\nn ==\n    ^\n' \
		csvfilter 'n ==' none
	mkfifo from
	got=0
	timeout 4 "$BIN/csvfilter" 'n = 1' from >out 2>err || got=$?
	[ "$got" = 2 ]
	like err "csvfilter: 3: unexpected '='; use == to compare\nn = 1\n  ^\n"
}

@test "no expression, an empty one, one that is no yes or no" {
	one "$table" 2 '' '@: the expression is missing; see csvfilter --help\n' csvfilter
	one "$table" 2 '' '@: 1: there is no expression\n\n^\n' csvfilter ''
	one "$table" 2 '' '@: 1: needs true or false, got text; say s != ""\ns\n^\n' csvfilter s
}

@test "a file in the place of the expression" {
	put "$table"
	cp in in.csv
	one '' 2 '' '@: in.csv is a file, and the expression comes first\n' \
		csvfilter in.csv 'n > 1'
	one '' 2 '' '@: ./in.csv is a file, and the expression comes first\n' \
		csvmap ./in.csv 'x = 1'
	one '' 2 '' '@: 1: needs true or false, got text; say in.csv != ""\nin.csv\n^\n' \
		csvfilter -e in.csv
}

@test "--arg and --set give values from outside" {
	printf 'a\r\nx,y\n' >values
	one "$table" 0 'n,s\n2,"b"\n' '' csvfilter --arg v=b 's == arg("v")'
	one "$table" 0 'n,s\n1,a\n' '' csvfilter --set v=values 's in @v'
	one "$table" 2 '' '@: --set: needs NAME=FILE\n' csvfilter --set v 's in @v'
	one "$table" 3 '' '@: none: No such file or directory\n' csvfilter --set v=none 's in @v'
	one "$table" 2 '' "@: --arg needs NAME=VALUE, got 'v'\n" csvfilter --arg v true
}

@test "--na names more spellings of missing" {
	one 'n\n1\nNA\n""\n' 0 'n\nNA\n""\n' '' csvfilter --na NA,N/A 'n == missing'
	one 'n\n1\nNA\n' 0 'n\n1\n' '' csvfilter --na NA 'num(n) > 0'
}

@test "--on-error: fail stops with the place, after what came before" {
	one 'n,s\n5,a\nx,b\n7,c\n' 1 'n,s\n5,a\n' \
		'@: stdin:3: column 1 "n": "x" is not a number, at 1 in the expression; add ?? DEFAULT or --on-error=skip|null\n' \
		csvfilter 'num(n) > 1'
	one 'n,s\n5,a\nx,b\n7,c\n' 1 'n,s\n5,a\n' \
		'@: stdin:3: column 1 "n": "x" is not a number, at 1 in the expression; add ?? DEFAULT or --on-error=skip|null\n' \
		csvfilter --on-error=fail 'num(n) > 1'
}

@test "--on-error: skip and null go on, and say how often" {
	one 'n,s\n5,a\nx,b\n7,c\n' 0 'n,s\n5,a\n7,c\n' \
		'@: 1 skipped: not a number\n' csvfilter --on-error=skip 'num(n) > 1'
	one 'n,s\n5,a\nx,b\n7,c\n' 0 'n,s\n5,a\n7,c\n' \
		'@: 1 taken as missing: not a number\n' csvfilter --on-error=null 'num(n) > 1'
	one 'n\n5\n' 2 '' '@: --on-error: needs fail, skip or null; see @ --help\n' \
		csvfilter --on-error=stop true
}

@test "--explain says how the program is understood, and reads no record" {
	one 'n,s\n1\n' 0 'columns: @1\n==: bool\n  to number\n    @1 {n}: column\n  1: number\n' '' \
		csvfilter --explain 'n == 1'
}
