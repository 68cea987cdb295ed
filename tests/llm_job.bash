#!/usr/bin/env bash
# llm_job.bash: the prompts of csvbatch(1) through the service llm.py, in the
# current directory: RECORDS of them in batches of BATCH, killed KILLS times.
set -euo pipefail
tests=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
PATH=$BIN:$PATH
awk -f "$tests/examples.awk" "$tests/../man/csvbatch.1"
chmod +x ask
sed -i "1s/^/exec /; s/-n 50000/-n $BATCH/; s/-b 180MB/-b ${BYTES:-180MB}/" llm
awk -v n="$RECORDS" -v pad="${PAD:-1}" 'BEGIN {
	print "id,\"prompt\",note"
	for (i = 1; i <= n; i++)
		printf "%s,\"%0*d \"\"q\"\"%s\",\" %s\"%s\n", i % 7 ? i : "\"" i "\"",
			pad, i, i % 5 ? "," : "\nz\303\274", i % 3 ? "" : "x",
			i % 11 ? "" : "\r"
}' >prompts.csv

TURN=1 python3 "$tests/llm.py" &
server=$!
trap 'kill $server' EXIT
until [ -s port ]; do sleep 0.1; done
API=http://127.0.0.1:$(cat port)
export API

for ((i = 1; i <= KILLS; i++)); do
	bash llm 2>>killed &
	sleep "$((RANDOM % ${MOST:-2})).$((RANDOM % 1000))"
	kill -9 $! || break
	wait $! || true
done
echo "killed $((i - 1)) times"
bash llm

[ "$(curl -fsS "$API/bill")" = "$RECORDS $RECORDS" ] || {
	echo "not each was billed once: $(curl -fsS "$API/bill")"
	exit 1
}
csvcut -c id,prompt,note answers.csv | cmp prompts.csv -
csvfilter --count 'status == "200" and answer != "to: " ++ prompt ++ ",\n\"ok\""' \
	answers.csv | grep -qx 0
csvfilter --count 'status != "200"' answers.csv |
	awk -v n="$RECORDS" '{ exit !($1 > 0 && $1 < n / 30) }'
[ -z "$(ls -A scratch)" ]
echo ok
