#!/usr/bin/env bats
# What a run reads and writes: no file has two parts in it, and a .part is ours.

load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/run"
	cd "$BATS_TEST_TMPDIR/run" || return
	printf 'a,b\n1,2\n3\n' >in
	ways="csvcut csvfilter csvmap csvbatch"
}

# The command line of PROGRAM with options, as a shell reads it.
line() {
	case $1 in
	csvbatch) echo "$BIN/csvbatch -n 1 ${*:2} -- cat" ;;
	*) echo "$BIN/$1 '$(all_of "$1")' ${*:2}" ;;
	esac
}

# All names here, and what they hold.
everything() {
	for f in * .[a-z]*; do
		if [ -f "$f" ]; then
			echo "$f $(stat -c '%i %a' "$f") $(cksum <"$f")"
		fi
	done
}

# refused STATUS MESSAGE LINE: a line of shell that fails and changes nothing.
refused() {
	local got=0 was
	was=$(everything)
	timeout 20 sh -c "$3" >../out 2>../err || got=$?
	if [ "$got" = "$1" ] && grep -qx "csv[a-z]*: $2" ../err &&
		[ "$(wc -l <../err)" = 1 ] && [ "$was" = "$(everything)" ]; then
		return 0
	fi
	echo "status $got, not $1, of: $3"
	cat ../err
	diff <(echo "$was") <(everything)
	return 1
}

# The same for two files that are one.
shared() {
	refused 2 "$1; give each a file of its own" "$2"
}

@test "--rejects is no file of -o, whatever its names" {
	echo old >old
	ln old hard
	ln -s old soft
	ln -s new dangling
	ln -s "$PWD/new" far
	echo other >part.part
	for program in $ways; do
		for both in new:new new:./new ./new:new old:old old:hard \
			hard:old old:soft soft:old new:dangling dangling:new \
			new:far "new:../run/new"; do
			shared "${both#*:}: rejects file is output file" \
				"$(line "$program" -o "${both%:*}" --rejects "${both#*:}") <in"
		done
		shared 'x.part: rejects file is the .part of the output file' \
			"$(line "$program" -o x --rejects x.part) <in"
		shared 'part.part: rejects file is the .part of the output file' \
			"$(line "$program" -o part --rejects part.part) <in"
		shared '/dev/stdout: rejects file is output file' \
			"$(line "$program" --rejects /dev/stdout) <in >>old"
		shared 'old: rejects file is output file' \
			"$(line "$program" --rejects old) <in >>old"
	done
	shared 'old: rejects file is output file' \
		"$BIN/csvpar --rejects old -- cat <in >>old"
	# what is not regular may be shared, and names may only look alike
	for program in $ways; do
		sh -c "$(line "$program" -o /dev/null --rejects /dev/null) <in"
		sh -c "$(line "$program" -o x --rejects X) <in" 2>err
		[ "$(wc -l <X)" = 2 ]
		[ "$(wc -l <x)" = 2 ]
		rm x X
	done
}

@test "--rejects is no pipe of the output, whatever their names" {
	mkfifo fifo other
	ln fifo hard
	exec 7<>fifo 8<>other # so that nobody waits for the other end
	for program in $ways csvpar; do
		cmd=$(line "$program")
		[ "$program" != csvpar ] || cmd="$BIN/csvpar -- cat"
		with() { echo "${cmd/ / $* }"; }
		shared '/dev/stdout: rejects file is output file' \
			"{ $(with --rejects /dev/stdout) <in; echo \$? >&3; } 3>../rc | cat >&2
			exit \$(cat ../rc)"
		got=0
		sh -c "$(with --rejects /dev/stderr) <in >fifo 2>&1" || got=$?
		[ "$got" = 2 ]
		shared 'hard: rejects file is output file' \
			"$(with --rejects hard) <in >fifo"
		[ "$program" != csvpar ] || continue
		shared '/dev/stdout: rejects file is output file' \
			"{ $(with -o /dev/stdout --rejects /dev/stdout) <in
			echo \$? >&3; } 3>../rc | cat >&2; exit \$(cat ../rc)"
		shared 'hard: rejects file is output file' \
			"$(with -o fifo --rejects hard) <in"
		# two pipes
		sh -c "$(with -o fifo --rejects other) <in" 2>../err
		sh -c "$(with --rejects /dev/stderr) <in 2>other >fifo"
		sh -c "$(with -o x --rejects /dev/stdout) <in >fifo" 2>../err
		rm x
	done
}

