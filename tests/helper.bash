# shellcheck shell=bash
# What the tests share, most of it those of csvcut, csvfilter and csvmap; begin
# a file of tests with "load helper".  Texts are written as printf's %b reads
# them.

FILTERS="csvcut csvfilter csvmap"

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# The argument with which PROGRAM lets everything through.
all_of() {
	case $1 in
	csvcut) echo '-c*' ;;
	csvfilter) echo true ;;
	csvmap) echo ;;
	esac
}

# all PROGRAM [ARG]...: PROGRAM as the filter that lets everything through.
all() {
	"$BIN/$1" "$(all_of "$1")" "${@:2}"
}

# put TEXT: the input.
put() {
	printf '%b' "$1" >in
}

# same WANT GOT: two files hold the same bytes.
same() {
	cmp -s "$1" "$2" && return
	echo "wanted:"
	cat -A "$1"
	echo "got in $2:"
	cat -A "$2"
	return 1
}

# ends GOT STATUS OUT ERR: how a command on in ended, with out and err.  OUT
# may be = for what came in; in ERR, @: and @ -- stand for the program's name.
ends() {
	local text
	if [ "$1" != "$2" ]; then
		echo "wanted status $2, got $1; it said:"
		cat err
		return 1
	fi
	if [ "$3" = = ]; then
		same in out
	else
		printf '%b' "$3" >want.out
		same want.out out
	fi || return
	text=${4//@:/$program:}
	printf '%b' "${text//@ --/$program --}" >want.err
	same want.err err
}

# dripped COMMAND [ARG]...: on in, with reads of one byte.
dripped() {
	set +o pipefail
	"$BIN/tests/drip" 1 <in 2>/dev/null | "$@"
}

# both STATUS OUT ERR COMMAND [ARG]...: what a command makes of in, whole and
# read byte by byte.
both() {
	local got=0 want=("${@:1:3}")
	shift 3
	"$@" <in >out 2>err || got=$?
	ends "$got" "${want[@]}" || {
		echo "of: $*"
		return 1
	}
	got=0
	dripped "$@" >out 2>err || got=$?
	ends "$got" "${want[@]}" || {
		echo "of: $*, read byte by byte"
		return 1
	}
}

# one IN STATUS OUT ERR PROGRAM [ARG]...: what one of ours makes of IN.
one() {
	local program=$5
	put "$1"
	both "${@:2:3}" "$BIN/$program" "${@:6}"
}

# each IN STATUS OUT ERR [OPTION]...: what the three make of IN when they let
# everything through.
each() {
	local program
	put "$1"
	for program in $FILTERS; do
		both "${@:2:3}" all "$program" "${@:5}" || return
	done
}

# like FILE TEXT: FILE holds exactly TEXT.
like() {
	printf '%b' "$2" >want.file
	same want.file "$1"
}

# gives STATUS COMMAND [ARG]...: it ends so within a minute, with its output in
# out, or the file of $into, and its messages in err.
gives() {
	local got=0
	timeout 60 "${@:2}" >"${into:-out}" 2>err || got=$?
	[ "$got" = "$1" ] || {
		echo "status $got, not $1: ${*:2}"
		cat err
		false
	}
}

# says TEXT: it stands in the messages.
says() {
	grep -qF -- "$1" err || {
		echo "not said: $1"
		cat err
		false
	}
}

# none_left: no process of this directory's scripts is left, or soon is.
none_left() {
	local left
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		# shellcheck disable=SC2009 # pgrep counts zombies, too
		left=$(ps -eo stat=,args= | grep -F "$PWD/" |
			grep -v -e '^Z' -e grep) || return 0
		sleep 0.2
	done
	echo "left: $left"
	false
}

# plain: skips what sanitizers disturb.
plain() {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
}

# traced: skips where strace cannot trace.
traced() {
	plain
	strace -o /dev/null true 2>/dev/null || skip "strace cannot trace"
}
