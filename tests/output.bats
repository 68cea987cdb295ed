#!/usr/bin/env bats
# -o FILE: whole or not at all.

load helper

@test "-o: the file appears when all is well" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		all "$program" -o file <in >out 2>err
		same in file
		like out ''
		like err ''
		[ ! -e file.part ]
		rm file
	done
	all csvcut -o in in
	like in 'a,b\n1,2\n'
}

@test "-o -: standard output" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		all "$program" -o none -o - <in >out 2>err
		same in out
	done
	"$BIN/csvbatch" -n 1 -o - -- cat <in >out
	same in out
	[ "$(echo *)" = "err in out" ]
	got=0
	"$BIN/csvbatch" -n 1 -o - --journal j -- cat <in >out 2>err || got=$?
	[ $got = 2 ]
	all csvcut -o ./- <in >out
	same in ./-
}

@test "-o: a failure leaves the old file, and no other" {
	for program in $FILTERS; do
		echo old >file
		put 'a,b\n1,2\n3\n'
		got=0
		all "$program" -o file <in >out 2>err || got=$?
		ends "$got" 1 '' '@: stdin:3: record 2 has 1 field, the header has 2; --ragged=pad fills it up, --rejects FILE sets it aside\n'
		like file 'old\n'
		got=0
		all "$program" -o file none >out 2>err || got=$?
		ends "$got" 3 '' '@: none: No such file or directory\n'
		got=0
		all "$program" -o file --expect-header x <in >out 2>err || got=$?
		ends "$got" 1 '' '@: stdin:1: the header is not --expect-header x\n'
		like file 'old\n'
		[ ! -e file.part ]
	done
	one 'a,b\n' 2 '' '@: no column "x"; the header has 2 columns: "a", "b"\n' \
		csvcut -c x -o file
	like file 'old\n'
	[ ! -e file.part ]
}

@test "-o: a disk that is full" {
	"$PARKING" 3M >in
	for program in $FILTERS; do
		echo old >file
		got=0
		(ulimit -f 1024 && all "$program" -o file <in >out 2>err) || got=$?
		ends "$got" 3 '' '@: file: write error: File too large\n'
		like file 'old\n'
		[ ! -e file.part ]
	done
}

@test "-o: what cannot be opened" {
	each 'a,b\n1,2\n' 3 '' '@: nowhere/file: No such file or directory\n' -o nowhere/file
	each 'a,b\n1,2\n' 3 '' '@: /tmp: Is a directory\n' -o /tmp
	[ -c /dev/full ] || skip "no /dev/full"
	each 'a,b\n1,2\n' 3 '' '@: /dev/full: write error: No space left on device\n' \
		-o /dev/full
}

@test "-o: the mode of the old file is kept, that of a new one is the umask's" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		echo old >file
		chmod 640 file
		all "$program" -o file <in
		[ "$(stat -c %a file)" = 640 ]
		rm file
		(umask 027 && all "$program" -o file <in)
		[ "$(stat -c %a file)" = 640 ]
	done
}

@test "113: -o: a second run on the same file is refused, a dead one's part is ours" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		echo 'rest of a run that was killed, longer than the new file' >file.part
		mkfifo from
		all "$program" -o file <from 3>&- &
		exec 4>from
		cat in >&4
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			cmp -s in file.part && break
			sleep 0.05
		done
		got=0
		all "$program" -o file <in >out 2>err || got=$?
		ends "$got" 3 '' '@: file.part: another run is writing it\n'
		exec 4>&-
		wait $!
		same in file
		rm from file
	done
}

@test "113: -o: a link is replaced by the file, what it names stays" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		echo old >target
		ln -s target file
		all "$program" -o file <in
		[ ! -L file ]
		same in file
		like target 'old\n'
		rm file
		ln -s target file.part
		got=0
		all "$program" -o file <in >out 2>err || got=$?
		[ "$got" = 3 ]
		like target 'old\n'
		rm file.part
	done
}

@test "113: -o: the file and its directory are synced, in that order" {
	traced
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		strace -o trace -e trace=fsync,rename,unlink "$BIN/$program" \
			"$(all_of "$program")" -o file <in
		sed 's/(.*//; /^+/d' trace >calls
		like calls 'fsync\nrename\nfsync\n'
		got=0
		echo old >file
		strace -o trace -e trace=fsync -e inject=fsync:error=EIO:when=1 \
			"$BIN/$program" "$(all_of "$program")" -o file <in >out 2>err || got=$?
		ends "$got" 3 '' '@: file: write error: Input/output error\n'
		like file 'old\n'
		[ ! -e file.part ]
	done
}

@test "-o: a call that fails is named, and the old file stays" {
	traced
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		echo old >file
		for call in flock:ENOLCK:'file: No locks available' \
			rename:EACCES:'file: write error: Permission denied'; do
			IFS=: read -r name error says <<<"$call"
			got=0
			strace -o trace -e "trace=$name" -e "inject=$name:error=$error" \
				"$BIN/$program" "$(all_of "$program")" -o file \
				<in >out 2>err || got=$?
			ends "$got" 3 '' "@: $says\n"
			like file 'old\n'
		done
		[ ! -e file.part ]
	done
}

@test "118: no descriptor is left" {
	plain
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		got=0
		way=$(all_of "$program")
		(ulimit -n 4 && exec "$BIN/$program" "$way" -o file in) \
			</dev/null >out 2>err 3>&- || got=$?
		ends "$got" 3 '' '@: in: Too many open files\n'
		[ ! -e file ] && [ ! -e file.part ]
	done
}

@test "-o: what is no regular file is written directly" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		mkfifo to
		cat to >out &
		all "$program" -o to <in
		wait
		same in out
		rm to
		all "$program" -o /dev/stdout <in | cat >out
		same in out
		all "$program" -o /dev/null <in
	done
}

@test "-o: killed by a signal it leaves the old file" {
	put 'a,b\n1,2\n'
	for program in $FILTERS; do
		echo old >file
		mkfifo from
		"$BIN/tests/start" -d 2 -d 15 "$BIN/$program" "$(all_of "$program")" \
			-o file <from 3>&- &
		exec 4>from
		cat in >&4
		sleep 0.05
		kill -TERM $!
		got=0
		wait $! || got=$?
		exec 4>&-
		[ "$got" = 143 ]
		like file 'old\n'
		rm from
	done
}
