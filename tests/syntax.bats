#!/usr/bin/env bats
# CSV syntax, encodings, line ends, headers: sections 1 to 3 of the cases.

load helper

@test "1: a delimiter inside quotes is data" {
	each 'a,b\n"x,y",2\n' 0 = ''
}

@test "2: a doubled quote stays doubled" {
	each 'a,b\n"x""y",2\n"""",""""""\n' 0 = ''
}

@test "3: a line end inside quotes is data, and is counted as a line" {
	each 'a,b\n"line1\nline2",2\n' 0 = ''
	each 'a,b\n"line1\nline2",2\n1\n' 1 'a,b\n"line1\nline2",2\n' \
		'@: stdin:4: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
}

@test "4: an empty field and one of two quotes both leave as they came" {
	each 'a,b,c\n1,,2\n1,"",2\n,,\n"","",""\n' 0 = ''
}

@test "5: a quote inside an unquoted field is data" {
	each 'a,b\na"b,12" monitor\nx""y,"q"\n5" pipe,"a,b"\n' 0 = ''
	each 'a"b,c\n1,2\n' 0 = ''
}

@test "6: one empty column: as it came if nothing changed, quotes if it was narrowed" {
	each 'a\n1\n\n""\n2\n' 0 = ''
	one 'a,b\n1,2\n,3\n"",4\n' 0 'a\n1\n""\n""\n' '' csvcut -c a
	one ',b\n,2\n' 0 '""\n""\n' '' csvcut -c 1
	one 'a,b\n1,2\n' 0 'c\n""\n' '' csvmap --only 'c = missing'
	one 'a\n1\n' 0 'a\n""\n' '' csvmap 'a = missing'
}

@test "7: text after a closing quote is a bad record, which costs one line" {
	each 'a,b\n1,2\n3,"a"b\n4,5\n' 1 'a,b\n1,2\n' \
		"@: stdin:3: record 2, byte 13: 'b' after a closing quote\n"
	each 'a,b\n"a"b,"c\n4,5\n' 0 'a,b\n4,5\n' \
		'@: 1 record rejected, see bad\n' --rejects bad
	like bad "file,record,line,byte,reason,raw\nstdin,1,2,4,'b' after a closing quote,\"\"\"a\"\"b,\"\"c\"\n"
}

@test "7: in the header it is said of the header" {
	each 'a,"b"x\n1,2\n' 1 '' \
		"@: stdin:1: header, byte 5: 'x' after a closing quote\n"
}

@test "8: a blank after a closing quote is text after it" {
	each 'a,b\n"a" ,b\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 7: ' ' after a closing quote; no blank may stand between a quote and a delimiter\n"
}

@test "9: a blank before a quote makes an unquoted field, never trimmed" {
	each 'a,b\n "a",b\n' 0 = ''
	each 'a,b\n "x,y"\n' 0 = ''
}

@test "10: a backslash is not an escape" {
	local advice="; backslash is not an escape in CSV; sed 's/\\\\\\\\\"/\"\"/g' doubles the quote\n"
	each 'a,b\n"a\\"b",2\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 8: 'b' after a closing quote$advice"
	each 'a,b\n"TV 50\\"",2\n"x",1\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 17: 'x' after a closing quote$advice"
	each 'a,b\n"a\\"",2\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 4: quoted field opened at line 2 is never closed$advice"
}

@test "10: the advice about a backslash mends the file" {
	printf 'a,b\n"x\\"y",2\n"TV 50\\"",3\n' >in
	"$BIN/csvcut" in 2>err >out || true
	sh -c "$(sed -n "s/.*; \(sed .*\) doubles the quote/\1/p" err) in" >mended
	"$BIN/csvcut" --plain -c a mended >out
	like out 'x"y\nTV 50"\n'
}

@test "212: a blank before a quote makes it data, which the advice says" {
	each 'a,b\n1, "x,y"\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2; a blank before a quote makes the quote data; --rejects FILE sets it aside\n'
	each 'a,b\n1,2, "\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2; a blank before a quote makes the quote data; --rejects FILE sets it aside\n'
	each 'a,b\n1,2, x"\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2; --rejects FILE sets it aside\n'
}

@test "11: a quote that is never closed ends the run, and says where it was opened" {
	each 'a,b\n1,2\n3,"x\n4,5\n6,7\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2, byte 10: quoted field opened at line 3 is never closed\n'
	each 'a,b\n1,2\n"p\nq","x\n4,5\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2, byte 14: quoted field opened at line 4 is never closed\n'
}

@test "11: also with --rejects, and nothing of it is rejected" {
	each 'a,b\n1,2\n3,"x\n4,5\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2, byte 10: quoted field opened at line 3 is never closed\n' \
		--rejects bad
	like bad 'file,record,line,byte,reason,raw\n'
}

@test "12: a record that passes --max-record names the quote that may be open" {
	each 'a,b\n1,2\n3,"x\n4,5\n6,7\n8,9\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2, byte 10: record exceeds 8 bytes; a quote opened at line 3 may be unclosed; --max-record sets the limit\n' \
		--max-record 8
}

@test "12: gigabytes behind an open quote end at the limit, in little memory" {
	plain
	for program in $FILTERS; do
		got=0
		{ printf 'a,b\n1,"x\n'; yes 'more,"" and,more' | head -c 300M; } |
			"$BIN/tests/peak" kib "$BIN/$program" \
			"$(all_of "$program")" >out 2>err || got=$?
		ends $got 1 'a,b\n' "@: stdin:2: record 1, byte 6: record exceeds 16777216 bytes; a quote opened at line 2 may be unclosed; --max-record sets the limit\n"
		[ "$(cat kib)" -lt 40000 ]
	done
}

@test "13: the end right after a closing quote is the end of a record" {
	each 'a,b\n1,"x"' 0 'a,b\n1,"x"\n' ''
}

@test "14: the end after a doubled quote is an open quote" {
	each 'a,b\n1,2\n1,"a""' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2, byte 10: quoted field opened at line 3 is never closed\n'
	each 'a,b\n1,"' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 6: quoted field opened at line 2 is never closed\n'
}

