#!/usr/bin/env bats
# csvmap: its own options, and what it leaves alone.

load helper

table='a,b,c\n1,"x ""y""",\n2,"","z,w"\n'

@test "columns that are not assigned leave as they came" {
	one "$table" 0 'a,b,c,d\n1,"x ""y""",,1\n2,"","z,w",2\n' '' csvmap 'd = a'
	one "$table" 0 'a,b,c\n10,"x ""y""",\n20,"","z,w"\n' '' csvmap 'a = a * 10'
	one "$table" 0 'a,b,c\n1,k,\n2,k,"z,w"\n' '' csvmap 'b = "k"'
	one "$table" 0 = '' csvmap ''
	one "$table" 0 = '' csvmap 'let t = num(a)'
	one "$table" 0 = '' csvmap '# nothing'
}

@test "a computed value is quoted where it must be, and only there" {
	one 'a\n1\n' 0 'a,b,c,d,e,f\n1,"x,y","p""q","l\nm", n ,\n' '' \
		csvmap 'b = "x,y"; c = "p\"q"; d = "l\nm"; e = " n "; f = missing'
	one 'a\n1\n' 0 'a,"n,m"\n1,2\n' '' csvmap '{n,m} = 2'
	one "a;b\n1;'x;y'\n" 0 "a;b;c\n1;'x;y';'x;y.'\n" '' \
		csvmap -d ';' -q "'" 'c = b ++ "."'
	one 'a.b\n1.2\n' 0 'a.b.c\n1.2."1.5"\n' '' csvmap -d . 'c = a + b / 4'
	one 'a-b\n1-2\n' 0 'a-b-c\n1-2-"-1"\n' '' csvmap -d - 'c = a - b'
}

@test "a computed value of any length is quoted for a byte at any place" {
	local d="$BATS_TEST_TMPDIR"

	awk 'function field(v, m) {
		if (m == "\"") gsub(m, "\"\"", v)
		return m == "" ? v : "\"" v "\""
	}
	function row(v, m) { print field(v, m) "," field(v "z", m) }
	BEGIN {
		split(",|\"|\r|\n", mark, "|")
		print "v,w"
		for (n = 1; n < 40; n++) {
			v = substr("abcdefghijklmnopqrstuvwxyz.-;+!()[]/:<=>?", 1, n)
			row(v, "")
			for (i = 1; i <= n; i++)
				for (k = 1; k <= 4; k++)
					row(substr(v, 1, i - 1) mark[k] substr(v, i + 1), mark[k])
		}
	}' >"$d/want"
	"$BIN/csvcut" -c v "$d/want" | "$BIN/csvmap" 'w = v ++ "z"' | cmp - "$d/want"
	"$BIN/csvcut" -c v "$d/want" | "$BIN/csvmap" --only 'v = v; w = v ++ "z"' |
		cmp - "$d/want"
}

@test "a column that is assigned its own cell, or another's" {
	one "$table" 0 'a,b,c\n1,"x ""y""",\n2,,"z,w"\n' '' csvmap 'b = b'
	one 'a,b\n1,2\n' 0 'a,b\n2,2\n' '' csvmap 'a = b; b = a'
}

@test "drop and rename" {
	one "$table" 0 'a,c\n1,\n2,"z,w"\n' '' csvmap 'drop b'
	one "$table" 0 'c\n""\n"z,w"\n' '' csvmap 'drop a, b'
	one "$table" 0 'a,"b,2",c\n1,"x ""y""",\n2,"","z,w"\n' '' csvmap 'rename b as {b,2}'
	one "$table" 2 '' '@: no column is left\n' csvmap 'drop a, b, c'
	one 'a,b\n1,2\n' 0 'b,s\n2,3\n' '' csvmap 'drop a; s = a + b'
}

@test "--only writes the assigned columns, in the order of assignment" {
	one "$table" 0 'd,a\n2,1\n3,2\n' '' csvmap --only 'd = a + 1; a = a'
	one "$table" 2 '' '@: no column is left\n' csvmap --only ''
	one 'a,b\n1,\n' 0 'b\n""\n' '' csvmap --only 'b = b'
}

@test "--replace-only makes a new name an error" {
	one 'a,b\n1,2\n' 0 'a,b\n3,2\n' '' csvmap --replace-only 'a = a + b'
	one 'a,b\n1,2\n' 2 '' "@: 1: no column 'x'; the header has 2 columns: {a}, {b}\nx = a\n^\n" \
		csvmap --replace-only 'x = a'
}

@test "several -e and -f are one program" {
	put 'a\n1\n'
	cp in file
	printf 'c = b + 1;\n' >program
	one '' 0 'a,b,c\n1,2,3\n' '' csvmap -e 'b = a + 1' -f program file
	one '' 0 'a,b\n1,2\n' '' csvmap -e 'b = a + 1;' file
}

