#!/usr/bin/env bats
# csvbatch into services that are real: HTTP with a bill, PostgreSQL.

setup() {
	cd "$BATS_TEST_TMPDIR"
	batch=$BIN/csvbatch
}

teardown() {
	[ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
	[ -z "${pgdir:-}" ] || {
		as_owner "$pgbin/pg_ctl" -D "$pgdir/data" -m immediate stop \
			>/dev/null 2>&1 || true
		rm -rf "$pgdir"
	}
}

@test "a service that bills by key: every row once, whatever fails" {
	command -v python3 >/dev/null || skip "no python3"
	command -v curl >/dev/null || skip "no curl"
	python3 "$BATS_TEST_DIRNAME/billing.py" 2>/dev/null 3>&- &
	server=$!
	for _ in $(seq 100); do [ -e port ] && break || sleep 0.1; done
	url=http://127.0.0.1:$(cat port)
	awk 'BEGIN { print "id,name"
		for (i = 1; i <= 20000; i++) print i ",n" i }' >in
	awk -F, 'NR == 1 { print "id,price"; next }
		{ print $1 "," length($2) }' in >want
	"$batch" -n 500 -b 20000 -j 4 --to=json --types id:number --raw \
		--retries 8 --backoff 20ms --stats -- sh -c '
		curl -fsS -X POST -H "Idempotency-Key: $CSVBATCH_ID" \
			-H Transfer-Encoding: -H "Content-Length: $CSVBATCH_BYTES" \
			-T - "$0"' "$url/batch" <in >out 2>err
	awk 'NR == 1 || $0 != "id,price"' out | cmp want -
	[ "$(curl -fsS "$url/bill")" = "20000 20000" ]
	grep -q ' 0 failed, [1-9][0-9]* retried' err
	# above the caps: refused for good
	status=0
	"$batch" -n 501 --to=json --retries 2 --backoff 1ms -- sh -c '
		curl -fsS -X POST -H "Idempotency-Key: $CSVBATCH_ID" \
			-T /dev/stdin "$0"' "$url/batch" <in >out 2>err || status=$?
	[ $status = 4 ]
	[ ! -s out ]
}

@test "208: the README's recipe with retries bills every row once" {
	command -v python3 >/dev/null || skip "no python3"
	command -v curl >/dev/null || skip "no curl"
	python3 "$BATS_TEST_DIRNAME/billing.py" 2>/dev/null 3>&- &
	server=$!
	for _ in $(seq 100); do [ -e port ] && break || sleep 0.1; done
	awk 'BEGIN { print "id,name"
		for (i = 1; i <= 5000; i++) print i ",n" i }' >rows.csv
	sed -n '/^    csvbatch .*--retries/,/^$/p' "$BATS_TEST_DIRNAME/../README.md" |
		sed "s|https://example.org/rows|http://127.0.0.1:$(cat port)/batch|
			s|--retries 5|--retries 8 --backoff 20ms|" >recipe
	grep -q -- --retries recipe
	PATH=$BIN:$PATH sh recipe 2>err
	[ "$(curl -fsS "http://127.0.0.1:$(cat port)/bill")" = "5000 5000" ]
}

# Runs a command as a user that may own a database: not as root.
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