@test "15: a blank line is no record but counts as a line" {
	each 'a,b\n1,2\n\n3,4\n' 0 'a,b\n1,2\n3,4\n' ''
	each 'a,b\n\n\n3\n' 1 'a,b\n' \
		'@: stdin:4: record 1 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
	each '\n\r\n\ra,b\n1\n' 1 'a,b\n' \
		'@: stdin:5: record 1 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
}

@test "15: in a file of one column a blank line is a record" {
	each 'a\n1\n\n2\n' 0 = ''
	each 'a\r\n1\r\n\r\n\r\n' 0 = ''
	each '\n\na\n\n' 0 'a\n\n' ''
	each '\n1\n\n2\n' 0 '1\n\n2\n' '' -H
	one 'a\n\n\n' 0 'line_number,a\n1,\n2,\n' '' csvcut -l
}

@test "16: a file of blank lines is an empty input" {
	each '\n\n\r\n\r\n\r' 0 '' ''
	each '\n\n' 0 '' '' -H
}

@test "17: a line of one blank is a record" {
	each 'a\n \n' 0 = ''
	each 'a,b\n \n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
}

@test "18: blanks round a field are kept" {
	each ' a ,b\t\n 1 , 2\t\n\t\t,  \n' 0 = ''
}

@test "19: a comma at the end begins an empty field" {
	each 'a,b,c\n1,2,\n,,\n' 0 = ''
	each 'a,b,\n1,2,3\n' 0 = ''
	each 'a,b\n1,2,\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2; --ragged=fit drops the empty fields, --rejects FILE sets it aside\n'
}

@test "20: delimiter and quote are one byte each, and two" {
	for option in '-d|' '-d;' '-t'; do
		each 'a,b\n1,2\n' 0 = '' "$option"
	done
	each "a;b\n';';2\n" 0 = '' -d ';' -q "'"
	for bad in '' ab $'\n' $'\r' é; do
		each 'a,b\n' 2 '' "@: -d: needs one byte that is no line end (-t is a tab); see @ --help\n" \
			-d "$bad"
		[ -z "$bad" ] || # it is for no quotes at all
			each 'a,b\n' 2 '' "@: -q: needs one byte that is no line end; see @ --help\n" \
				--quotechar "$bad"
	done
	for program in csvbatch csvpar; do
		for bad in '' ab $'\n' $'\r' é; do
			one 'a,b\n' 2 '' "@: -d: needs one byte that is no line end (-t is a tab); see @ --help\n" \
				"$program" -d "$bad" -n 1 -- cat
		done
		one 'a,b\n' 2 '' '@: -d: delimiter and quote are the same; see @ --help\n' \
			"$program" -d '"' -n 1 -- cat
	done
	each 'a,b\n' 2 '' '@: -d: delimiter and quote are the same; see @ --help\n' -d '"'
	each 'a,b\n' 2 '' '@: -d: delimiter and quote are the same; see @ --help\n' -q ,
}

@test "21: sep=; is a header like any other" {
	each 'sep=;\na;b\n1;2\n' 0 = ''
}

@test "21: where line 1 is none of the table, the advice says so" {
	excel='line 1 is for spreadsheets: --skip-lines 1 passes over it, -d sets the delimiter'
	one 'sep=;\na;b\n1;2\n' 2 '' \
		"@: no column \"a\"; the header has 1 column: \"sep=;\"; $excel\n" \
		csvcut -c a
	one 'sep=;\na;b\n1;2\n' 2 '' \
		"@: no column \"a\"; the header has 2 columns: \"sep=\", \"\"; $excel\n" \
		csvcut -d ';' -c a
	each 'sep=;\na;b;c\n1;2;3\n' 1 'sep=;\n' \
		"@: stdin:2: record 1 has 3 fields, the header has 2; $excel\n" -d ';'
	title='is the first line a title? --skip-lines N passes over N lines'
	each 'Trips\na,b\n1,2\n' 1 'Trips\n' \
		"@: stdin:2: record 1 has 2 fields, the header has 1; $title\n"
	one 'All trips\na\n1\n' 2 '' \
		"@: 1: no column 'a'; the header has 1 column: {All trips}; $title\na > 0\n^\n" \
		csvfilter 'a > 0'
	one 'Trips\na,b\n1,2\n' 1 '' \
		"@: stdin:2: record 1 has 2 fields, the header has 1; $title\n" \
		csvbatch -n 1 -- cat
	one 'Trips\na,b\n1,2\n' 1 'Trips\n' \
		"@: stdin:2: record 1 has 2 fields, the header has 1; $title\n" \
		csvpar -n 1 -- cat
	each 'x\n1,2\n' 1 '' \
		'@: stdin:1: record 1 has 1 field, --names has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' \
		--names a,b
}

@test "22: a line that begins with # is a record like any other" {
	each '# note\na\n' 0 = ''
	each 'a,b\n#c,d\n' 0 = ''
}

@test "22: where line 1 begins with #, the advice says so" {
	comment="is line 1 a comment? --comment '#' passes over such lines"
	each '# a\na,b\n' 1 '# a\n' \
		"@: stdin:2: record 1 has 2 fields, the header has 1; $comment\n"
	each '# made, by, us\na,b\n' 1 '# made, by, us\n' \
		"@: stdin:2: record 1 has 2 fields, the header has 3; $comment\n"
	one '#x;y\na,b\n' 2 '' \
		"@: no column \"id\"; the header has 1 column: \"#x;y\"; $comment\n" \
		csvcut -c id
}

