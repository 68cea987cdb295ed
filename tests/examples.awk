# examples.awk: take the examples out of a page of the manual.
#
#	awk -f examples.awk man/csvcut.1
#
# An example is a literal display whose first line begins with "$ ".  It goes
# to two files in the current directory, named after the page and the line:
# csvcut.1-194.sh, what is typed behind "$ " and "> ", and csvcut.1-194.want,
# all that the page shows as the answer.
#
# A line .\" as NAME before a literal display writes it to the file NAME, too:
# what is typed, or all of it where nothing is.
#
# A line "EXPRESSION  -> RESULT" of any other literal display goes to
# csvexpr.7-320.map, a program for csvmap that computes the column result, and
# csvexpr.7-320.want.  A RESULT "missing" is the empty text.

function plain(text)
{
	gsub(/\\&/, "", text)
	gsub(/\\-/, "-", text)
	gsub(/\\\(aq/, "'", text)
	gsub(/\\\(ha/, "^", text)
	gsub(/\\\(ti/, "~", text)
	gsub(/\\e/, "\\", text)
	return text
}

function page()
{
	return substr(FILENAME, match(FILENAME, /[^\/]*$/))
}

/^\.\\" as / {
	as = $3
	printf "" > as
}

/^\.Bd -literal/ {
	shown = 1
	base = ""
	next
}

/^\.Ed/ {
	shown = 0
	base = ""
	as = ""
}

!shown {
	next
}

{
	line = plain($0)
}

shown == 1 && /^\$ / {
	base = page() "-" FNR
	printf "" > (base ".sh")
	printf "" > (base ".want")
}

{
	shown = 2
}

as != "" && (base == "" || /^[$>] /) {
	print substr(line, base == "" ? 1 : 3) > as
}

base != "" && /^[$>] / {
	print substr(line, 3) > (base ".sh")
	next
}

base != "" {
	print line > (base ".want")
	next
}

match(line, /  +-> /) {
	expression = substr(line, 1, RSTART - 1)
	result = substr(line, RSTART + RLENGTH)
	base = page() "-" FNR
	print "result = " expression > (base ".map")
	print (result == "missing" ? "" : result) > (base ".want")
	base = ""
}