@test "an input is not written, unless -o replaces it" {
	cp in copy
	ln in hard
	for program in $ways; do
		cp in x.part
		refused 3 'stdin: input file is the .part of the output file' \
			"$(line "$program" -o x) <x.part"
		rm x.part
		for name in in ./in hard; do
			refused 3 'stdin: input file is rejects file' \
				"$(line "$program" --rejects $name) <in"
		done
		refused 3 'stdin: input file is output file' \
			"$(line "$program" --rejects x) <in >>in"
		: >empty
		refused 3 'stdin: input file is rejects file' \
			"$(line "$program" --rejects empty) <empty"
		sh -c "$(line "$program" -o copy --rejects x) <copy" 2>err
		printf 'a,b\n1,2\n' | cmp - copy
		[ "$(wc -l <x)" = 2 ]
		cp in copy
		rm x
	done
	refused 3 'stdin: input file is rejects file' \
		"$BIN/csvpar --rejects hard -- cat <in"
	for program in $FILTERS; do
		refused 3 'in: input file is rejects file' \
			"$(line "$program" --rejects hard copy in)"
		refused 3 'in: input file is output file' \
			"$(line "$program" --rejects x copy in) >>hard"
		# an empty one would be met again, with what was written
		refused 3 'empty: input file is output file' \
			"$(line "$program" copy empty) >>empty"
		cp in hard.part
		refused 3 'hard.part: input file is the .part of the output file' \
			"$(line "$program" -o hard copy hard.part)"
		rm hard.part
	done
}

@test "a program or a list is an input, too" {
	echo 1 >list
	echo 'a in @s' >test
	refused 3 'list: rejects file is input file' \
		"$BIN/csvfilter --set s=list 'a in @s' --rejects list <in"
	refused 3 './test: rejects file is input file' \
		"$BIN/csvfilter --set s=list -f test --rejects ./test <in"
	cp list list.part
	refused 3 'list.part: the .part of the output file is input file' \
		"$BIN/csvfilter --set s=list.part 'a in @s' -o list <in"
	printf 'a\n1\n' >data
	"$BIN/csvfilter" --set s=list 'a in @s' -o list <data
	cmp data list
}

@test "a journal is a file of its own" {
	echo old >old
	ln old hard
	J="$BIN/csvbatch -n 1 --journal"
	shared './new: output file is journal' "$J new -o ./new -- cat <in"
	shared 'hard: output file is journal' "$J old -o hard -- cat <in"
	shared './new: rejects file is journal' \
		"$J new -o x --rejects ./new -- cat <in"
	shared 'hard: rejects file is output file' \
		"$J new -o old --rejects hard -- cat <in"
	refused 3 'stdin: input file is journal' "$J in -o x -- cat <in"
	refused 3 'stdin: input file is output file' "$J j -o in -- cat <in"
	refused 3 'stdin: input file is rejects file' \
		"$J j --no-output --rejects in -- cat <in"
	: >empty
	refused 3 'stdin: input file is journal' "$J empty -o x -- cat <empty"
}

@test "shards, and what else there is" {
	S="$BIN/csvbatch -n 1 -o 'part-{}.csv'"
	ln -s part-000002.csv link
	for name in part-000001.csv ./part-000001.csv part-000009.csv.part link; do
		shared 'part-00000[0-9].csv\(.part\)\?: rejects file is output file' \
			"$S --rejects $name <in"
	done
	cp in part-000001.csv
	refused 3 'part-000001.csv: a file that matches -o is there already' \
		"$S <part-000001.csv"
	mv part-000001.csv part-000001.csv.part
	refused 3 'part-000001.csv.part: the .part of the output file is input file' \
		"$S <part-000001.csv.part"
	rm part-000001.csv.part
	mkfifo part-000001.csv.part
	refused 3 'part-000001.csv.part: in the way, and no regular file' "$S <in"
}

@test "a .part that is in the way" {
	for program in $ways; do
		echo old >x
		mkfifo x.part
		refused 3 'x.part: in the way, and no regular file' \
			"$(line "$program" -o x) <in"
		rm x.part
		ln -s x x.part
		refused 3 'x.part: in the way, and no regular file' \
			"$(line "$program" -o x) <in"
		rm x.part
		mkdir x.part
		refused 3 'x.part: in the way, and no regular file' \
			"$(line "$program" -o x) <in"
		rmdir x.part
		echo mine >y
		ln y x.part
		refused 3 'x.part: in the way, and a file with another name, too' \
			"$(line "$program" -o x) <in"
		rm x.part
	done
	printf 'a,b\n1,2\n' >in
	for program in $ways; do
		echo 'left by a run that was killed' >x.part
		sh -c "$(line "$program" -o x) <in"
		cmp in x
		[ ! -e x.part ]
	done
	[ "$(id -u)" = 0 ] || skip "not root: no file of another user"
	for program in $ways; do
		echo theirs >x.part
		chown 65534 x.part
		refused 3 'x.part: in the way, and a file of another user' \
			"$(line "$program" -o x) <in"
		rm x.part
	done
}