@test "21: --skip-lines passes over the first lines of each file" {
	each 'A "title\r\nof 2020\ra,b\n1,2\n3\n' 1 'a,b\n1,2\n' \
		'@: stdin:5: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' \
		--skip-lines 2
	each '\n\n\na,b\n1,2\n' 0 'a,b\n1,2\n' '' --skip-lines 2
	each 'a\nb' 0 '' '' --skip-lines 9
	each 'sep=;\na;b\n1;2\n' 0 'a;b\n1;2\n' '' --skip-lines 1 -d ';'
	printf 'x\na,b\n1,2\n' >one
	printf 'y,"\r\na,b\n3,4' >two
	gives 0 "$BIN/csvcut" --skip-lines 1 -c b one two
	like out 'b\n2\n4\n'
	gives 1 "$BIN/csvcut" --skip-lines 1 --require-eol one two
	says 'two:3: record 2, byte 9: the last record has no line end'
	gives 2 "$BIN/csvcut" --skip-lines x one
	says '--skip-lines: needs a whole number'
}

@test "22: --comment: lines that begin so are no records, whatever is in them" {
	each '# "\na,b\n#,"x\n1,2\n#,\n"#","#\n#"\n#' 0 \
		'a,b\n1,2\n"#","#\n#"\n' '' --comment '#'
	each '#1\r#2\n#3\r\na,b\r\n#x\ry\r\n1,2\r\n' 0 'a,b\r\n1,2\r\n' '' \
		--comment '#'
	each 'a,b\n#c\n\n#"\n1\n' 1 'a,b\n' \
		'@: stdin:5: record 1 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' \
		--comment '#'
	each '3,4\n#5\n6,7\n' 0 '3,4\n6,7\n' '' --comment '#' -H
	each 'a,b\n#' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 4: the last record has no line end; the input may be cut off\n' \
		--comment '#' --require-eol
	one 'a,b\n1,2\n' 0 'a,b\n"#""1",#\n' '' \
		csvmap --comment '#' "a = '#\"' ++ a; b = '#'"
	one 'a,b\n1,2\n' 0 'b\n"-2"\n' '' csvmap --comment - --only 'b = -b'
	gives 2 "$BIN/csvcut" --comment , </dev/null
	says '--comment: its byte is the delimiter or the quote'
	gives 2 "$BIN/csvcut" --comment '##' </dev/null
	says '--comment: needs one byte that is no line end'
}

@test "22: no record is lost among many comments, in any length of read" {
	"$PARKING" -n 2000 -q 50 >plain
	awk 'NR % 3 == 0 { print "#\"" NR } NR % 50 == 0 { print "#,\"\"" }
		{ print }' plain >in
	gives 0 "$BIN/csvcut" --comment '#' <in
	same plain out
	"$BIN/tests/drip" 61 <in | "$BIN/csvfilter" --comment '#' true >out
	same plain out
	gives 0 "$BIN/csvbatch" --comment '#' -n 100 -- cat <in
	same plain out
	gives 0 "$BIN/csvpar" --comment '#' -j 2 -p -- cat <in
	same plain out
}

@test "207: --ragged=fit drops the empty fields, --rejects FILE sets it aside, and fills up" {
	each 'a,b\n1,2,,\n3,4,"",\r\n5\n6,7' 0 'a,b\n1,2\n3,4\r\n5,\n6,7\n' '' \
		--ragged=fit
	each 'a,b\n1,2, \n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2; --rejects FILE sets it aside\n' \
		--ragged=fit
	each '1,2\n3\n4,5,,\n' 0 '1,2\n3,\n4,5\n' '' --ragged=fit -H
	each 'a,b\n1,2,,\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 4 fields, the header has 2; --ragged=fit drops the empty fields, --rejects FILE sets it aside\n'
	one 'a,b\n1,2,,\n' 0 'b,a\n2,1\n' '' csvcut --ragged=fit -c b,a
	one 'a,b\n1,2,,\n' 0 'a,b,n\n1,2,2\n' '' \
		csvmap --ragged=fit 'n = ncols()'
	printf 'a,b\n1,2,,\n3\n' >in
	gives 0 "$BIN/csvbatch" --ragged=fit -n 1 --raw --no-output -- tee -a seen <in
	like seen 'a,b\n1,2\na,b\n3,\n'
	gives 0 "$BIN/csvpar" --ragged=fit -j 1 -p -- cat <in
	like out 'a,b\n1,2\n3,\n'
	gives 4 "$BIN/csvbatch" --ragged=fit -n 2 -- sh -c 'cat; echo 5,6,,' <in
	says 'the header has 2'
}

@test "211: -q '': quotes are ordinary bytes" {
	each 'a\tb\n"x\t1"\n"\t""\n5" pipe\t"y"z\n' 0 = '' -t -q ''
	one 'a\tb\n"x\t\n' 0 'b\ta\n\t"x\n' '' csvcut -t -q '' -c b,a
	one 'a\tb\n"x\t\n' 0 'b\n\n' '' csvcut -t -q '' -c b
	one 'a\tb\n"x\t5" , \n' 0 'b,a\n"5"" , ","""x"\n' '' \
		csvcut -t -q '' -D , -c b,a
	one 'a\tb\n"x\ty\n' 0 'a\tb\n"""x"\ty\n' '' csvcut -t -q '' -D '	'
	one 'a\tb\n"x\t\n' 0 '{"a":"\\"x","b":null}\n' '' \
		csvcut -t -q '' --to=jsonl
	one 'a\tb\n"x"\t1\n' 0 'a\tb\n"x"\t1\n' '' csvfilter -t -q '' "a == '\"x\"'"
	one 'a\tb\n"x\t1\n' 0 'a\tb\tc\n"x\t1\t"x"\n' '' \
		csvmap -t -q '' "c = a ++ '\"'"
	one 'a\tb\nx\t1\n' 1 'a\tb\n' \
		'@: stdin:2: "x\\x09" needs quotes, and with -q '"''"' there are none, at 7 in the expression; add ?? DEFAULT or --on-error=skip|null\n' \
		csvmap -t -q '' 'b = a ++ "\t"'
	one 'a\tb\nx\t1\n' 0 'a\tb\nx\t\n' '@: 1 taken as missing: needs quotes\n' \
		csvmap -t -q '' --on-error=null 'b = a ++ "\t"'
	one 'a,b\n"x,1\n2\n' 0 'a,b\n"x,1\n' '@: 1 record rejected, see bad\n' \
		csvcut -q '' --rejects bad
	like bad 'file,record,line,byte,reason,raw\nstdin,2,3,9,"record 2 has 1 field, the header has 2",2\n'
	printf 'a\tb\n"x\t1\n' >in
	gives 0 "$BIN/csvbatch" -t -q '' -n 1 -- cat <in
	same in out
	gives 0 "$BIN/csvpar" -t -q '' -j 2 -p -- cat <in
	same in out
	gives 2 "$BIN/csvcut" -q '' --quote=all <in
	says "--quote=all: -q '' has no quotes; -D C writes CSV with quotes"
	gives 2 "$BIN/csvcut" -t -q '' -c 'a,c	d=b' <in
	gives 2 "$BIN/csvmap" -t -q '' '{a	c} = a' <in
	says "there are no quotes for it"
}

