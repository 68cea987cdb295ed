#!/usr/bin/env bats
# The two parking jobs as a user types them, against Python's csv module.

setup() {
	cd "$BATS_TEST_TMPDIR"
	five='Registration State,Vehicle Make,Issuing Agency,House Number,Street Name'
	ford='{Registration State} == "NJ" && {Vehicle Make} == "FORD" && {Issuing Agency} == "P"'
	police='vehicle_make = {Vehicle Make}; issuing_agency = recode({Issuing Agency}, "P", "police");
	    address = join(", ", {House Number}, {Street Name}, {Registration State})'
	days='days_until_expiration = date({Vehicle Expiration Date}, "%Y%m%d.0", "%Y%m%d") - date({Issue Date}) ?? -1'
}

# is_python JOB FILE: the bytes of FILE are what the Python program answers.
is_python() {
	command -v python3 >/dev/null || return 0
	python3 "$BATS_TEST_DIRNAME/jobs.py" "$1" <parking.csv | cmp - "$2"
}

@test "job 1 is what Python computes" {
	"$PARKING" -n 100000 -q 100 >parking.csv
	"$BIN/csvcut" -c "$five" <parking.csv | "$BIN/csvfilter" "$ford" |
		"$BIN/csvmap" --only "$police" >out.csv
	[ "$(cksum <out.csv)" = "2733528677 6910" ]
	is_python 1 out.csv
}

@test "job 2 is what Python computes, and leaves 43 columns as they were" {
	"$PARKING" -n 20000 -q 100 >parking.csv
	"$BIN/csvmap" "$days" <parking.csv >out.csv
	sed 's/,[^,]*$//' out.csv | cmp - parking.csv
	[ "$(cksum <out.csv)" = "2172618847 4086339" ]
	is_python 2 out.csv
}

@test "job 2 on CRLF with every field quoted changes nothing but one column" {
	"$PARKING" -n 5000 -a -C >parking.csv
	"$BIN/csvmap" "$days" <parking.csv >out.csv
	sed 's/,[^,"]*\r$/\r/' out.csv | cmp - parking.csv
	tail -n +2 out.csv | grep -cv ',-\{0,1\}[0-9]*.$' | grep -qx 0
}

# little PROGRAM ARG...: it stays under 4 MiB on 500 MB of parking records.
little() {
	program=$1
	shift
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	"$PARKING" 500MB | "$BIN/tests/peak" kib "$BIN/$program" "$@" >/dev/null
	echo "$program: $(cat kib) KiB"
	[ "$(cat kib)" -lt 4096 ]
}

@test "csvcut stays under 4 MiB" { little csvcut -c "$five"; }

@test "csvfilter stays under 4 MiB" { little csvfilter "$ford"; }

@test "csvmap stays under 4 MiB" { little csvmap "$days"; }

# clean PROGRAM ARG...: valgrind has nothing to say, also of memory not freed.
clean() {
	program=$1
	shift
	command -v valgrind >/dev/null || skip "no valgrind"
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	"$PARKING" -n 2000 -q 100 -o 20 >parking.csv
	valgrind -q --leak-check=full --show-leak-kinds=all --error-exitcode=9 \
		"$BIN/$program" "$@" <parking.csv >/dev/null
}

@test "valgrind finds nothing in csvcut" { clean csvcut -c "$five"; }

@test "valgrind finds nothing in csvfilter" { clean csvfilter "$ford"; }

@test "valgrind finds nothing in csvmap" { clean csvmap "$days"; }

@test "the demo shows both jobs" {
	SIZE=1M "$BATS_TEST_DIRNAME/demo" >out
	grep -q '^    \$ csvcut --stats -c ' out
	grep -q '^vehicle_make,issuing_agency,address$' out
	[ "$(grep -c '^csvmap: ' out)" -ge 2 ]
}
