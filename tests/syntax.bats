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
		'@: stdin:4: record 2 has 1 field, the header has 2\n'
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
		"@: stdin:2: record 1, byte 7: ' ' after a closing quote\n"
}

@test "9: a blank before a quote makes an unquoted field, never trimmed" {
	each 'a,b\n "a",b\n' 0 = ''
	each 'a,b\n "x,y"\n' 0 = ''
}

@test "10: a backslash is not an escape" {
	each 'a,b\n"a\\"b",2\n' 1 'a,b\n' \
		"@: stdin:2: record 1, byte 8: 'b' after a closing quote; backslash is not an escape in CSV\n"
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
			"$(case $program in csvcut) echo -l ;; csvfilter) echo true ;; esac)" \
			>out 2>err || got=$?
		[ "$got" = 1 ]
		like err "$program: stdin:2: record 1, byte 6: record exceeds 16777216 bytes; a quote opened at line 2 may be unclosed; --max-record sets the limit\n"
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
		'@: stdin:4: record 1 has 1 field, the header has 2\n'
	each '\n\r\n\ra,b\n1\n' 1 'a,b\n' \
		'@: stdin:5: record 1 has 1 field, the header has 2\n'
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
		'@: stdin:2: record 1 has 1 field, the header has 2\n'
}

@test "18: blanks round a field are kept" {
	each ' a ,b\t\n 1 , 2\t\n\t\t,  \n' 0 = ''
}

@test "19: a comma at the end begins an empty field" {
	each 'a,b,c\n1,2,\n,,\n' 0 = ''
	each 'a,b,\n1,2,3\n' 0 = ''
	each 'a,b\n1,2,\n' 1 'a,b\n' \
		'@: stdin:2: record 1 has 3 fields, the header has 2\n'
}

@test "20: delimiter and quote are one byte each, and two" {
	for option in '-d|' '-d;' '-t'; do
		each 'a,b\n1,2\n' 0 = '' "$option"
	done
	each "a;b\n';';2\n" 0 = '' -d ';' -q "'"
	for bad in '' ab $'\n' $'\r' é; do
		each 'a,b\n' 2 '' "@: -d: needs one byte that is no line end (-t is a tab); see @ --help\n" \
			-d "$bad"
		each 'a,b\n' 2 '' "@: -q: needs one byte that is no line end (-t is a tab); see @ --help\n" \
			--quotechar "$bad"
	done
	each 'a,b\n' 2 '' '@: -d: delimiter and quote are the same; see @ --help\n' -d '"'
	each 'a,b\n' 2 '' '@: -d: delimiter and quote are the same; see @ --help\n' -q ,
}

@test "21: sep=; is a header like any other" {
	each 'sep=;\na;b\n1;2\n' 0 = ''
}

@test "22: a line that begins with # is a record like any other" {
	each '# note\na\n' 0 = ''
	each 'a,b\n#c,d\n' 0 = ''
}

@test "23: a file of another delimiter: the column is not there" {
	one 'id;name;note\n1;2;3\n' 2 '' \
		'@: no column "id"; the header has 1 column: "id;name;note"\n' \
		csvcut -c id
}