# A server of our own, with a short path for its socket; skips without one.
start_postgres() {
	for pgbin in /usr/lib/postgresql/*/bin ''; do
		[ -x "$pgbin/initdb" ] && break
	done
	[ -n "$pgbin" ] || skip "no PostgreSQL"
	command -v psql >/dev/null || skip "no psql"
	[ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1 ||
		skip "no user postgres"
	pgdir=$(mktemp -d /tmp/pg.XXXXXX)
	[ "$(id -u)" != 0 ] || chown postgres "$pgdir"
	cd /
	as_owner "$pgbin/initdb" -D "$pgdir/data" -A trust -U load --no-sync \
		>/dev/null
	as_owner "$pgbin/pg_ctl" -D "$pgdir/data" -w -l "$pgdir/log" -o \
		"-k $pgdir -c listen_addresses= -F -c synchronous_commit=off" \
		start >/dev/null 3>&-
	cd "$BATS_TEST_TMPDIR"
	export PGHOST=$pgdir PGUSER=load PGDATABASE=postgres
	unset PGPORT PGSERVICE
}

@test "PostgreSQL: a million rows, NULL and '' apart, killed and resumed" {
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	start_postgres
	psql -Xq -v ON_ERROR_STOP=1 <<-'END'
	CREATE TABLE source AS SELECT id, 'plate ' || id AS plate,
	    CASE id % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'a, "b"' END AS note,
	    id % 10 <> 9 AS kept
	    FROM generate_series(1, 1111111) AS id;
	CREATE TABLE target (id integer, plate text, note text);
	CREATE TABLE batches (id text PRIMARY KEY);
	END
	# The key goes in with the rows: a batch that runs again adds nothing.
	cat >load <<-'END'
	#!/bin/sh
	echo "$CSVBATCH_NUMBER" >>calls
	exec psql -X -q -v ON_ERROR_STOP=1 -v id="$CSVBATCH_ID" \
		-c 'CREATE TEMP TABLE incoming (LIKE target)' \
		-c '\copy incoming FROM pstdin (FORMAT csv, HEADER)' -f load.sql
	END
	cat >load.sql <<-'END'
	WITH new AS (INSERT INTO batches VALUES (:'id')
	    ON CONFLICT DO NOTHING RETURNING id)
	INSERT INTO target SELECT incoming.* FROM incoming, new;
	END
	chmod +x load
	pipeline() {
		psql -Xqc "COPY (SELECT id, plate, note, kept::text FROM source
			ORDER BY id) TO STDOUT (FORMAT csv, HEADER)" |
			"$BIN/csvfilter" 'kept == "true"' |
			"$BIN/csvcut" -C kept |
			"$batch" -n 10000 -j 2 --journal load.journal \
				--no-output -- ./load
	}
	touch load.journal
	chmod 600 load.journal
	pipeline 2>err &
	for _ in $(seq 300); do
		[ "$(grep -c ^done load.journal || true)" -lt 20 ] || break
		sleep 0.1
	done
	pid=$(pgrep -f "^$batch .*--journal load.journal")
	kill -9 "$pid"
	wait $! || true
	done=$(grep -c ^done load.journal)
	[ "$done" -ge 20 ]
	[ "$done" -lt 100 ]
	pipeline
	[ "$(grep -c ^done load.journal)" = 100 ]
	[ "$(sort -n calls | uniq | wc -l)" = 100 ]
	[ "$(wc -l <calls)" -le 102 ]
	psql -XAtqc "SELECT count(*), count(DISTINCT id), count(note),
		count(*) FILTER (WHERE note = '') FROM target" >counts
	psql -XAtqc "SELECT count(*), count(DISTINCT id), count(note),
		count(*) FILTER (WHERE note = '') FROM source WHERE kept" >expected
	cmp expected counts
	[ "$(cut -d'|' -f1 counts)" = 1000000 ]
	[ "$(psql -XAtqc "SELECT count(*) FROM
		(SELECT id, plate, note FROM source WHERE kept
		EXCEPT ALL SELECT * FROM target) AS lost")" = 0 ]
}

@test "psql as it must be: an error of SQL is an error of the batch" {
	start_postgres
	psql -Xqc 'CREATE TABLE t (n integer CHECK (n < 25))'
	awk 'BEGIN { print "n"; for (i = 1; i <= 30; i++) print i }' >in
	status=0
	"$batch" -n 10 --no-output --rejects bad --bisect -- \
		psql -X -v ON_ERROR_STOP=1 -c '\copy t FROM pstdin (FORMAT csv, HEADER)' \
		<in 2>err || status=$?
	[ $status = 0 ]
	[ "$(psql -XAtqc 'SELECT count(*) FROM t')" = 24 ]
	[ "$(wc -l <bad)" = 7 ]
}