@test "211: a bad record of a TSV is advised of -q ''" {
	each 'a\tb\n"x"y\t1\n' 1 'a\tb\n' \
		"@: stdin:2: record 1, byte 7: 'y' after a closing quote; -q '' takes quotes as ordinary bytes\n" -t
	each 'a\tb\n"x\t1\n' 1 'a\tb\n' \
		"@: stdin:2: record 1, byte 4: quoted field opened at line 2 is never closed; -q '' takes quotes as ordinary bytes\n" -t
	each 'a\tb\n"x\t1\ny"\tz\tz\n' 1 'a\tb\n' \
		"@: stdin:2: record 1 has 3 fields, the header has 2; -q '' takes quotes as ordinary bytes\n" -t
}

@test "22: no output begins as a comment does, be it a name or a count" {
	printf '"#id",v\n"#1",a\n"#2",b\n' >in
	one '"#id",v\n"#1",a\n"#2",b\n' 0 '"#id",count\n"#1",1\n"#2",1\n' '' \
		csvfilter --comment '#' --count --by '#id' true
	one '"#id",v\n"#1",a\n' 0 '"#id",v\n"#1",a\n' '' \
		csvmap --comment '#' '{#id} = trim({#id})'
	one 'x,y\n1,2\n' 0 '"#n"\n1\n' '' csvmap --comment '#' --only '{#n} = x'
	one 'x,y\n1,2\n' 0 '"#n",y\n1,2\n' '' csvcut --comment '#' -c '#n=x,y'
	one 'x,y\n1,2\n' 1 'x,y\n' \
		'@: stdin:2: "#a" needs quotes, and with -q '"''"' there are none, at 3 in the expression; add ?? DEFAULT or --on-error=skip|null\n' \
		csvmap -q '' --comment '#' 'x="#a"'
	one '"id",v\n1,a\n' 0 '"id",v\n2,a\n' '' csvmap 'id = id + 1'
}

@test "standard input is read once, and not as data and beside it" {
	printf 'id,x\n1,a\n' >in
	twice='standard input is read twice, and the second time is empty; name a FILE'
	for options in '--table t=-' '--set t=-' '--set t=/dev/stdin'; do
		# shellcheck disable=SC2086
		gives 2 sh -c 'cat in | "$0" $1 -o out2 "y = 1"' "$BIN/csvmap" "$options"
		says "$twice"
	done
	for program in csvcut 'csvfilter true' 'csvbatch -n 1 -- cat' 'csvpar -- cat'; do
		gives 2 sh -c 'cat in | '"$BIN/${program%% *}"' --names-from /dev/stdin '"${program#"${program%% *}"}"
		says "$twice"
	done
	gives 2 "$BIN/csvcut" - - <in
	says "$twice"
	printf '1\n' | gives 0 "$BIN/csvfilter" --set t=- 'id in @t' in
	same in out
	[ ! -e out2 ]
}

@test "207: --ragged=fit: a record of one empty field is no blank line" {
	each 'a\n,\n1,\n' 0 'a\n""\n1\n' '' --ragged=fit
}

@test "--names-from: the names are those of the header of a file" {
	printf '#c\n"the id",b\n9,9\n' >head
	each '1,2\n3,4\n' 0 '1,2\n3,4\n' '' --names-from head --comment '#'
	one '1,2\n' 0 '2,1\n' '' csvcut --comment '#' --names-from head -c 'b,the id'
	one 'the id,b\n1,2\n' 0 '1,2\n' '' csvcut --comment '#' --names-from head
	one '1\n' 1 '' '@: stdin:1: record 1 has 1 field, --names has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n' \
		csvcut --comment '#' --names-from head
	printf '1,2\n3,4\n' >in
	gives 0 "$BIN/csvbatch" --comment '#' --names-from head -n 2 --to=jsonl --raw -- cat <in
	like out '{"the id":"1","b":"2"}\n{"the id":"3","b":"4"}\n'
	gives 0 "$BIN/csvpar" --comment '#' --names-from head -j 2 -p --by 'the id' -- cat <in
	same in out
	gives 2 "$BIN/csvcut" --names-from head --names a,b <in
	says '--names-from: not with --names'
	gives 3 "$BIN/csvcut" --names-from none <in
	says 'none: No such file or directory'
	: >empty
	gives 1 "$BIN/csvcut" --names-from empty <in
	says 'empty: an empty file has no names for --names-from'
	gives 3 "$BIN/csvcut" --names-from head --rejects head <in
	like head '#c\n"the id",b\n9,9\n'
	gives 2 "$BIN/csvcut" --names-from - <in
	says '--names-from: standard input is the data; name a FILE'
}

@test "23: a file of another delimiter: the column is not there" {
	one 'id;name;note\n1;2;3\n' 2 '' \
		'@: no column "id"; the header has 1 column: "id;name;note"; -d sets the delimiter\n' \
		csvcut -c id
	each 'a;b\n1,5;2\n' 1 'a;b\n' \
		'@: stdin:2: record 1 has 2 fields, the header has 1; -d sets the delimiter\n'
}

