#!/usr/bin/env bats
# csvcut: its own options.  What all three have in common is in other files.

load helper

table='id,name,dim_x,dim_y,note\n1,"a,b",10,20,\n2,c,30,40,"x"\n'

@test "-c keeps columns in the order given, by name and by position" {
	one "$table" 0 'note,id\n,1\n"x",2\n' '' csvcut -c note,id
	one "$table" 0 'note,id\n,1\n"x",2\n' '' csvcut -c 5,1
	one "$table" 0 'note,id\n,1\n"x",2\n' '' csvcut --columns=@-1,@1
	one "$table" 0 = '' csvcut
}

@test "a name may lack the blanks at its ends, as in expressions" {
	one ' a ,b,3 \n1,2,4\n' 0 'b, a \n2,1\n' '' csvcut -c b,a
	one ' a ,b,3 \n1,2,4\n' 0 'b,3 \n2,4\n' '' csvcut -C a
	one ' a ,b,3 \n1,2,4\n' 0 '3 \n4\n' '' csvcut -c 3
	one '3 ,b,c\n1,2,4\n' 0 'c\n4\n' '' csvcut -c 3
	one ' a ,a\n1,2\n' 0 'a\n2\n' '' csvcut -c a
	one ' a,a \n1,2\n' 2 '' '@: column "a" is ambiguous: 1, 2\n' csvcut -c a
}

@test "-c takes ranges, by position and by name" {
	one "$table" 0 'name,dim_x,dim_y\n"a,b",10,20\nc,30,40\n' '' csvcut -c 2-4
	one "$table" 0 'name,dim_x,dim_y\n"a,b",10,20\nc,30,40\n' '' csvcut -c name-dim_y
	one "$table" 0 'dim_y,note,id,name\n20,,1,"a,b"\n40,"x",2,c\n' '' csvcut -c 4-,-2
}

@test "-c takes globs, and * for all the rest" {
	one "$table" 0 'dim_x,dim_y\n10,20\n30,40\n' '' csvcut -c 'dim_*'
	one "$table" 0 'note,id,name,dim_x,dim_y\n,1,"a,b",10,20\n"x",2,c,30,40\n' '' \
		csvcut -c 'note,*'
	one "$table" 2 '' '@: no column matches "zz*"; the header has 5 columns: "id", "name", "dim_x", "dim_y", "note"\n' \
		csvcut -c 'zz*'
}

@test "-c renames, and quotes a new name that needs it" {
	one "$table" 0 'key,"n,m"\n1,"a,b"\n2,c\n' '' csvcut -c 'key=id,"n,m"=name'
}

@test "-C leaves columns out; an unknown one is an error" {
	one "$table" 0 'id,note\n1,\n2,"x"\n' '' csvcut -C 'name,dim_*'
	one "$table" 0 'note\n""\n"x"\n' '' csvcut -C 1-4
	one "$table" 2 '' '@: no column "nam"; did you mean "name"?\n' csvcut -C nam
	one "$table" 2 '' '@: no column is left\n' csvcut -C '*'
	one "$table" 0 'name\n"a,b"\nc\n' '' csvcut -c id,name -C id
}

@test "-n lists the columns and their numbers, and reads no further" {
	one "$table" 0 '  1: id\n  2: name\n  3: dim_x\n  4: dim_y\n  5: note\n' '' csvcut -n
	one 'a,"b\nc"\n1,2,3,4\n' 0 '  1: a\n  2: b c\n' '' csvcut -n
	one '1,2\n' 0 '  1: x\n  2: y\n' '' csvcut -n --names x,y
	timeout 4 "$BIN/csvcut" -n < <(printf 'a,b\n' && exec sleep 5 3>&-) >out
	like out '  1: a\n  2: b\n'
}

@test "--plain -0: a NUL in a value makes a bad record" {
	one 'a\n"x\0y"\nz\n' 1 '' \
		'@: stdin:2: a value holds NUL, which ends it with -0\n' csvcut --plain -0
}

