#!/usr/bin/env bats
# csvcut: what comes in as TSV or JSON, and columns that may be missing.

load helper

@test "--from=tsv reads linear TSV" {
	one 'a\tb\n1\t2\nx\\ty\tp\\nq\n\\\\.\ta"b\n\t,\n' 0 \
		'a,b\n1,2\nx\ty,"p\nq"\n\\.,"a""b"\n,","\n' '' csvcut --from=tsv
	one 'a\tb\n\\b\\f\\v\t\\r\n' 0 'a,b\n\b\f\v,"\r"\n' '' csvcut --from=tsv
	one 'a\tb\r\n1\t2\r\n3\t4' 0 'a,b\n1,2\n3,4\n' '' csvcut --from=tsv
	one 'x\\ty\tb,c\n1\t2\n' 0 '"b,c",z\n2,1\n' '' csvcut --from=tsv -c '"b,c",z=@1'
	one 'a\tb\n1\t2\n' 0 '  1: a\n  2: b\n' '' csvcut --from=tsv -n
	one 'a\tb\tc\n\t\t\n1\t\t\n' 0 'line_number,a,b\n2,1,\n' '' csvcut --from=tsv -xl -c a,b
	one 'a\tb\n1\tx\\ny\n' 0 'x\ny\0000' '' csvcut --from=tsv --plain -0c b
	one '' 0 '' '' csvcut --from=tsv
}

@test "--from=tsv --null keeps NULL apart from empty" {
	one 'a\tb\tc\n\\N\t\t\\\\N\n' 0 'a,b,c\n,"",\\N\n' '' csvcut --from=tsv --null '\N'
	one 'a\tb\n-\t\n' 0 '{"a":null,"b":""}\n' '' csvcut --from=tsv --null - --to=jsonl
	one 'a\tb\n\\N\t\n' 0 = '' csvcut --from=tsv --to=tsv --null '\N'
	one 'a\n\n\\N\n' 0 'a\n""\n""\n' '' csvcut --from=tsv --null '\N'
	one 'a\n\n\\N\n' 0 '{"a":""}\n{"a":null}\n' '' csvcut --from=tsv --null '\N' --to=jsonl
}

@test "bad TSV is a bad record, with line and byte" {
	one 'a\tb\n1\tx\\y\n' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 7: "\\y" is no escape of TSV, which has \\t \\n \\r \\\\ \\b \\f \\v\n' \
		csvcut --from=tsv
	one 'a\tb\\\n1\t2\n' 1 '' \
		'@: stdin:1: header, byte 3: "\\" is no escape of TSV, which has \\t \\n \\r \\\\ \\b \\f \\v\n' \
		csvcut --from=tsv
	put 'a\tb\n1\t2\n\n1\t2\t3\n1\\\t2\n"x\t4\n'
	gives 0 "$BIN/csvcut" --from=tsv --rejects bad in
	like out 'a,b\n1,2\n"""x",4\n'
	grep -q '^in,2,3,8,.*,$' bad
	grep -q '^in,3,4,9,.*,1	2	3$' bad
	grep -q '^in,4,5,15,.*no escape.*,1\\	2$' bad
	[ "$(wc -l <bad)" = 4 ]
	one 'a\tb\n1\n' 0 'a,b\n1,\n' '' csvcut --from=tsv --ragged=pad
	one 'a\tb\n1\r2\t3\n' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 5: a CR without a LF, which ends no line here\n' \
		csvcut --from=tsv
}

@test "--from=jsonl: an empty line is none, wherever it stands" {
	for n in 1 100 511 512 513 1023 1024 5000; do
		yes '{"a":1}' | head -n $n >in
		printf '\n' >>in
		yes '{"a":2}' | head -n 600 >>in
		"$BIN/csvcut" --from=jsonl -c a in >out
		[ "$(wc -l <out)" = $((n + 601)) ]
	done
}