@test "24: what is split over two reads is the same as what is not" {
	each 'a,b\r\n"x""y","\r\n"\r\n\r\n"",""\r\n1,"q"' 0 \
		'a,b\r\n"x""y","\r\n"\r\n"",""\r\n1,"q"\r\n' ''
	for program in $FILTERS; do
		"$PARKING" -n 3000 -q 300 -C >in
		for size in 7 64 1023 4096; do
			"$BIN/tests/drip" $size <in | all "$program" >out
			same in out
		done
	done
}

@test "25: a byte order mark of UTF-8 at the start of a file is dropped" {
	each '\xef\xbb\xbfid,b\n1,2\n' 0 'id,b\n1,2\n' ''
	each '\xef\xbb\xbf"id",b\n1,2\n' 0 '"id",b\n1,2\n' ''
	each '\xef\xbb\xbf' 0 '' ''
	each '\xef\xbb\xbf\n' 0 '' ''
	each '\xef\xbbid\n' 0 = ''
	one '\xef\xbb\xbfid,b\n1,2\n' 0 'id\n1\n' '' csvcut -c id
	each '\xef\xbb\xbfa,b\n1,2\n3\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
	each '\xef\xbb\xbfa,b\n1,"2"3\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 12: '3' after a closing quote\n"
}

@test "25: each file may begin with a byte order mark" {
	put '\xef\xbb\xbfa,b\n1,2\n'
	cp in second
	each 'a,b\n3,4\n' 0 'a,b\n3,4\n1,2\n' '' - second
}

@test "26: a byte order mark elsewhere is data" {
	each 'a,b\n\xef\xbb\xbf1,2\n' 0 = ''
	each '\xef\xbb\xbf\xef\xbb\xbfa\n' 0 '\xef\xbb\xbfa\n' ''
}

@test "27: UTF-16 is refused at once, with the way out" {
	for mark in '\xff\xfea\0,\0' '\xfe\xff\0a\0,' '\xff\xfe'; do
		each "$mark" 1 '' '@: stdin:1: input looks like UTF-16; convert it with iconv -f UTF-16 -t UTF-8\n'
	done
	each '\xff' 0 '\xff\n' ''
	each '\xffa\n' 0 = ''
}

@test "a file that is packed is refused at once, with the way out" {
	each '\x1f\x8b\x08\0' 1 '' '@: stdin:1: input looks like gzip; unpack it with zcat\n'
	each '(\xb5/\xfd$\0' 1 '' '@: stdin:1: input looks like zstd; unpack it with zstdcat\n'
	each '\xfd7zXZ\0' 1 '' '@: stdin:1: input looks like xz; unpack it with xzcat\n'
	each 'BZh91AY&SY\0' 1 '' '@: stdin:1: input looks like bzip2; unpack it with bzcat\n'
	each 'PK\x03\x04\0' 1 '' \
		'@: stdin:1: input looks like a zip archive or a spreadsheet; unpack it with unzip -p, or save it as CSV\n'
	for text in '\x1f' '\xfd7zX\n' 'BZ,h\n1,2\n' 'PK\n1\n' 'a\n\x1f\x8b\n'; do
		each "${text%\\n}\n" 0 = ''
	done
	printf 'a\n1\n' | gzip >a.gz
	program=csvcut
	got=0
	"$BIN/csvcut" a.gz >out 2>err || got=$?
	ends "$got" 1 '' '@: a.gz:1: input looks like gzip; unpack it with zcat\n'
}

@test "28: UTF-16 and UTF-32 are refused, with a mark and without" {
	command -v iconv >/dev/null || skip "no iconv"
	printf 'id,b\n1,2\n' >utf8
	for form in UTF-16 UTF-16LE UTF-16BE UTF-32 UTF-32LE UTF-32BE; do
		iconv -f UTF-8 -t $form utf8 >in
		says="stdin:1: input looks like ${form%?E}; convert it with iconv -f $form -t UTF-8\n"
		for program in $FILTERS; do
			both 1 '' "@: $says" all "$program"
		done
		program=csvcut
		both 1 '' "@: $says" all csvcut -H
		both 1 '' "@: $says" all csvcut --names x,y
		iconv -f $form -t UTF-8 in | "$BIN/csvcut" >out
		cmp utf8 out
	done
	each 'a\0,b\n' 0 = ''
	each 'a\0b\0,\n' 0 = ''
}

@test "29: NUL is data" {
	each 'a,b\n\0001,2\0\n\0,"\0"\n' 0 = ''
	one 'a,b\n\0001,2\0\n\0,"\0"\n' 0 'b,a\n2\0,\0001\n"\0",\0\n' '' \
		csvcut -c b,a
	one 'a,b\nx\0y,2\nx,3\n' 0 'a,b\nx,3\n' '' csvfilter 'a == "x"'
	one 'a,b\nx\0y,2\n' 0 'a,b,c\nx\0y,2,x\0y2\n' '' csvmap 'c = a ++ b'
}

@test "30: a NUL in a name is kept; the column has its position" {
	one 'a\0b,c\n1,2\n' 0 'c,a\0b\n2,1\n' '' csvcut -c c,1
}

@test "31: invalid UTF-8 is kept" {
	each '\xe9t\xe9,b\n\xff\xfe,\xc3\n\x80,\xed\xa0\x80\n' 0 = ''
	one '\xe9t\xe9,b\n\xff,\xc3\n' 0 'b,\xe9t\xe9\n\xc3,\xff\n' '' csvcut -c b,1
}

@test "32: a byte that looks like a comma is one, whatever the encoding" {
	each 'a,b\n\x83,x\n' 0 = ''
	each 'a\n\x83\\,x\n' 1 'a\n' \
		'@: stdin:2: record 1 has 2 fields, the header has 1; is the first line a title? --skip-lines N passes over N lines\n'
}

@test "33: names are compared as bytes, and the nearest is suggested" {
	one 'Name,b\n1,2\n' 2 '' '@: no column "name"; did you mean "Name"?\n' \
		csvcut -c name
	one 'caf\xc3\xa9,b\n1,2\n' 2 '' \
		'@: no column "cafe\xcc\x81"; did you mean "caf\xc3\xa9"? (an accented letter is one character in one of the two)\n' \
		csvcut -c $'cafe\xcc\x81'
}

