#!/usr/bin/env bats
# The manual: its examples run as printed, and nothing is missing in it.

setup() {
	: "${BIN:?}"
	man=$BATS_TEST_DIRNAME/../man
	cd "$BATS_TEST_TMPDIR"
	cp -R "$BATS_TEST_DIRNAME/data/manual/." .
	unset MAKEFLAGS MAKELEVEL MFLAGS
	PATH=$BATS_TEST_TMPDIR/bin:$BIN:$PATH
}

# examples PAGE: every example of the page answers what the page shows.
examples() {
	bad=0
	awk -f "$BATS_TEST_DIRNAME/examples.awk" "$man/$1"
	for want in $(printf '%s\n' "$1"-*.want | sort -V); do
		[ -f "$want" ] || continue
		answer "${want%.want}" >got 2>&1 </dev/null || true
		cmp -s got "$want" || {
			line=${want##*-}
			echo "man/$1, line ${line%.want}:"
			diff "$want" got || true
			bad=1
		}
	done
	[ $bad = 0 ]
}

# answer BASE: what the example of these files answers.
answer() {
	if [ -f "$1.sh" ]; then
		${shell:-sh} "$1.sh"
	else
		csvmap --arg who=Ann --only -f "$1.map" person.csv |
			csvcut --plain -c result
	fi
}

@test "the examples of csvcut(1) run as printed" { examples csvcut.1; }

@test "the examples of csvfilter(1) run as printed" { examples csvfilter.1; }

@test "the examples of csvmap(1) run as printed" { examples csvmap.1; }

@test "the examples of csvbatch(1) run as printed" {
	[ -f "$man/csvbatch.1" ] || skip "no page yet"
	examples csvbatch.1
}

@test "the examples of csvpar(1) run as printed" { examples csvpar.1; }

@test "the examples of csvexpr(7) run as printed" { examples csvexpr.7; }

@test "the examples of csvpipe(7) run as printed" { examples csvpipe.7; }

@test "the examples of csvpipe-cookbook(7) run as printed" {
	shell='bash -o pipefail'
	examples csvpipe-cookbook.7
}

@test "the examples of csvpipe-tutorial(7) run as printed" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	for need in curl sqlite3; do
		PATH=${PATH#*:} command -v $need >/dev/null || skip "no $need"
	done
	rm -r bin # a real curl
	"$PARKING" 100M >parking.csv # as make demo
	shell='bash -o pipefail'
	examples csvpipe-tutorial.7
}

# alike PROGRAM SECTION: what the tutorial puts below the lines of another tool
# gives the same, but for "" and empty, which csvpipe keeps apart.
alike() {
	local theirs= path=${PATH#*:*:} ours
	command -v "$1" >/dev/null || skip "no $1"
	sed -n "/^\.Ss $2/,/^\.Ed/p" "$man/csvpipe-tutorial.7" |
		grep -v '^\.' | sed 's/\\e/\\/g' >lines
	[ "$(wc -l <lines)" -ge 8 ]
	eval "$(sed -n 's/\\e/\\/g; s/^\$ \(body()\)/\1/p' "$man/csvpipe.7")"
	export -f body
	export tab=$'\t' LC_ALL=C
	while IFS= read -r line; do
		case $line in
		'	'*)
			PATH=$path bash -c "$theirs" | empty >want
			bash -c "$line" | empty >got
			echo "# $theirs"
			diff want got
			;;
		*) theirs=$line ;;
		esac
	done <lines
}

empty() {
	sed 's/,""\(,\|$\)/,\1/g'
}

@test "csvpipe-tutorial(7) is right about cut and grep" { alike cut cut; }

@test "csvpipe-tutorial(7) is right about awk" { alike awk awk; }

@test "csvpipe-tutorial(7) is right about csvkit" { alike csvgrep csvkit; }

@test "csvpipe-tutorial(7) is right about xsv" { alike xsv xsv; }

@test "csvpipe-tutorial(7) is right about Miller" { alike mlr Miller; }

