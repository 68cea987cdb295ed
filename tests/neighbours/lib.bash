# shellcheck shell=bash
# What the parts of tests/neighbours share.  A part sources this file, asks
# for what it needs, starts its servers, and says what must hold:
#
#	. "${0%/*}/lib.bash"
#	begin pg-out pg-in           # the recipes of the cookbook it runs
#	need psql                    # or the part is skipped by name
#	start server postgres -D d   # ended at exit, by its process id
#	until_true 30 psql -c '' || skip "the server does not come up"
#	check "a sentence" function
#
# A part works in a temporary directory, where each recipe is a file.  Its last
# line is "N passed, N failed, N skipped".  SIZE is how many records the big
# jobs have.

: "${BIN:?}"
here=$(cd "${0%/*}" && pwd)
cache=$BIN/neighbours # what is installed here: venv, bin
SIZE=${SIZE:-100000}
passed=0 failed=0 skipped=0

begin() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/nb.XXXXXX") || exit 1
	chmod 755 "$work"
	cd "$work" || exit 1
	trap finish EXIT
	trap 'exit 1' INT TERM HUP
	PATH=$BIN:$cache/bin:$cache/venv/bin:$PATH:/usr/sbin:/sbin
	awk -f "$here/../examples.awk" \
		"$here"/../../man/csvpipe-{cookbook,tutorial}.7
	mkdir shown && mv csvpipe-*.7-* shown
	recipes=("$@")
	check "its recipes are in the cookbook" whole
}

# whole: the recipes are there, and a shell can read those that are for one.
whole() {
	local name
	for name in "${recipes[@]}"; do
		case $(head -n 1 "$name") in
		'#!'*) chmod +x "$name" ;;
		esac
		case $name in
		*.*) ;;
		*) bash -n "$name" ;;
		esac
	done
}

# check SENTENCE COMMAND...: runs it in a shell of its own that ends at the
# first command that fails.
check() {
	local status sentence=$1
	shift
	(
		set -euo pipefail
		"$@"
	) >"$work/check.log" 2>&1 </dev/null
	status=$?
	if [ $status = 0 ]; then
		passed=$((passed + 1))
		echo "ok $sentence"
		grep '^figure: ' "$work/check.log"
	else
		failed=$((failed + 1))
		echo "not ok $sentence: status $status"
		tail -n 40 "$work/check.log"
	fi
}

# recipe NAME [ARG]...: runs a recipe as the cookbook shows it.
recipe() {
	bash -o pipefail "$@"
}

# fails COMMAND...: it ends, within two minutes, with a status that is not 0.
fails() {
	local status=0
	timeout 120 "$@" || status=$?
	[ $status != 0 ] && [ $status != 124 ]
}

# equal WANT GOT
equal() {
	[ "$1" = "$2" ] || {
		echo "wanted '$1', got '$2'"
		return 1
	}
}

# skip WHY: what is left of this part cannot run.
skip() {
	skipped=$((skipped + 1))
	echo "skipped: $1"
	exit 0
}

# pass_over WHAT WHY: one component cannot be had.
pass_over() {
	skipped=$((skipped + 1))
	echo "skipped: $1: $2"
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "no $program"
	done
}

# python PACKAGE...: they are in the virtual environment; 1 if they cannot be.
python() {
	[ -x "$cache/venv/bin/pip" ] || {
		mkdir -p "$cache"
		python3 -m venv "$cache/venv" || return
		hash -r
	} >"$work/pip.log" 2>&1
	"$cache/venv/bin/pip" install -q --no-input --retries 1 \
		--disable-pip-version-check "$@" >"$work/pip.log" 2>&1 </dev/null
}

# start NAME COMMAND...: a server, with its log in NAME.log and its process id
# in NAME.pid.
start() {
	local name=$1
	shift
	"$@" >>"$work/$name.log" 2>&1 </dev/null &
	echo $! >"$work/$name.pid"
	echo $! >>"$work/started"
}

# until_true SECONDS COMMAND...: waits until it is true; 1 after so long.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# gone PID: it has ended, though nobody may have waited for it.
gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"
}

# end PID...: with SIGTERM, and SIGKILL when that takes more than 10 s.
end() {
	local pid
	kill "$@" 2>/dev/null
	for pid; do
		until_true 10 gone "$pid" || kill -9 "$pid" 2>/dev/null
	done
}

finish() {
	[ "$(type -t down)" != function ] || down
	# shellcheck disable=SC2046
	[ ! -e "$work/started" ] || end $(cat "$work/started")
	cd / && rm -rf "$work"
	echo "$passed passed, $failed failed, $skipped skipped"
	exit $((failed != 0))
}

# seconds COMMAND...: runs it, with the seconds it took in $took.
seconds() {
	local began=$EPOCHREALTIME
	"$@"
	took=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $began }")
}

# watch: the memory of the programs that work in this directory, until the
# file "done" is there: seconds, program and KiB.
watch() {
	python3 - "$work" <<-'END'
		import os, sys, time
		work, began = sys.argv[1], time.time()
		out = open("memory.csv", "w")
		print("seconds,program,kib", file=out)
		while not os.path.exists("done"):
		    for pid in filter(str.isdigit, os.listdir("/proc")):
		        try:
		            if (os.readlink(f"/proc/{pid}/cwd") != work
		                    or pid == str(os.getpid())):
		                continue
		            status = open(f"/proc/{pid}/status").read()
		            say = dict(x.split(":\t", 1) for x in status.splitlines())
		            print(f"{time.time() - began:.1f},{say['Name']},"
		                  f"{say['VmRSS'].split()[0]}", file=out)
		        except (OSError, KeyError, ValueError):
		            pass
		    time.sleep(0.1)
	END
}

# most PROGRAM: the most KiB that it had.
most() {
	csvfilter "program == \"$1\"" memory.csv | csvcut --plain -c kib |
		sort -n | tail -n 1
}

# watched COMMAND...: with its seconds in $took and its memory in memory.csv
watched() {
	rm -f done
	watch &
	seconds "$@"
	touch done
	wait $!
}

# trips N: records with all that CSV can hold, and NULL beside "".
trips() {
	awk -v n="$1" 'BEGIN {
		print "id,day,from,to,fare,tip"
		for (i = 1; i <= n; i++) {
			from = i % 7 ? "Broadway" : "\"Park Ave, " i % 9 "\""
			if (i % 11 == 0) from = "\"say \"\"" i "\"\"\""
			if (i % 13 == 0) from = "\"two\nlines\""
			to = i % 5 ? "Main St" : (i % 2 ? "" : "\"\"")
			if (i % 17 == 0) to = "Z\303\274rich \\N \\t"
			printf "%d,2024-%02d-%02d,%s,%s,%d.%02d,%s\n", i,
				i % 12 + 1, i % 28 + 1, from, to, i % 60, i % 100,
				i % 3 ? i % 4 ".50" : ""
		}
	}'
}