@test "--from=jsonl: the first object's keys are the columns" {
	one '{"id":1,"n":"A, \\"x\\"","t":[1, 2]}\n\n{"t":null,"id":"","n":true}\n{"n":1.50}\n' 0 \
		'id,n,t\n1,"A, ""x""","[1, 2]"\n"",true,\n,1.50,\n' '' csvcut --from=jsonl
	one '{"a":1,"b":2}\n' 0 '  1: a\n  2: b\n' '' csvcut --from=jsonl -n
	one '{"a":1,"b":2}\n{"b":3,"a":4}\n' 0 'b\n2\n3\n' '' csvcut --from=jsonl -C a
	one '{"a":1}\r\n{"a":2}\r\n' 0 'a\n1\n2\n' '' csvcut --from=jsonl
	one '{"a":1}\n\n{"a":2}\n\n' 0 'a\n1\n2\n' '' csvcut --from=jsonl
	one '{"a\\tb":"x\\ty","":1}\n' 0 'a\\tb\t\nx\\ty\t1\n' '' csvcut --from=jsonl --to=tsv
	one '{"a":null}\n{"a":""}\n{}\n' 0 'a\n\\N\n\n\\N\n' '' csvcut --from=jsonl --to=tsv --null '\N'
	one '{"NULL":null}\n' 0 'NULL\nNULL\n' '' csvcut --from=jsonl --to=tsv --null NULL
	one '{"a":1,"b":2}\n{"a":3,"c":4}\n' 1 'a,b\n1,2\n' \
		"@: stdin:2: record 2, byte 22: the key \"c\" is none of the first object's, which are the columns; -c chooses others\n" \
		csvcut --from=jsonl
	one '{}\n' 2 '' '@: no column is left\n' csvcut --from=jsonl
	one '' 0 '' '' csvcut --from=jsonl
	one '' 0 '[]\n' '' csvcut --from=jsonl --to=json
}

@test "--from=jsonl -c: keys, paths and new names" {
	table='{"id":1,"u":{"x y":"A","a.b":[7,{"c":true}]},"-":0}\n{"u":[5],"id":{}}\n'
	one "$table" 0 'n,s,id\nA,7,1\n,,{}\n' '' csvcut --from=jsonl \
		-c 'n=.u."x y",s=.u["a.b"][0],id'
	one "$table" 0 'u,c\n"{""x y"":""A"",""a.b"":[7,{""c"":true}]}",true\n[5],\n' '' csvcut \
		--from=jsonl -c '.u,c=.u["a.b"][1].c'
	one '{"a":{"b":[1,2]}}\n' 0 'a.b,a.b[1]\n"[1,2]",2\n' '' csvcut --from=jsonl -c '.a.b,.a.b[1]'
	one '{"a,b":1,".c":2}\n' 0 'x,.c\n1,2\n' '' csvcut --from=jsonl -c 'x=.["a,b"],".c"'
	one '{"a":1,"b":2,"c":3}\n' 0 'c,z,a,b\n3,1,1,2\n' '' csvcut --from=jsonl -c 'c,z=.a,*'
	one '{"a":1}\n' 0 '{"z":1}\n' '' csvcut --from=jsonl --to=jsonl -c z=.a --types z:number
	one '{"a":1}\n' 2 '' '@: no column "b"; the header has 1 column: "a"; a path into the first object begins with a dot, as .user.name\n' csvcut --from=jsonl -c b
	one '{"a":1}\n' 2 '' \
		'@: the first object has nothing at .a.b; --missing=empty makes a column of empty fields\n' \
		csvcut --from=jsonl -c x=.a.b
	one '{"a":1}\n{"a":{"b":2},"n":3}\n' 0 'x,n\n,\n2,3\n' '' \
		csvcut --from=jsonl -c x=.a.b,n --missing=empty
	one '{"a":1}\n' 2 '' \
		'@: path .a-b: byte 3: a key of other than ASCII letters, digits and _ stands in quotes: ."a-b"\n' \
		csvcut --from=jsonl -c .a-b
	one '{"a":1}\n' 2 '' '@: path .[-1]: byte 3: [0] and ["key"] are all that brackets hold\n' \
		csvcut --from=jsonl -c 'x=.[-1]'
}