@test "-x drops records that are empty after the cut" {
	one 'a,b,c\n1,,\n,"",3\n4,x,\n,,\n' 0 'b,c\n"",3\nx,\n' '' csvcut -x -c b,c
	one 'a,b,c\n1,,\n,"",3\n4,x,\n' 0 'b\nx\n' '' csvcut -x -c b
	one 'a,b\n"""",\n" ",\n"","",\n' 1 'a,b\n"""",\n" ",\n' \
		'@: stdin:4: record 3 has 3 fields, the header has 2; --ragged=fit drops the empty fields, --rejects FILE sets it aside\n' csvcut -x
	one 'a,b\n1,2\n"",""\n,\n0,\n' 0 'b,a\n2,1\n,0\n' '' csvcut -x -c b,a
	one 'a,b\n",",\n""",""",\n' 0 = '' csvcut -x
	one 'a\n1\n\n""\n2\n' 0 'a\n1\n2\n' '' csvcut -x
	one "a;b\n'';\n;''\nx;\n" 0 'a;b\nx;\n' '' csvcut -x -d ';' -q "'"
}

@test "-l numbers the records, also over several files" {
	put 'a,b\n5,6\n'
	cp in second
	one 'a,b\n1,2\n3,4\n' 0 'line_number,b\n1,2\n2,4\n3,6\n' '' \
		csvcut -l -c b - second
	one 'a,b\n1,2\nx\n3,4\n' 0 'line_number,a,b\n1,1,2\n3,3,4\n' \
		'@: 1 record rejected, see bad\n' csvcut -l --rejects bad
	one '1,2\n3,4\n' 0 '1,1,2\n2,3,4\n' '' csvcut -l -H
	one 'a;b\n1;2\n' 0 'line_number;a;b\n1;1;2\n' '' csvcut -l -d ';'
	one 'a,b\n,2\n' 0 'line_number,a\n1,\n' '' csvcut -l -c a
}

@test "--plain writes one column's bytes, one value a line" {
	one 'a,b\n1,"x ""y"", z"\n2,\n3,p\r\n' 0 'x "y", z\n\np\n' '' \
		csvcut --plain -c b
	one '1,2\n3,4\n' 0 '2\n4\n' '' csvcut --plain -H -c 2
	one 'a\nx\n' 0 'x\n' '' csvcut --plain
	one 'a,b\n1,2\n' 2 '' '@: --plain writes one column: choose it with -c\n' \
		csvcut --plain
	one 'a,b\n1,2\n' 2 '' '@: --plain writes one column: not with -l\n' \
		csvcut --plain -l -c a
}

@test "with -H columns have numbers only, and no header is written" {
	one '1,2,3\n4,5,6\n' 0 '3,1\n6,4\n' '' csvcut -H -c 3,1
	one '1,2,3\n4,5\n' 1 '1,2,3\n' \
		'@: stdin:2: record 2 has 2 fields, the first record has 3; --ragged=pad fills it up, --rejects FILE sets it aside\n' csvcut -H
	one '1,2\n' 2 '' '@: no column "a"; without a header (-H) columns are @1, @2, ..; --names gives names\n' \
		csvcut -H -c a
}

@test "adjacent columns, overlapping ranges and single ones are put together right" {
	one 'a,b,c,d\n1,2,3,4\n"5",,"7",8\n' 0 \
		'a,b,c,d,d,c,a,b\n1,2,3,4,4,3,1,2\n"5",,"7",8,8,"7","5",\n' '' \
		csvcut -c a,b-c,d,d,c,1-2
}