@test "each other recipe of csvpipe-cookbook(7) is run by make neighbours" {
	sed -n 's/^\.\\" as //p' "$man/csvpipe-cookbook.7" >named
	[ "$(grep -A 1 '^\.Bd -literal' "$man/csvpipe-cookbook.7" |
		grep -c -v -e '^\.Bd' -e '^\$ ' -e '^--')" -le "$(wc -l <named)" ]
	while read -r name; do
		case $name in
		Makefile | *.mk) continue ;; # examples of the page use them
		esac
		sed -n '/^begin /,/[^\]$/p' "$BATS_TEST_DIRNAME"/neighbours/* |
			grep -q -w -e "$name" || {
			echo "no part of tests/neighbours names $name"
			false
		}
	done <named
}

# options PROGRAM: those of --help, a line each, with their dashes.
options() {
	"$BIN/$1" --help | sed -n 's/^  *\(-[^ ].*\)/\1/p' | sed 's/   *.*//' |
		grep -o -e '\(^\|[ ,]\)-[A-Za-z]\>' -e '--[a-z-]*' |
		tr -d ' ,' | sort -u
}

# described PROGRAM: every option of --help has an item on the page.
described() {
	options "$1" >said
	[ -s said ]
	sed -n 's/^\.It //p' "$man/$1.1" >items
	while read -r option; do
		grep -q -e "Fl ${option#-}\( \|$\)" items || {
			echo "man/$1.1 lacks $option"
			return 1
		}
	done <said
}

@test "the pages describe every option of --help" {
	for page in "$man"/*.1; do
		described "$(basename "$page" .1)"
	done
}

@test "csvpipe-trouble(7) has every message, and no other" {
	command -v python3 >/dev/null || skip "no python3"
	cp -r "$man" "$man/../cmd" "$man/../lib" .
	python3 "$BATS_TEST_DIRNAME/messages.py" . >lacks
	cat lacks
	[ ! -s lacks ]
	echo 'run_usage(r, "the moon is not full");' >>cmd/csvcut.c
	sed -i 's/^\.It Li input looks like/.It Li input feels like/' \
		man/csvpipe-trouble.7
	python3 "$BATS_TEST_DIRNAME/messages.py" . >lacks
	grep -q 'no entry: cmd/csvcut.c: the moon is not full' lacks
	grep -q 'no message: input feels like' lacks
}

@test "--help functions says what csvexpr(7) says" {
	"$BIN/csvmap" --help functions >said
	"$BIN/csvfilter" --help functions | cmp said -
	[ "$(wc -l <said)" -gt 60 ]
	sed 's/\\e/\\/g; s/  *-> / -> /' "$man/csvexpr.7" >page
	while read -r line; do
		echo "$line"
		usage=${line%%)*}
		example=$(echo "${line#*)}" | sed 's/^ *//')
		grep '^\.It.* Fn ' page | sed 's/$/ /' | grep -q -F \
			"Fn $(echo "$usage" | tr -s '(,' '  ' | tr -s ' ' | sed 's/ $//') "
		grep -q -F -e "$example" page
	done <said
	sed -n 's/^ *\t*{"\([a-z_0-9]*\)", "[^"]*", TYPE.*/\1/p' \
		"$BATS_TEST_DIRNAME/../lib/expr/func.c" >functions
	sed 's/(.*//' said | cmp functions -
}

@test "csvexpr(7) has every function" {
	sed -n 's/^ *\t*{"\([a-z_0-9]*\)", "[^"]*", TYPE.*/\1/p' \
		"$BATS_TEST_DIRNAME/../lib/expr/func.c" >functions
	[ "$(wc -l <functions)" -gt 50 ]
	while read -r name; do
		grep -q "^\.It.* Fn $name\( \|$\)" "$man/csvexpr.7" || {
			echo "man/csvexpr.7 lacks $name"
			false
		}
	done <functions
}

@test "the manual is clean under mandoc -T lint" {
	command -v mandoc >/dev/null || skip "no mandoc"
	mandoc -T lint -W warning "$man"/*.[17]
}