@test "35: CRLF stays with its record, and inside quotes" {
	each 'a,b\r\n1,2\r\n"q\r\nr",3\r\n' 0 = ''
	one 'a,b\r\n1,2\r\n3,4\r\n' 0 'b\r\n2\r\n4\r\n' '' csvcut -c b
	one 'a,b\r\n1,2\r\n3,4\r\n' 0 'b,a\r\n2,1\r\n4,3\r\n' '' csvcut -c b,a
	one 'a,b\r\n1,2\r\n' 0 'a,b,c\r\n1,2,2\r\n' '' csvmap 'c = b'
}

@test "35: the LF of a record that is not written is not written" {
	one 'a,b\r\n1,2\r\n3,4\r\n1,5\r\n' 0 'a,b\r\n3,4\r\n' '' csvfilter 'a == 3'
	one 'a,b\r\n1,2\r\n,\r\n1,5\r\n' 0 'b\r\n2\r\n5\r\n' '' csvcut -x -c b
	one 'a,b\r\n1,2\r\n3\r\n1,5\r\n' 0 'a,b,c\r\n1,2,3\r\n1,5,6\r\n' \
		'@: 1 record rejected, see bad\n' csvmap 'c = a + b' --rejects bad
}

@test "36: too few fields" {
	each 'a,b,c\n1,2,3\n4,5\n6,7,8\n' 1 'a,b,c\n1,2,3\n' \
		'@: stdin:3: record 2 has 2 fields, the header has 3; --ragged=pad fills it up, --rejects FILE sets it aside\n'
	each 'a,b,c\n1\n' 1 'a,b,c\n' \
		'@: stdin:2: record 1 has 1 field, the header has 3; --ragged=pad fills it up, --rejects FILE sets it aside\n'
}

@test "36: too few fields, filled up with --ragged=pad" {
	each 'a,b,c\n1,2,3\n4,5\n"6"\r\n7,8,\n' 0 \
		'a,b,c\n1,2,3\n4,5,\n"6",,\r\n7,8,\n' '' --ragged=pad
	each 'a,b\n1' 0 'a,b\n1,\n' '' --ragged=pad
	each 'a,b\n1,2,3\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2; --rejects FILE sets it aside\n' --ragged=pad
	one 'a,b,c\n1\n2,3\n' 0 'c,b,a\n,,1\n,3,2\n' '' \
		csvcut --ragged=pad -c c,b,a
	one 'a,b,c\n1\n' 0 'c\n""\n' '' csvcut --ragged=pad -c c
	one 'a,b,c\n1\n' 0 'a,b,c\n1,,x\n' '' csvmap --ragged=pad 'c = "x"'
	one 'a,b,c\n1\n2,3,4\n' 0 'a,b,c\n1,,\n' '' \
		csvfilter --ragged=pad 'c == missing'
}

@test "36: any number of fields with --ragged=pass, for csvfilter only" {
	one 'a,b\n1\n2,3\n4,5,6\n' 0 = '' csvfilter --ragged=pass true
	one 'a,b\n1\n2,3\n4,5,6\n' 0 'a,b\n1\n' '' \
		csvfilter --ragged=pass 'b == missing'
	one 'a,b\n1\n2,3\n4,5,6\n' 0 'a,b\n4,5,6\n' '' \
		csvfilter --ragged=pass 'b == 5'
	one 'a,b\n1\n' 2 '' \
		'@: --ragged=pass is for csvfilter, csvbatch and csvpar: a cut needs its columns\n' \
		csvcut --ragged=pass -c a
	one 'a,b\n1\n' 2 '' \
		'@: --ragged=pass is for csvfilter, csvbatch and csvpar: a map needs its columns\n' \
		csvmap --ragged=pass 'a = b'
}

@test "37: too many fields are never cut off" {
	each 'a,b\n1,2\n1,2,3\n' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2 has 3 fields, the header has 2; --rejects FILE sets it aside\n'
}

@test "38: a ragged record is bad also where other columns are wanted" {
	one 'a,b,c\n1,2,3\n4,5\n' 1 'a\n1\n' \
		'@: stdin:3: record 2 has 2 fields, the header has 3; --ragged=pad fills it up, --rejects FILE sets it aside\n' csvcut -c a
	one 'a,b,c\n1,2,3\n4,5\n' 1 'a,b,c\n1,2,3\n' \
		'@: stdin:3: record 2 has 2 fields, the header has 3; --ragged=pad fills it up, --rejects FILE sets it aside\n' \
		csvfilter 'a > 0'
	one 'a,b,c\n1,2,3\n4,5,6,7\n' 1 'x\n1\n' \
		'@: stdin:3: record 2 has 4 fields, the header has 3; --rejects FILE sets it aside\n' \
		csvmap --only 'x = a'
}

@test "36-38: bad records go to --rejects with their place, reason and bytes" {
	each 'a,b\n1,2\n3\n"4"x,"5\n6,7,8\r\n9,\\"9\n"x\ny","z"!\n0,0\n' 0 \
		'a,b\n1,2\n9,\\"9\n0,0\n' '@: 4 records rejected, see bad\n' \
		--rejects bad
	like bad 'file,record,line,byte,reason,raw\n'\
'stdin,2,3,8,"record 2 has 1 field, the header has 2",3\n'\
"stdin,3,4,10,'x' after a closing quote,\"\"\"4\"\"x,\"\"5\"\n"\
'stdin,4,5,18,"record 4 has 3 fields, the header has 2","6,7,8"\n'\
"stdin,6,7,31,'!' after a closing quote,\"\"\"x\ny\"\",\"\"z\"\"!\"\n"
}