@test "-D writes another delimiter, and quotes only what needs it" {
	one "a,b\n1,x;y\n\"p,q\",5\" pi\n" 0 'a;b\n1;"x;y"\n"p,q";5" pi\n' '' csvcut -D ';'
	one 'a,b\n1,2\n' 0 '"n;m";b\n1;2\n' '' csvcut -D ';' -c 'n;m=a,b'
	one 'a,b\n,2\n' 0 'a\n""\n' '' csvcut -D ';' -c a
	one 'a;b\n1;"x;y"\n' 0 'a\tb\n1\t"x;y"\n' '' csvcut -d ';' -D '	'
	one 'a,b\n1,2\n' 2 '' '@: -D: the delimiter is the quote\n' csvcut -D '"'
}

@test "--quote=all, --eol and -E" {
	one 'a,b\n1,"x"\n,5"\n' 0 '"a","b"\n"1","x"\n"","5"""\n' '' csvcut --quote=all
	one 'a,b\n1,"x\r\ny"\r\n2,3' 0 'a,b\r\n1,"x\r\ny"\r\n2,3\r\n' '' csvcut --eol=crlf
	one 'a,b\r\n1,"x\r\ny"\r\n' 0 'a,b\n1,"x\r\ny"\n' '' csvcut --eol=lf
	one 'a,b\n1,2\n' 0 '2\n' '' csvcut -E -c b
	one 'a,b\n1,2\n' 0 '"1","1"\n' '' csvcut -Elc a --quote=all
	one 'a\n1\n' 2 '' '@: --quote needs all; see csvcut --help\n' csvcut --quote=some
	one 'a\n1\n' 2 '' '@: --eol needs lf or crlf; see csvcut --help\n' csvcut --eol=cr
}

@test "--to=tsv writes a line a record; --null keeps NULL apart from empty" {
	one 'a,b\n"x\ty","p\nq"\n\\.,"a""b"\n,""\n' 0 \
		'a\tb\nx\\ty\tp\\nq\n\\\\.\ta"b\n\t\n' '' csvcut --to=tsv
	one 'a,b\n,""\n\\N,x\n' 0 'a\tb\n\\N\t\n\\\\N\tx\n' '' csvcut --to=tsv --null '\N'
	one 'a,b\r\n1,2\r\n' 0 'a\tb\n1\t2\n' '' csvcut --to=tsv
	one 'a,b\n,2\n' 0 'a\n\n' '' csvcut --to=tsv -c a
	one 'a,b\n1,-\n2,x\n' 1 'a\tb\n' \
		'@: stdin:2: a value of column 2 is written as -, which --null makes an empty field\n' \
		csvcut --to=tsv --null -
	put 'a,b\n1,-\n2,x\n'
	gives 0 "$BIN/csvcut" --to=tsv --null - -c b --rejects bad in
	like out 'b\nx\n'
	grep -q '^in,1,2,.*--null.*,"1,-"$' bad
}

@test "forms that do not go together are usage errors" {
	one 'a\n1\n' 2 '' '@: -0 goes with --plain\n' csvcut -0
	one 'a\n1\n' 2 '' '@: --plain writes no CSV: not with -D, --quote, --eol or --to\n' \
		csvcut --plain -D ';'
	one 'a\n1\n' 2 '' '@: --null goes with --from=tsv and --to=tsv\n' csvcut --null x
	one 'a\n1\n' 2 '' '@: --null: its text cannot hold a tab or line end\n' csvcut --to=tsv --null '	'
	one 'a\n1\n' 2 '' '@: --to has a form of its own: not with -D, --quote or --eol\n' \
		csvcut --to=tsv --quote=all
	one 'a\n1\n' 2 '' '@: --to needs tsv, jsonl or json; see csvcut --help\n' csvcut --to=xml
	one 'a,b\n1,"x\ny"\n2,\n' 0 'x\ny\0000\0000' '' csvcut --plain -0c b
}

@test "random tables in every form are what Python expects" {
	command -v python3 >/dev/null || skip "no python3"
	tables=200
	[ -z "${CSVPIPE_SAN:-}" ] || tables=20 # programs start slowly there
	"$BATS_TEST_DIRNAME/formats.py" "$BIN/csvcut" 2 $tables
}