@test "bad JSON is a bad record, with line and byte" {
	one '{"a":1}\n{"a":01}\n' 1 'a\n1\n' \
		'@: stdin:2: record 2, byte 14: not JSON: a comma or the end is missing\n' csvcut --from=jsonl
	one '{"a":1,"a":2}\n' 1 '' \
		'@: stdin:1: record 1, byte 7: a key stands twice in an object\n' csvcut --from=jsonl
	one '[{"a":1},\n{"a":2}]\n' 1 '' \
		"@: stdin:1: record 1, byte 0: an array, and not an object a line; jq -c '.[]' makes lines of its values\n" \
		csvcut --from=jsonl
	one '7\n' 1 '' '@: stdin:1: record 1, byte 0: a line is one object\n' csvcut --from=jsonl
	put 'x\n{"a":1}\n{"a":"\\ud800"}\n{"a":2}\n'
	gives 0 "$BIN/csvcut" --from=jsonl --rejects bad in
	like out 'a\n1\n2\n'
	grep -q '^in,1,1,0,not JSON: a value is missing,x$' bad
	grep -q '^in,3,3,10,a surrogate.*,"{""a"":""\\ud800""}"$' bad
	gives 1 "$BIN/csvcut" --from=jsonl --rejects bad --max-rejects 1 in
}

@test "--from goes with no option that speaks of CSV" {
	for option in '-d;' -t '-q|' -H '--names=a' '--comment=#'; do
		one 'a\n' 2 '' \
			'@: --from has a form of its own: not with -d, -t, -q, -H, --names or --comment\n' \
			csvcut --from=tsv "$option"
	done
	one '{}' 2 '' '@: --ragged: objects have keys, and no width\n' csvcut --from=jsonl --ragged=pad
	one '{}' 2 '' '@: --expect-header: objects have no header\n' csvcut --from=jsonl --expect-header a
	one 'a' 2 '' '@: --null goes with --from=tsv and --to=tsv\n' csvcut --from=jsonl --null x
	one 'a' 2 '' '@: --from needs tsv or jsonl; see csvcut --help\n' csvcut --from=json
}

@test "sort between --to=tsv and --from=tsv sorts records, whatever they hold" {
	body() { IFS= read -r header && printf '%s\n' "$header" && "$@"; }
	put 'k,v\n"b\nx",1\n"a,1",2\n"a""q",\n"a",""\n'
	"$BIN/csvcut" --to=tsv --null '\N' in | body env LC_ALL=C sort |
		"$BIN/csvcut" --from=tsv --null '\N' >out
	like out 'k,v\na,""\n"a""q",\n"a,1",2\n"b\nx",1\n'
	"$PARKING" 1M >in
	[ "$(wc -l <in)" -gt 1000 ]
	"$BIN/csvcut" --to=tsv in | body tac | body tac | "$BIN/csvcut" --from=tsv | cmp - in
}

@test "100 MB of JSON, and the same in other formats, take less than 8 MiB" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "sanitizers need memory of their own"
	"$BATS_TEST_DIRNAME/soak/formats" 20M
}

@test "random objects are what Python finds in them, and no bad line passes" {
	command -v python3 >/dev/null || skip "no python3"
	objects=10000
	[ -z "${CSVPIPE_SAN:-}" ] || objects=1000
	"$BATS_TEST_DIRNAME/json_oracle.py" "$BIN/csvcut" 1 $objects
}