@test "36-38: raw rejects can be read back" {
	each 'a,b\n1,2\n3,"4"x\n5,6,7\n' 0 'a,b\n1,2\n' \
		'@: 2 records rejected, see bad\n' --rejects bad
	"$BIN/csvcut" --plain -c raw bad >out
	like out '3,"4"x\n5,6,7\n'
}

@test "39: CR alone ends records" {
	each 'a,b\r1,2\r3,4\r' 0 = ''
	each 'a,b\r1,2\r3' 1 'a,b\r1,2\r' \
		'@: stdin:3: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
	one 'a,b\r1,2\r3,4' 0 'b\r2\r4\r' '' csvcut -c b
	one 'a,b\r1,2\r3,4\r' 0 'a,b\r3,4\r' '' csvfilter 'a == 3'
	one 'a,b\r1,2\r3,4\r' 0 'a\r1\r3\r' '' csvmap 'drop b'
}

@test "39: a LF in a file of CR is bad, up to the next CR" {
	each 'a,b\r1,"x\n"\r3,4\n5\r6,7\r' 1 'a,b\r1,"x\n"\r' \
		'@: stdin:3: record 2, byte 14: a LF where lines end with CR; a LF inside a field must be in quotes\n'
	each 'a,b\r3,4\n5\r6,7\r' 0 'a,b\r6,7\r' '@: 1 record rejected, see bad\n' --rejects bad
	like bad 'file,record,line,byte,reason,raw\n'\
'stdin,1,2,4,a LF where lines end with CR; a LF inside a field must be in quotes,"3,4\n5"\n'
}

@test "40: LF and CRLF may be mixed" {
	each 'a,b\n1,2\r\n3,4\n5,6\r\n' 0 = ''
	each 'a,b\r\n1,2\n3,4' 0 'a,b\r\n1,2\n3,4\r\n' ''
}

@test "41: a CR outside quotes is bad where lines end with LF, up to the next LF" {
	each 'a,b\n1,x\ry\n2,3\n' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 7: a CR without a LF; a CR inside a field must be in quotes\n'
	each 'a,b\n1,x\ry,"\n2,3\n4,5\r' 0 'a,b\n2,3\n' '@: 2 records rejected, see bad\n' \
		--rejects bad
	like bad 'file,record,line,byte,reason,raw\n'\
'stdin,1,2,4,a CR without a LF; a CR inside a field must be in quotes,"1,x\ry,"""\n'\
'stdin,3,4,16,a CR without a LF; a CR inside a field must be in quotes,"4,5\r"\n'
	each 'a,b\n1,2\r\r\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 7: CR CR LF is no line end; sed 's/\\\\r\\\\r\$/\\\\r/' mends it\n"
}

@test "41: the first line end decides with -H and --names too, and for all files" {
	each '1,2\n1,x\ry\n' 1 '1,2\n' \
		'@: stdin:2: record 2, byte 7: a CR without a LF; a CR inside a field must be in quotes\n' -H
	each '1,2\r3,4' 0 '1,2\r3,4\r' '' -H
	each '1,2\r3,4' 0 '1,2\r3,4\r' '' --names x,y
	printf 'a,b\n1,2\n' >lf
	printf 'a,b\r1,2\r' >cr
	for program in $FILTERS; do
		gives 1 "$BIN/$program" "$(all_of "$program")" lf cr
		like out 'a,b\n1,2\n'
		says "cr:1: its lines end with CR, those of the files before with LF; tr '\\r' '\\n' makes LF of CR"
		gives 1 "$BIN/$program" -H "$(all_of "$program")" cr lf
		like out 'a,b\r1,2\r'
		says "lf:1: its lines end with LF, those of the files before with CR; tr '\\r' '\\n' makes LF of CR"
	done
}

@test "41: no hint where the LF may still come" {
	each 'a,b\r\n1,2\r\n3\r\n' 1 'a,b\r\n1,2\r\n' \
		'@: stdin:3: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
}

@test "42: LF CR is a line end, and a CR that is none" {
	each 'a,b\n\r1,2\n3,4\n' 1 'a,b\n' \
		'@: stdin:2: record 1, byte 4: a CR without a LF; a CR inside a field must be in quotes\n'
}

@test "43: a last record without a line end is whole, and gets the header's" {
	each 'a,b\n1,2' 0 'a,b\n1,2\n' ''
	each 'a,b\r\n1,2' 0 'a,b\r\n1,2\r\n' ''
	each 'a,b' 0 'a,b\n' ''
	each '1,2' 0 '1,2\n' '' -H
}

@test "43: with --require-eol it is an error" {
	each 'a,b\n1,2\n3,4' 1 'a,b\n1,2\n' \
		'@: stdin:3: record 2, byte 8: the last record has no line end; the input may be cut off\n' \
		--require-eol
	each 'a,b' 1 '' \
		'@: stdin:1: header, byte 0: the last record has no line end; the input may be cut off\n' \
		--require-eol
	each 'a,b\n1,2\n' 0 = '' --require-eol
	each 'a,b\r1,2\r' 0 = '' --require-eol
	each 'a,b\r\n1,2\r' 1 'a,b\r\n' \
		'@: stdin:2: record 1, byte 5: the last record has no line end; the input may be cut off\n' \
		--require-eol
	each '' 1 '' '@: stdin: empty input, and --require-eol wants a header\n' --require-eol
	each '' 0 '' '' --require-eol -H
}

@test "44: an empty input is an empty output" {
	each '' 0 '' ''
	one '' 0 '' '' csvcut -c nothing
	one '' 0 '' '' csvfilter 'nothing == 1'
	one '' 0 '' '' csvmap 'x = nothing'
	one '' 0 '0\n' '' csvfilter --count true
	each '' 1 '' '@: stdin:1: empty input is not --expect-header a,b\n' \
		--expect-header a,b
}

@test "45: a header without records goes through" {
	each 'a,b\n' 0 = ''
	one 'a,b\n' 0 'b\n' '' csvcut -c b
	one 'a,b\n' 0 'a,b\n' '' csvfilter 'a == 1'
	one 'a,b\n' 0 'a,b,c\n' '' csvmap 'c = 1'
}

