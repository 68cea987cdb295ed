#!/usr/bin/env bats
# make install, and what links with what.

setup() {
	cd "$BATS_TEST_DIRNAME/.."
}

@test "make install honours PREFIX and DESTDIR, and uninstall undoes it" {
	to=$BATS_TEST_TMPDIR/root
	make -s install B="$BIN" PREFIX=/opt/x DESTDIR="$to"
	for source in cmd/*.c; do
		[ -x "$to/opt/x/bin/$(basename "$source" .c)" ]
	done
	for page in man/*.[17]; do
		[ -f "$to/opt/x/share/man/man${page##*.}/${page#man/}" ]
	done
	[ -f "$to/opt/x/share/csvpipe/profile.gp" ]
	make -s uninstall B="$BIN" PREFIX=/opt/x DESTDIR="$to"
	[ -z "$(find "$to" ! -type d)" ]
}

@test "PROGRAM_PREFIX gives the programs, pages and completions other names" {
	to=$BATS_TEST_TMPDIR/root
	make -s install B="$BIN" PREFIX=/usr DESTDIR="$to" PROGRAM_PREFIX=x
	[ "$(cd "$to/usr/bin" && echo *)" = \
		"xcsvbatch xcsvcut xcsvfilter xcsvmap xcsvpar" ]
	[ -f "$to/usr/share/man/man1/xcsvcut.1" ]
	grep -q xcsvmap "$to/usr/share/bash-completion/completions/xcsvcut"
	echo 'a b' >"$BATS_TEST_TMPDIR/in"
	PATH=$to/usr/bin:$PATH "$to/usr/share/csvpipe/words" 'xcsvcut -c a' \
		" $BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/got"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/got")" = 'a b' ]
	make -s uninstall B="$BIN" PREFIX=/usr DESTDIR="$to" PROGRAM_PREFIX=x
	[ -z "$(find "$to" ! -type d)" ]
}

@test "the Debian package has a version, and no csvkit beside it" {
	command -v dpkg-shlibdeps >/dev/null || skip "no dpkg-dev"
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	.ci/deb "$BIN" "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	[ "$(dpkg-deb -f csvpipe_*.deb Version)" = \
		"$("$BIN/csvcut" --version | sed -n '1s/.* //p')" ]
	[ "$(dpkg-deb -f csvpipe_*.deb Conflicts)" = csvkit ]
	[[ $(dpkg-deb -f csvpipe_*.deb Depends) == *libcsv3* ]]
	dpkg-deb -c csvpipe_*.deb | grep -q ' ./usr/share/csvpipe/words$'
}

@test "the formula depends on every library" {
	awk '$1 == "build" && $4 ~ /^lib.*-dev/ && $4 != "libc6-dev" { print $8 }' \
		.ci/packages >"$BATS_TEST_TMPDIR/libraries"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/libraries")" -gt 2 ]
	while read -r library; do
		grep -q "depends_on \"$library\"" .ci/csvpipe.rb
	done <"$BATS_TEST_TMPDIR/libraries"
}

@test "make html writes a page each, and its links lead to pages" {
	command -v mandoc >/dev/null || skip "no mandoc"
	make -s html B="$BATS_TEST_TMPDIR/b" >/dev/null
	cd "$BATS_TEST_TMPDIR/b/html"
	grep -q 'href="csvcut.1.html"' csvpipe.7.html
	grep -o -h 'class="Xr" href="csv[^"]*"' ./*.html | sort -u |
		sed 's/.*href="//; s/"//' >links
	[ "$(wc -l <links)" -gt 7 ]
	while read -r page; do
		[ -s "$page" ]
	done <links
}

@test "a program links with the libraries it needs and no other" {
	command -v readelf >/dev/null || skip "no readelf"
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	needed=$(readelf -d "$BIN/csvcut" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
	case $needed in *libcsv*) ;; *) false ;; esac
	case $needed in *pcre* | *xxhash* | *utf8proc*) false ;; esac
}

@test "a program is built with guards, and as PIE with RELRO" {
	command -v readelf >/dev/null || skip "no readelf"
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	[ "$(uname -s -m)" = "Linux x86_64" ] || skip "flags of other systems"
	for program in csvcut csvfilter csvmap csvbatch csvpar; do
		readelf -W -s "$BIN/$program" >"$BATS_TEST_TMPDIR/symbols"
		grep -q __stack_chk_fail "$BATS_TEST_TMPDIR/symbols"
		grep -q '_chk@' "$BATS_TEST_TMPDIR/symbols"
		readelf -W -h "$BIN/$program" | grep -q 'Type: *DYN'
		readelf -W -l "$BIN/$program" | grep -q GNU_RELRO
		readelf -W -l "$BIN/$program" | grep -q 'GNU_STACK.* RW '
	done
}

@test "a missing package is one line that says how to get it" {
	run env CC=false .ci/packages check build
	[ "$status" = 1 ]
	case $output in *libcsv*) ;; *) false ;; esac
}

@test "includes point down, without a circle, and a wrong one is found" {
	local to=$BATS_TEST_TMPDIR
	tests/includes
	cp -r cmd lib "$to"
	echo '#include "program.h"' >>"$to/lib/expr/text.c"
	run tests/includes "$to"
	[ "$status" = 1 ]
	[[ $output == *"lib/expr/text.c: expr includes program, which is above it"* ]]
	cp lib/expr/text.c "$to/lib/expr"
	tests/includes "$to"
	echo '#include "expr.h"' >>"$to/lib/json/text.c"
	run tests/includes "$to"
	[ "$status" = 1 ]
	[[ $output == *"json is part of a circle"* ]]
}

@test "README.md has less than 110 lines, and the pages that it names are there" {
	[ "$(wc -l <README.md)" -lt 110 ]
	grep -o 'csv[a-z-]*([17])' README.md | sort -u | tr '()' '. ' >"$BATS_TEST_TMPDIR/pages"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/pages")" -gt 4 ]
	while read -r page; do
		[ -f "man/$page" ]
	done <"$BATS_TEST_TMPDIR/pages"
}
