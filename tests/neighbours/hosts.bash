# shellcheck shell=bash
# Hosts that are network namespaces: ctl and h1, h2 ..., on a bridge in ctl.  No
# way leads outside, and all see the same files.

# on HOST COMMAND...: in its namespace, with its name; files are shared.
on() {
	exec nsenter --net="/run/netns/$net-$1" unshare --uts --mount sh -c '
		hostname "$0" && mount --bind "$1" /etc/hosts && shift &&
		exec "$@"' "$1" "$work/hosts" "${@:2}"
}

# hosts N: makes so many, or skips.
hosts() {
	need ip nsenter unshare
	[ "$(id -u)" = 0 ] || skip "only root can make network namespaces"
	make_hosts "$1" >"$work/hosts.log" 2>&1 || skip "no network namespaces"
}

make_hosts() {
	local n
	count=$1
	net=nb$$
	{
		echo 127.0.0.1 localhost
		echo 10.77.0.1 ctl
		for n in $(seq "$count"); do echo "10.77.0.1$n h$n"; done
	} >hosts
	ip netns add $net-ctl || return
	ip -n $net-ctl link set lo up
	ip -n $net-ctl link add br0 type bridge || return
	ip -n $net-ctl addr add 10.77.0.1/24 dev br0
	ip -n $net-ctl link set br0 up
	for n in $(seq "$count"); do
		ip netns add "$net-h$n" || return
		ip -n "$net-h$n" link set lo up
		ip -n $net-ctl link add "v$n" type veth peer name eth0 \
			netns "$net-h$n" || return
		ip -n $net-ctl link set "v$n" master br0 up
		ip -n "$net-h$n" addr add "10.77.0.1$n/24" dev eth0
		ip -n "$net-h$n" link set eth0 up
	done
}

# die HOST: all its processes, at once.
die() {
	ip netns pids "$net-$1" | xargs -r kill -9
}

empty() {
	[ -z "$(ip netns pids "$net-$1")" ]
}

down() {
	local host
	[ -n "${net:-}" ] || return
	for host in $(seq -f h%g "$count") ctl; do
		[ -e "/run/netns/$net-$host" ] || continue
		ip netns pids "$net-$host" | xargs -r kill
		until_true 5 empty $host || die $host
		ip netns del "$net-$host"
	done
}