@test "46: a name that the header has twice" {
	each 'id,name,name\n1,2,3\n' 0 = ''
	one 'id,name,name\n1,2,3\n' 0 'id,name\n1,3\n' '' csvcut -c id,3
	one 'id,name,name\n1,2,3\n' 2 '' '@: column "name" is ambiguous: 2, 3\n' \
		csvcut -c name
}

@test "47: a column without a name has its position" {
	each 'a,,""\n1,2,3\n' 0 = ''
	one 'a,,c\n1,2,3\n' 0 ',a\n2,1\n' '' csvcut -c 2,1
	one 'a,,c\n1,2,3\n' 0 'a,,c\n1,2,3\n' '' csvfilter '@2 == 2'
}

@test "48: names with blanks, quotes, commas and line ends" {
	each ' a ,"b,c","d""e","f\ng"\n1,2,3,4\n' 0 = ''
	one ' a ,"b,c","d""e","f\ng"\n1,2,3,4\n' 0 '"d""e","b,c"\n3,2\n' '' \
		csvcut -c '"d""e","b,c"'
	one ' a ,"b,c","d""e","f\ng"\n1,2,3,4\n' 0 '"f\ng", a \n4,1\n' '' \
		csvcut -c $'"f\ng", a '
	one ' a ,"b,c"\n1,2\n' 0 = '' csvfilter '{b,c} == 2 && a == 1'
}

@test "49: an item that is a name of the header is that name" {
	one '2,1\nx,y\n' 0 '2\nx\n' '' csvcut -c 2
	one '2,1\nx,y\n' 0 '1\ny\n' '' csvcut -c @2
	one '2,1\nx,y\n' 0 '1,2\ny,x\n' '' csvcut -c 1,2
}

@test "50: a name that is not there: nothing is written" {
	one 'alpha,beta\n1,2\n' 2 '' '@: no column "alhpa"; did you mean "alpha"?\n' \
		csvcut -c beta,alhpa
	one 'a,b\n1,2\n' 2 '' '@: no column "zzz"; the header has 2 columns: "a", "b"\n' \
		csvcut -C zzz
}

@test "51: a column that is asked for twice is written twice" {
	one 'a,b\n1,2\n' 0 'a,a,b,a\n1,1,2,1\n' '' csvcut -c a,a,b,a
}

@test "52: positions that are none" {
	one 'a,b,c\n1,2,3\n' 2 '' \
		'@: no column 0; the header has 3 columns\n' csvcut -c 0
	one 'a,b,c\n1,2,3\n' 2 '' '@: no column 4; the header has 3 columns\n' csvcut -c 4
	one 'a,b,c\n1,2,3\n' 2 '' \
		'@: no column 99999999999999999999; the header has 3 columns\n' \
		csvcut -c 99999999999999999999
	one 'a,b,c\n1,2,3\n' 2 '' \
		'@: the range "3-1" runs backwards; write 1-3, or the columns one by one\n' \
		csvcut -c 3-1
	one 'a,b,c\n1,2,3\n' 2 '' '@: no column 4; the header has 3 columns\n' csvcut -c 2-4
}

@test "53: a header that is longer than a record may be" {
	each 'abcdefgh,b\n1,2\n' 1 '' \
		'@: stdin:1: header, byte 0: record exceeds 8 bytes; --max-record sets the limit\n' \
		--max-record 8
	each 'abcdefgh,"b\n1,2\n' 1 '' \
		'@: stdin:1: header, byte 9: record exceeds 10 bytes; a quote opened at line 1 may be unclosed; --max-record sets the limit\n' \
		--max-record 10
}

@test "54: a header that comes again in a file is data" {
	each 'a,b\n1,2\na,b\n3,4\n' 0 = ''
}

@test "206: a list and a program have the guards of the input" {
	put 'a,b\nx,1\n,2\n"y\rz",3\n'
	set_is() {
		printf '%b' "$1" >list
		got=0
		"$BIN/csvfilter" --set s=list 'a in @s' <in >out 2>err || got=$?
		program=csvfilter
		ends "$got" "${@:2}"
	}
	for list in 'x\ny\n' 'x\r\ny\r\n' 'x\r\n' 'x\r' 'x' 'q\rx\rz' '\n\nx\n\n' '\r\nx\r\n\r\n' '\r\rx\r' \
		'\xef\xbb\xbfx\n' '\xef\xbb\xbfx\r\ny'; do
		set_is "$list" 0 'a,b\nx,1\n' ''
	done
	for list in '' '\n' '\r\n' '\n\n' '\xef\xbb\xbf' '\xef\xbb\xbf\n' '\n\xef\xbb\xbfx\n'; do
		set_is "$list" 0 'a,b\n' ''
	done
	set_is 'k\ny\rz\n' 0 'a,b\n"y\rz",3\n' ''
	set_is '\xff\xfex\0\n\0' 1 '' '@: list:1: input looks like UTF-16; convert it with iconv -f UTF-16 -t UTF-8\n'
	set_is '\x1f\x8b\x08\0' 1 '' '@: list:1: input looks like gzip; unpack it with zcat\n'
	mkdir dir
	for program in csvfilter csvmap; do
		got=0
		"$BIN/$program" --set s=dir 'x = 1' <in >out 2>err || got=$?
		ends "$got" 3 '' '@: dir: Is a directory\n'
		printf '\x1f\x8b\x08\0' >packed
		got=0
		"$BIN/$program" -f - in <packed >out 2>err || got=$?
		ends "$got" 1 '' '@: stdin:1: input looks like gzip; unpack it with zcat\n'
	done
	printf '\xef\xbb\xbfa == "x" # 1\r\n|| a == "y\r\nz"' >program
	put 'a\nx\n"y\nz"\n"y\r\nz"\n'
	"$BIN/csvfilter" -f program <in >out
	like out 'a\nx\n"y\nz"\n'
	printf 'a == "x" # 1\r|| a == "y"\r' >program
	"$BIN/csvfilter" -f program <in >out
	like out 'a\nx\n'
}