@test "a new name that differs from another only by case or blanks is told" {
	one 'a,b \n1,2\n' 0 'a,b ,A,B\n1,2,3,4\n' \
		'@: new column "A"; there is "a" already\n@: new column "B"; there is "b " already\n' \
		csvmap 'A = 3; B = 4'
	one 'a\n1\n' 0 'a,x,X\n1,1,2\n' '@: new column "X"; there is "x" already\n' \
		csvmap 'x = a; X = 2'
	one 'a,b\n1,2\n' 0 'b,A\n2,1\n' '' csvmap 'A = a; drop a'
	one 'a,b\n1,2\n' 0 'x,b,A\n1,2,3\n' '' csvmap 'rename a as x; A = 3'
	one 'a,b\n1,2\n' 0 'A,b,a \n1,2,3\n' '@: new column "a "; there is "A" already\n' \
		csvmap 'rename a as A; {a } = 3'
}

@test "--on-error: fail, skip, null" {
	one 'a\n1\nx\n3\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: column 1 "a": "x" is not a number, at 5 in the expression; add ?? DEFAULT or --on-error=skip|null\n' \
		csvmap 'b = a + 1'
	one 'a\n1\nx\n3\n' 0 'a,b\n1,2\n3,4\n' '@: 1 skipped: not a number\n' \
		csvmap --on-error=skip 'b = a + 1'
	one 'a\n1\nx\n3\n' 0 'a,b\n1,2\nx,\n3,4\n' '@: 1 taken as missing: not a number\n' \
		csvmap --on-error=null 'b = a + 1'
	one 'a\n1\nx\n3\n' 0 'a,b\n1,2\nx,0\n3,4\n' '' csvmap 'b = a + 1 ?? 0'
}

@test "with -H columns are numbers, and no header is written" {
	one '1,2\n3,4\n' 0 '1,2,3\n3,4,7\n' '' csvmap -H 'x = @1 + @2'
	one '1,2\n3,4\n' 0 '2,2\n4,4\n' '' csvmap -H '@1 = @2'
	one '1,2\n3,4\n' 0 '2\n4\n' '' csvmap -H 'drop @1'
}

@test "a computed column on CRLF, CR and no line end at the end" {
	one 'a\r\n1\r\n2' 0 'a,b\r\n1,x\r\n2,x\r\n' '' csvmap 'b = "x"'
	one 'a\r1\r2' 0 'a,b\r1,x\r2,x\r' '' csvmap 'b = "x"'
	one 'a\n1\r\n2\n' 0 'a,b\n1,x\r\n2,x\n' '' csvmap 'b = "x"'
}

@test "the examples of the first page" {
	one 'House Number,Street Name,Registration State\n12,"Main, N",NJ\n' 0 \
		'address\n"12, Main, N, NJ"\n' '' \
		csvmap --only 'address = f"{House Number}, {Street Name}, {Registration State}"'
	one 'Vehicle Expiration Date,Issue Date\n20180630.0,2017-06-14T00:00:00.000\n88888888.0,2017-06-14T00:00:00.000\n20180630.0,2017-02-30T00:00:00.000\n,2017-06-14T00:00:00.000\n' 0 \
		'days\n381\n-1\n-1\n-1\n' '' \
		csvmap --only 'days = date({Vehicle Expiration Date}, "%Y%m%d.0", "%Y%m%d") - date({Issue Date}) ?? -1'
	one 'a\n.5\n' 0 'a\n0.500000000000000\n' '' csvmap 'a = format("%.15f", a)'
}

@test "215: a computed cell that PostgreSQL takes for the end of data is quoted" {
	one 'a\nx\n' 0 'a\n"\\."\n' '' csvmap 'a = "\\."'
	one 'a,b\n\\.,x\n' 0 'a,b,c\n\\.,x,"\\."\n' '' csvmap 'c = a'
	one 'a\nx\n' 0 'a\n\\.x\n' '' csvmap 'a = "\\.x"'
}

@test "prev: of the record written last, whatever became of those between" {
	local t='a\n1\nx\n2\n'
	one "$t" 0 'p,n\n,1\n1,2\n' '@: 1 skipped: not a number\n' \
		csvmap --only --on-error=skip 'p = prev(n); n = num(a)'
	one "$t" 0 'p,n\n,1\n1,\n,2\n' '@: 1 taken as missing: not a number\n' \
		csvmap --only --on-error=null 'p = prev(n); n = num(a)'
	one "$t" 0 'p,n\n,1\n1,2\n' '@: 1 record rejected, see no\n' \
		csvmap --only --rejects no 'p = prev(n); n = num(a)'
	one 'a,b\n1,2\n3\n4,5\n' 0 'a,b,p\n1,2,\n4,5,1\n' \
		'@: 1 record rejected, see no\n' \
		csvmap --rejects no 'p = prev(a)'
	one 'a,b\n1,2\n3\n4,5\n' 0 'a,b,p\n1,2,\n3,,1\n4,5,3\n' '' \
		csvmap --ragged=pad 'p = prev(a)'
}

