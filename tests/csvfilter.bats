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

@test "--first keeps the first record of each content" {
	local t='a,b\n1,x\n"1",y\n,x\n2,"x"\n"",z\n"2 ""q",x\n'
	one "$t" 0 'a,b\n1,x\n,x\n2,"x"\n"2 ""q",x\n' '' \
		csvfilter true --first a
	one "$t" 0 'a,b\n1,x\n"1",y\n"",z\n' '' csvfilter true --first b
	one "$t" 0 = '' csvfilter true --first a,b
	one "$t" 0 = '' csvfilter true --first '*'
	one "$t" 0 'a,b\n"1",y\n2,"x"\n' '' csvfilter --first @2 -v \
		'a == missing or b == "x" and a == 1'
	one "$t" 0 'a,b\n1,x\n,x\n' '' csvfilter true --first a --limit 2
	one "$t" 0 '4\n' '' csvfilter true --first a --count
	one '' 0 '' '' csvfilter true --first a
	one 'a;b\r\n1;\x27x\x27\r\n1;x\r\n' 0 \
		'a;b\r\n1;\x27x\x27\r\n' '' \
		csvfilter -d ';' -q "'" true --first b
	one '1,x\n2,x\n' 0 '1,x\n' '' csvfilter -H true --first 2
}

@test "--first with several columns keeps their borders apart" {
	one 'a,b,c\nx,yz,1\nxy,z,1\n,xyz,1\nxyz,,1\n' 0 = '' \
		csvfilter true --first a,b,c
	one 'a,b\n1\n1,\n1,2\n' 0 'a,b\n1\n1,2\n' '' \
		csvfilter true --ragged=pass --first a,b
}

@test "--first beside an expression that looks at other columns" {
	"$PARKING" -n 20000 -q 100 >in
	"$BIN/csvfilter" '{Vehicle Make} == "FORD"' in |
		"$BIN/csvfilter" true --first 'Street Name' >want
	[ "$(wc -l <want)" -gt 50 ]
	"$BIN/csvfilter" '{Vehicle Make} == "FORD"' --first 'Street Name' in >out
	same want out
}

@test "--count --by writes values and counts" {
	local t='a,b\n1,x\n"1",y\n,x\n2,"x"\n'
	one "$t" 0 'a,count\n1,2\n,1\n2,1\n' '' csvfilter true --count --by a
	one "$t" 0 'b,count\nx,3\ny,1\n' '' csvfilter true --by b --count
	one "$t" 0 'b,a,count\nx,1,1\ny,1,1\nx,,1\nx,2,1\n' '' \
		csvfilter true --count --by b,a
	one "$t" 0 'b,count\nx,2\n' '' csvfilter 'a != 1' --count --by b
	one "$t" 0 'b,count\nx,1\ny,1\n' '' \
		csvfilter true --limit 2 --count --by b
	one "$t" 0 'b,count\nx,2\n' '' \
		csvfilter 'b == "x"' --count --by b --first a -o - --limit 2
	one 'a,b\n' 0 'a,count\n' '' csvfilter true --count --by a
	one '' 0 '' '' csvfilter true --count --by a
	one '1,x\r\n2,x\r\n' 0 'x,2\n' '' csvfilter -H true --count --by @2
	one '"a, b"\n"1, 2"\n"""q"\n' 0 '"a, b",count\n"1, 2",1\n"""q",1\n' \
		'' csvfilter true --count --by @1
	one 'a,b\n1,x\n2\n' 1 '' \
		'@: stdin:3: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' \
		csvfilter true --count --by a
}

@test "--first and --by: what is no good is said before the first record" {
	local block='--first: a block of csvpar does not know the records before it'
	one "$table" 2 '' \
		'@: no column "x"; the header has 2 columns: "n", "s"\n' \
		csvfilter true --first x
	one "$table" 2 '' '@: --first and --by give no new names\n' \
		csvfilter true --first x=n
	one "$table" 2 '' '@: --first and --by give no new names\n' \
		csvfilter true --count --by x=n
	one "$table" 2 '' '@: --by is for --count\n' csvfilter true --by n
	CSVPAR_BLOCK=1 one "$table" 2 '' "@: $block\n" csvfilter true --first n
	CSVPAR_BLOCK=1 one "$table" 2 '' "@: --count --by${block#--first}\n" \
		csvfilter true --count --by n
	run "$BIN/csvfilter" true --first n,,s <in
	[ "$status" = 2 ]
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
	one 'a\n1\n2\n1\n' 0 'a\n1\n2\n' '' csvfilter --first a
	one 'a\n1\n2\n1\n' 0 'a,count\n1,2\n2,1\n' '' csvfilter --count --by a
	one "$table" 2 '' '@: 1: there is no expression\n\n^\n' csvfilter ''
	one "$table" 2 '' '@: 1: needs true or false, got text; say s != ""\ns\n^\n' csvfilter s
}

@test "a file in the place of the expression" {
	put "$table"
	cp in in.csv
	one '' 2 '' '@: in.csv is a file, and the expression comes first; true passes every record\n' \
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

@test "prev: of the record read last, kept or not, unless it was dropped" {
	one 'a\n1\n1\n2\n1\n' 0 'a\n1\n2\n1\n' '' csvfilter 'a != prev(a)'
	one 'a\n1\n1\n2\n1\n' 0 'a\n1\n' '' csvfilter -v 'a != prev(a)'
	one 'a\n1\n1\n2\n1\n' 0 'a\n1\n2\n' '' \
		csvfilter --limit 2 'a != prev(a)'
	one 'a\n1\n1\n2\n1\n' 0 '3\n' '' csvfilter --count 'a != prev(a)'
	one 'a\n1\nx\n1\n2\n' 0 'a\n1\n2\n' '@: 1 skipped: not a number\n' \
		csvfilter --on-error=skip 'num(a) > 0 && a != prev(a)'
	one 'a\n1\nx\n1\n2\n' 0 'a\n1\n2\n' '@: 1 record rejected, see no\n' \
		csvfilter --rejects no 'num(a) > 0 && a != prev(a)'
	one 'a,b\n1,2\n3\n1,5\n' 0 'a,b\n1,2\n' '@: 1 record rejected, see no\n' \
		csvfilter --rejects no 'a != prev(a)'
	one 'a,b\n1,2\n3\n3,5\n' 0 'a,b\n1,2\n3\n' '' \
		csvfilter --ragged=pass 'a != prev(a)'
}

@test "prev beside a comparison by which records are passed over at once" {
	"$PARKING" -n 20000 -q 100 >in
	"$BIN/csvmap" 'p = prev({Vehicle Make})' in |
		"$BIN/csvfilter" '{Vehicle Make} == "FORD" && p == "HONDA"' |
		"$BIN/csvcut" -C p >want
	[ "$(wc -l <want)" -gt 20 ]
	"$BIN/csvfilter" '{Vehicle Make} == "FORD" &&
		prev({Vehicle Make}) == "HONDA"' in >out
	same want out
	CSVPAR_BLOCK=1 one "$table" 2 '' \
		'@: prev(): a block of csvpar does not know the records before it\n' \
		csvfilter 'n != prev(n)'
}