@test "permissions: never more than 0777, and only those of a file of ours" {
	printf 'a,b\n1,2\n' >in
	umask 022
	for program in $ways; do
		for mode in 4755:755 2640:640 1777:777 600:600 000:0 444:444; do
			echo old >x
			chmod "${mode%:*}" x
			sh -c "$(line "$program" -o x) <in"
			[ "$(stat -c %a x)" = "${mode#*:}" ]
			rm -f x
		done
	done
	[ "$(id -u)" = 0 ] || skip "not root: no file of another user"
	for program in $ways; do
		echo old >x
		chown 65534 x
		chmod 6777 x
		sh -c "$(line "$program" -o x) <in"
		[ "$(stat -c '%a %u' x)" = "644 0" ]
	done
}

@test "a part that was taken away, or replaced, does not become the file" {
	printf 'a,b\n1,2\n' >in
	for program in $ways; do
		for what in 'rm x.part' 'rm x.part; echo theirs >x.part' \
			'mv x.part y'; do
			echo old >x
			got=0
			{
				cat in
				# until the program has locked it
				for _ in $(seq 500); do
					part=$(stat -c %i x.part 2>/dev/null) &&
						grep -q ":$part " /proc/locks &&
						break
					sleep 0.02
				done
				sh -c "$what"
			} | sh -c "$(line "$program" -o x)" 2>../err || got=$?
			[ "$got" = 3 ]
			grep -q ': x.part: another file has this name now$' ../err
			[ "$(cat x)" = old ]
			[ ! -e x.part ] || [ "$(cat x.part)" = theirs ]
			rm -f x.part y
		done
	done
}

@test "a call that fails leaves the old file, and no part" {
	traced
	printf 'a,b\n1,2\n' >in
	for program in $ways; do
		for call in flock:ENOLCK fchmod:EPERM fsync:EIO rename:EXDEV \
			close:EIO write:ENOSPC; do
			echo old >x
			refused 3 'x: .*' "strace -o /dev/null -P x.part -P '$PWD/x.part' \
				-e trace=${call%:*} -e inject=${call%:*}:error=${call#*:}:when=1 \
				$(line "$program" -o x) <in"
		done
		# calls that look at x.part when it was made, and before the rename
		last=6
		[ "$program" != csvbatch ] || last=7
		for when in 3 4 $last; do
			refused 3 'x: .*Input/output error' "strace -o /dev/null \
				-P x.part -P '$PWD/x.part' -e trace=newfstatat \
				-e inject=newfstatat:error=EIO:when=$when \
				$(line "$program" -o x) <in"
		done
		rm x
		refused 3 'x: .*' "strace -o /dev/null -P x.part -P '$PWD/x.part' \
			-e trace=flock -e inject=flock:error=ENOLCK \
			$(line "$program" -o x) <in"
	done
}

@test "a directory that cannot be read is not synced; one that fails is told" {
	traced
	printf 'a,b\n1,2\n' >in
	for program in $ways; do
		rm -rf d
		mkdir d
		gives 0 strace -o /dev/null -P d -P "$PWD/d" -e trace=openat \
			-e inject=openat:error=EACCES \
			sh -c "exec $(line "$program" -o d/x)" <in
		cmp in d/x
		gives 3 strace -o /dev/null -P d -P "$PWD/d" -e trace=fsync \
			-e inject=fsync:error=EIO \
			sh -c "exec $(line "$program" -o d/y)" <in
		cmp in d/y
		says 'd/y: is there, but a crash may undo that: sync of its directory: Input/output error'
	done
}

@test "memory runs out: no part stays" {
	plain
	"${CC:-cc}" -shared -fPIC -o nomem.so "$BATS_TEST_DIRNAME/preload/nomem.c" ||
		skip "no compiler"
	echo old >x
	printf 'a,b\n1,2\n' >in
	for program in $ways; do
		for n in $(seq 200); do
			got=0
			sh -c "NOMEM_AFTER=$n LD_PRELOAD=./nomem.so $(line "$program" -o x) <in" \
				2>../err || got=$?
			[ ! -e x.part ]
			[ "$got" != 0 ] || break
		done
		[ "$n" -gt 5 ] && [ "$got" = 0 ]
	done
}