@test "prev: over the border of files, under -H, with the names of --names" {
	printf 'a\n1\n2\n' >one
	printf 'a\n3\n' >two
	printf 'a,p\n1,\n2,1\n3,2\n' >want
	"$BIN/csvmap" 'p = prev(a)' one two >out
	same want out
	one '1,x\n2,x\n' 0 '1,\n2,1\n' '' csvmap -H '@2 = prev(@1)'
	one '1\n2\n' 0 '1,\n2,1\n' '' csvmap --names a 'p = prev(a)'
}

@test "prev: a cell of many bytes, and one in quotes" {
	local long
	long=$(head -c 200000 /dev/zero | tr '\0' x)
	one "a\n\"$long\"\n\"q\"\"\"\n1\n" 0 \
		"a,p\n\"$long\",\n\"q\"\"\",$long\n1,\"q\"\"\"\n" '' \
		csvmap 'p = prev(a)'
}

@test "prev: a worker of csvpar knows its own records, a block none" {
	printf 'a\n1\n2\n' >in
	printf 'a,p\n1,\n2,1\n' >want
	"$BIN/csvpar" -p -j 1 -- "$BIN/csvmap" 'p = prev(a)' <in >out
	same want out
	CSVPAR_BLOCK=1 one 'a\n1\n' 2 '' \
		'@: prev(): a block of csvpar does not know the records before it\n' \
		csvmap 'p = prev(a)'
}

@test "206: --table is read as an input is, and what is wrong is said first" {
	local say='"1" stands twice in "k"'
	printf '\357\273\277k,v\r\n1,"o\r\nne"\r\n\r\n2,two\r\n' >t
	one 'a;b\n1;2\n' 0 'a;b;x\n1;2;"o\r\nne"\n' '' \
		csvmap -d ';' --table t=t 'x = lookup(@t, a, "v")'
	one 'a;b\n2;2\n' 0 'a;b;x\n2;2;two\n' '' \
		csvmap -d ';' --table t=t 'x = lookup(@t, a, "v")'
	printf 'k,v\n1,"a\nb"\n\n2,x\n1,y\n' >t
	one 'a\n1\n' 1 '' "@: t:6: $say\n" \
		csvmap --table t=t 'x = lookup(@t, a, "v")'
	one 'a\n1\n' 0 'a,x\n1,2\n' '' csvmap --table t=t 'x = lookup(@t, "x", "k", "v")'
	one 'a\n1\n' 1 '' "@: t:6: $say\n" csvmap --table t=t 'x = a in @t'
	printf 'k,v\n1,x\n2\n' >t
	one 'a\n1\n' 1 '' \
		'@: t:3: record 2 has 1 field, the header has 2\n' \
		csvmap --table t=t 'x = 1'
	: >t
	one 'a\n1\n' 1 '' '@: t: a table needs a header\n' \
		csvmap --table t=t 'x = 1'
	one 'a\n1\n' 3 '' '@: none: No such file or directory\n' \
		csvmap --table t=none 'x = 1'
	one 'a\n1\n' 2 '' '@: --table: needs NAME=FILE\n' \
		csvmap --table none 'x = 1'
	one 'a\n1\n' 2 '' '@: @t is a table, and cannot be given twice\n' \
		csvmap --table t=t --set t=t 'x = 1'
	printf 'k\0' | gzip >t
	run "$BIN/csvmap" --table t=t 'x = a in @t' <in
	[ "$status" = 1 ]
	case $output in *gzip*) ;; *) false ;; esac
}

@test "a bad record among many: its place, and those behind it" {
	local write='{ bad = $1 ~ /^(1|2|64|65|130|200|399|400)$/
		line = $1 + 1 + int(($1 - 1) / 50)
		b = $1 % 50 == 0 ? "\"q\nr\"" : $1 }'
	seq 400 | awk "$write"' BEGIN { print "a,b" }
		{ print (bad ? "x" : $1) "," b }' >in
	seq 400 | awk "$write"' BEGIN { print "a,b,x,p" }
		!bad { print $1 "," b "," $1 ":" line "," $1 * 2 }' >want
	seq 400 | awk "$write"' BEGIN { print "record,line" }
		bad { print $1 "," line }' >places
	"$BIN/csvcut" -c a,b,p <want >less
	for option in --on-error=skip --rejects=bad; do
		"$BIN/csvmap" $option \
			'x = row() ++ ":" ++ line(); p = num(a) * 2' <in >out
		same want out
		"$BIN/csvmap" $option 'p = num(a) * 2' <in >out
		same less out
	done
	"$BIN/csvcut" -c record,line bad >out
	same places out
}