@test "219: --names FILE, as csvkit lists columns" {
	printf 'x\n' >data.csv
	one 'a,b\n1,2\n' 2 '' '@: --names gives names, and this is a file: csvcut -n FILE lists its columns\n' \
		csvcut --names data.csv
	one '1\n' 0 '1\n' '' csvcut --names data.csv -
	one '1\n' 0 '1\n' '' csvcut --names other.csv
	one '1,2\n' 0 '1,2\n' '' csvcut --names data.csv,b
}

@test "220: lists as others write them" {
	table='a,b,c\n1,2,3\n'
	one "$table" 2 '' '@: no column " 3"; did you mean 3, without the blank?\n' csvcut -c '1, 3'
	one "$table" 2 '' '@: no column "1 "; did you mean 1, without the blank?\n' csvcut -c '1 - 3'
	one "$table" 2 '' '@: no column " 3"; did you mean 3, without the blank?\n' csvcut -c '1,x= 3'
	one "$table" 2 '' '@: no column " 4"; the header has 3 columns: "a", "b", "c"\n' csvcut -c ' 4'
	one "$table" 2 '' '@: no column "1:3"; a range is 1-3\n' csvcut -c 1:3
	one "$table" 2 '' '@: no column "b:"; a range is b-\n' csvcut -c b:
	one "$table" 2 '' '@: no column "1:4"; the header has 3 columns: "a", "b", "c"\n' csvcut -c 1:4
	one "$table" 2 '' '@: the range "c-a" runs backwards; write a-c, or the columns one by one\n' csvcut -c c-a
	one 'a: 1,b\n1,2\n' 0 'a: 1\n1\n' '' csvcut -c 'a: 1'
}

@test "210: a name that an object would have twice" {
	one 'a,b,a\n1,2,3\n' 2 '' \
		"@: an object has each name once: columns 1 and 3 are both \"a\"; csvcut -c 'new=@3,*' gives the last a name of its own\n" \
		csvcut --to=json
	one 'a,,b,\n1,2,3,4\n' 2 '' \
		"@: an object has each name once: columns 2 and 4 are both \"\"; csvcut -c 'new=@4,*' gives the last a name of its own\n" \
		csvcut --to=jsonl
	one 'a,,b,\n1,2,3,4\n' 0 '{"new":"4","a":"1","":"2","b":"3"}\n' '' \
		csvcut --to=jsonl -c 'new=@4,*'
}

@test "--to=jsonl and --to=json write objects, as csvbatch does" {
	one 'a,b,c\n1,"x;y",5" pi\n,"",\\z\n' 0 \
		'{"a":"1","b":"x;y","c":"5\\" pi"}\n{"a":null,"b":"","c":"\\\\z"}\n' '' \
		csvcut --to=jsonl
	one 'a,b\n1,2\n3,\n' 0 '[{"b":"2","a":"1"},\n{"b":null,"a":"3"}]\n' '' csvcut --to=json -c b,a
	one 'a,b\n' 0 '[]\n' '' csvcut --to=json
	one '' 0 '[]\n' '' csvcut --to=json
	one 'a,b\n' 0 '' '' csvcut --to=jsonl
	one 'a,b\n1.25,t\n' 0 '{"line_number":1,"z":1.25,"b":true}\n' '' \
		csvcut -l --to=jsonl -c z=a,b --types z:number,b:bool
	one 'a,b\n1,2\nx,3\n' 1 '[{"a":1}' '@: stdin:3: column 1 "a": "x" is not a number\n' \
		csvcut --to=json -c a --types a:number
	one 'a,b\n1,2\n' 2 '' '@: --types needs --to=json or --to=jsonl\n' csvcut --types a:number
	one 'a,b\n1,2\n' 2 '' '@: an object needs names for the columns; give --names\n' csvcut -H --to=json
	long=$(printf '%070d' 1)
	one "a,b\n$long,é\n" 0 "{\"a\":\"$long\",\"b\":\"é\"}\n" '' csvcut --to=jsonl
}