@test "--missing: a name that the header lacks is empty or left out" {
	one 'a,b\n1,"2"\n' 0 'b,c,x,a\n"2",,,1\n' '' csvcut -c 'b,c,x=d,a' --missing=empty
	one 'a,b\n1,2\n' 0 'a\n1\n' '' csvcut -c 'a,c,x=d' --missing=skip
	one 'a,b\n1,2\n' 0 'n-o,a\n,1\n' '' csvcut -c '"n-o",a' --missing=empty
	one 'a,b\n1,2\n' 0 'n-o,a\n,1\n' '' csvcut -c n-o,a --missing=empty
	one 'a,b\n1,2\n' 0 'c\n""\n' '' csvcut -c c --missing=empty
	one 'a,b\n1,2\n' 0 '{"line_number":1,"c":null,"b":"2"}\n' '' \
		csvcut -lc c,b --missing=empty --to=jsonl
	one 'a;b\n1;2\n' 0 'a\tc\tb\n1\t\\N\t2\n' '' csvcut -d ';' -c a,c,b --missing=empty --to=tsv --null '\N'
	one 'a\tb\n1\t2\n' 0 'c,b,d\n,2,\n' '' csvcut --from=tsv -c c,b,d --missing=empty
	one 'a,b\n1,2\n' 2 '' '@: no column is left\n' csvcut -c c,d --missing=skip
	one 'a,b\n1,2\n' 2 '' '@: no column 3; the header has 2 columns\n' csvcut -c a,3 --missing=empty
	one 'a,b\n1,2\n' 2 '' '@: no column "c"; the header has 2 columns: "a", "b"\n' csvcut -c a-c --missing=empty
	one 'a,b\n1,2\n' 2 '' '@: --missing is for the names of -c\n' csvcut --missing=empty
	one 'a,b\n1,2\n' 2 '' '@: --missing needs empty or skip; see csvcut --help\n' csvcut --missing=null
}

@test "--align looks names up in the header of each file" {
	printf 'a,b\n1,"2"\n' >1
	printf 'b,a\r\n3,4\r\n5,6\r\n' >2
	printf 'c,a\n7,8\n' >3
	printf 'a\tb\n"\t\n' >4
	printf 'b\ta\nx\\\\\t\\N\n' >5
	gives 0 "$BIN/csvcut" --align 1 2 1
	like out 'a,b\n1,"2"\n4,3\r\n6,5\r\n1,"2"\n'
	gives 0 "$BIN/csvcut" --align -lc b,z=a --to=jsonl 1 2
	like out '{"line_number":1,"b":"2","z":"1"}\n{"line_number":2,"b":"3","z":"4"}\n{"line_number":3,"b":"5","z":"6"}\n'
	gives 0 "$BIN/csvcut" --align --missing=empty -c c,a,b 1 3 2
	like out 'c,a,b\n,1,"2"\n7,8,\n,4,3\r\n,6,5\r\n'
	gives 0 "$BIN/csvcut" --align -c a 1 3
	like out 'a\n1\n8\n'
	gives 0 "$BIN/csvcut" --align --from=tsv --null '\N' 4 5
	like out 'a,b\n"""",""\n,x\\\n'
	gives 0 "$BIN/csvcut" --align -xc b --missing=empty 1 3 2
	like out 'b\n"2"\n3\r\n5\r\n'
}

@test "--align: what does not fit is an error that names the file" {
	printf 'a,b\n1,2\n' >1
	printf 'c,a\n7,8\n' >2
	printf 'b,c,a\n7,8,9\n' >3
	printf 'b,a,a\n7,8,9\n' >4
	for case in '2|no column "b"; the header has 2 columns: "c", "a"' \
		'3|the column "c" is none of the first file'"'"'s; -c chooses columns' \
		'4|column "a" is ambiguous: 2, 3'; do
		gives 1 "$BIN/csvcut" --align 1 "${case%%|*}"
		like out 'a,b\n1,2\n'
		grep -q -F "csvcut: ${case%%|*}:1: ${case#*|}" err || {
			cat err
			return 1
		}
	done
	gives 1 "$BIN/csvcut" --align -C a 1 3
	gives 1 "$BIN/csvcut" --align --missing=empty 1 2
	gives 1 "$BIN/csvcut" 1 2
	for option in -H --names=a,b --missing=skip; do
		gives 2 "$BIN/csvcut" --align -c a $option 1
	done
}
