# shellcheck shell=bash
# A PostgreSQL on a socket in the directory of the part, with a table trips.

# own COMMAND...: as a user that may have a database, not as root.
own() {
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		exec "$@"
	fi
}

pg_server() {
	local user
	need psql setpriv
	for pgbin in /usr/lib/postgresql/*/bin \
		"$(dirname "$(command -v initdb)")"; do
		[ -x "$pgbin/initdb" ] && break
	done
	[ -x "$pgbin/initdb" ] || skip "no initdb"
	user=$(id -un)
	[ "$(id -u)" != 0 ] || user=postgres
	mkdir data socket
	chown "$user" data socket || skip "no user postgres"
	export PGHOST=$work/socket PGUSER=load PGDATABASE=postgres
	unset PGPORT PGSERVICE
	(own "$pgbin/initdb" -D "$work/data" -A trust -U load -E UTF8 \
		--no-sync >/dev/null 2>&1)
	pg_start || skip "the server does not come up"
	sql 'CREATE TABLE trips (id int PRIMARY KEY, day date, "from" text,
		"to" text, fare numeric, tip text)'
}

pg_start() {
	start postgres own "$pgbin/postgres" -D "$work/data" \
		-k "$work/socket" -c listen_addresses= -F
	until_true 30 psql -Xqc ''
}

sql() {
	psql -XqAt -v ON_ERROR_STOP=1 -c "$1"
}
