#!/usr/bin/env bats
# What TAB offers: "words" by itself, then bash, zsh and fish under tmux.

setup() {
	cd "$BATS_TEST_TMPDIR"
	usr=$PWD/root/usr
	make -s -C "$BATS_TEST_DIRNAME/.." install B="$BIN" PREFIX=/usr \
		PROGRAM_PREFIX="${prefix:-}" DESTDIR="$PWD/root"
	PATH=$usr/bin:$PATH
	"$PARKING" -n 2 >parking.csv
}

teardown() {
	[ -z "${shell:-}" ] || tmux -L "$socket" kill-server || true
}

# words BEFORE[^AFTER] STATUS WORD...: what is offered where ^ is the cursor,
# explanations left out.
words() {
	local before=${1%%^*} after= status=0 want=$2
	case $1 in *^*) after=${1#*^} ;; esac
	"$usr/share/csvpipe/words" "$before" "$after" >said || status=$?
	sed '1d; s/	.*//' said >got
	printf '%s\n' "${@:3}" >want
	[ $# != 2 ] || : >want
	echo "# $1"
	diff want got
	[ $status = "$want" ]
}

@test "words offers the options of --help, and all of them" {
	for p in csvcut csvfilter csvmap csvbatch csvpar; do
		"$p" --help | sed -n 's/^  *\(-[^ ].*\)/\1/p' | sed 's/   *.*//' |
			grep -o -e '\(^\|[ ,]\)-[A-Za-z0-9]\>' -e '--[a-z-]*' |
			tr -d ' ,' | sort -u >options
		[ "$(wc -l <options)" -gt 20 ]
		"$usr/share/csvpipe/words" "$p -" "" | sed '1d; s/[=	].*//' |
			sort -u >got
		diff options got
	done
}

@test "words offers the values that an option may have" {
	words 'csvcut --to=' 0 --to=tsv --to=jsonl --to=json
	words 'csvcut --to js' 0 jsonl json
	words 'csvcut --eol=c' 0 --eol=crlf
	words 'csvfilter --on-error=s^' 0 --on-error=skip
	words 'csvcut --delim' 0 --delimiter
	words 'csvcut --rejects par' 1
	words 'csvcut -o ' 1
	words 'csvcut ' 1
	words 'csvcut -- --del' 1
	words 'ls --del' 1
}

@test "words offers columns where a LIST goes, from the file on the line" {
	mkdir data
	mv parking.csv 'data/two words'
	words 'csvcut -c Vehicle\ M' 1
	words "csvcut -c Vehicle\\ M^ 'data/two words'" 0 'Vehicle Make'
	words "csvcut -c 'Vehicle M^ data/two\\ words" 0 'Vehicle Make'
	words "csvcut -c 'Vehicle M^' <data/two\\ words" 0 'Vehicle Make'
	words "csvcut -C 'Plate ID,Plate T^' < data/two\\ words" 0 \
		'Plate ID,Plate Type'
	words 'csvcut "data/two words" -ca,new=Plate\ I' 0 '-ca,new=Plate ID'
	words 'csvcut -x data/two\ words --columns=Plate\ I' 0 \
		'--columns=Plate ID'
	words "csvbatch -g Reg^ <'data/two words' -- cat" 0 'Registration State'
	words 'csvcut data/two\ words | csvcut -c Plate\ I' 0 'Plate ID'
	words 'csvcut -o data/two\ words -c Plate\ I' 1
	mv 'data/two words' only.csv
	words 'csvcut -c Plate\ I' 0 'Plate ID'
	words 'csvcut --names Plate\ I^ only.csv' 1
}

@test "words reads the file as the command will" {
	printf 'a,b;c d\n' >semi.txt
	words 'csvcut -c ^ semi.txt' 0 a '"b;c d"'
	words 'csvcut -d ";" -c ^ semi.txt' 0 '"a,b"' 'c d'
	words "csvcut -td';' -c \"\\\"^ semi.txt" 0 '"a,b"' '"c d"'
	printf '"a=b","say ""x""",12,@1,x*\n' >odd.txt
	words 'csvcut -c ^ odd.txt' 0 '"a=b"' '"say ""x"""' '"12"' '"@1"' '"x*"'
}

@test "words offers columns and functions in an expression" {
	words "csvfilter '{Vehicle M^' parking.csv" 3 '{Vehicle Make}'
	words "csvfilter '{Plate ID} == \"NJ\" && {Vehicle M^} == 1' parking.csv" 3 \
		'{Plate ID} == "NJ" && {Vehicle Make}'
	words "csvfilter parking.csv -e '{Vehicle M" 3 '{Vehicle Make}'
	words "csvfilter --arg x=1 '{Vehicle M^" 3 '{Vehicle Make}'
	words "csvfilter '{Plate ID} == 1' parki" 1
	words "csvmap 'a = rou" 3 'a = round('
	words "csvmap 'a = join_" 3 'a = join_nonempty('
	words "csvmap 'a = log1" 3 'a = log10('
	printf 'a b,"x}y",zip\n' >braces.txt
	words "csvmap 'q = {^' braces.txt" 3 'q = {a b}' 'q = {x}}y}' 'q = {zip}'
	words "csvmap 'q = zi^' braces.txt" 3 'q = zip'
}

@test "words takes letters outside of ASCII for letters" {
	printf 'étage,b\n' >letters.txt
	words "csvmap 'x = ét^' letters.txt" 3 'x = étage'
	words "csvmap 'x = éti^' letters.txt" 1
	words "csvmap 'x = {ét^' letters.txt" 3 'x = {étage}'
	"$usr/bin/csvmap" 'x = étage' <letters.txt
}

@test "words offers sets and tables behind @" {
	words "csvfilter --set ids=f --table=rate=g 'id in @^' parking.csv" 3 \
		'id in @ids' 'id in @rate'
	words "csvfilter 'id in @i^' --set=ids=f --set rate=g" 3 'id in @ids'
	words "csvmap 'x = lookup(@^' --set ids=f --table rate=g" 3 \
		'x = lookup(@rate'
	words "csvmap 'x = lookup(@i^' --set ids=f --table rate=g" 1
	words "csvfilter 'Plate in @^' parking.csv" 1
}

@test "words offers what --help takes" {
	words 'csvmap --help f' 0 functions
	words 'csvfilter --help ^ parking.csv' 0 functions
	words 'csvmap --help P^ parking.csv' 1
	words 'csvcut --help f' 1
}

@test "words knows the command behind --" {
	words 'csvpar -j 2 -- cs' 2
	words 'csvbatch -n 5 -- sh -c ' 1
	words "csvpar -- csvmap '{Vehicle M^' < parking.csv" 3 '{Vehicle Make}'
	words 'csvpar -- csvcut --eol=c' 0 --eol=crlf
}

# begin SHELL COMMAND...: the shell waits at its prompt, under tmux.
begin() {
	for need in tmux "$1"; do
		command -v "$need" >/dev/null || skip "no $need"
	done
	[ -z "${CSVPIPE_SAN:-}" ] || skip "not under sanitizers"
	shell=$1 socket=completion$$
	tmux -L "$socket" -f /dev/null new-session -d -x 200 -y 40 \
		env HOME="$PWD" PS1='> ' "${@:2}"
}

keys() {
	tmux -L "$socket" send-keys "$@"
}

# shows TEXT: within twenty seconds a line of the screen is this.
shows() {
	for ((i = 0; i < 200; i++)); do
		tmux -L "$socket" capture-pane -p | sed 's/ *$//' >screen
		! grep -q -x -F -e "$1" screen || return 0
		sleep 0.1
	done
	echo "wanted: $1"
	cat screen
	return 1
}

# tab BEFORE[^AFTER] RESULT: what TAB makes of the line.
tab() {
	local before=${1%%^*} after=
	case $1 in *^*) after=${1#*^} ;; esac
	keys -l "$before$after"
	shows "> $before$after"
	for ((j = 0; j < ${#after}; j++)); do
		keys Left
	done
	keys Tab
	shows "> $2"
	keys C-c
	keys -l clear
	keys Enter
	shows '>'
}

@test "bash completes options, columns and expressions" {
	begin bash bash --norc --noprofile
	keys -l "source '$usr/share/bash-completion/completions/csvcut'"
	keys Enter
	keys -l clear
	keys Enter
	shows '>'
	tab 'csvcut --delim' 'csvcut --delimiter'
	tab 'csvcut --eol=c' 'csvcut --eol=crlf'
	tab 'csvcut -c Veh^ parking.csv' "csvcut -c 'Vehicle  parking.csv"
	tab 'csvcut -c Vehicle\ M^ parking.csv' \
		"csvcut -c 'Vehicle Make' parking.csv"
	tab "csvcut -c 'Vehicle M^ parking.csv" \
		"csvcut -c 'Vehicle Make' parking.csv"
	tab "csvcut -c x=Vehicle\\ M^ <parking.csv" \
		"csvcut -c x='Vehicle Make' <parking.csv"
	tab "csvcut -c \"Plate ID,Vehicle M^\" parking.csv" \
		"csvcut -c \"Plate ID,Vehicle Make\" parking.csv"
	tab "csvfilter '{Vehicle M^' parking.csv" \
		"csvfilter '{Vehicle Make}' parking.csv"
	tab "csvmap 'a = rou" "csvmap 'a = round("
	tab 'csvcut -x park' 'csvcut -x parking.csv'
}

@test "zsh completes options, columns and expressions" {
	begin zsh zsh -f
	keys -l "fpath=('$usr/share/zsh/site-functions' \$fpath); PS1='> '; autoload -U compinit; compinit -u -D; clear"
	keys Enter
	shows '>'
	tab 'csvcut --delim' 'csvcut --delimiter'
	tab 'csvcut --eol=c' 'csvcut --eol=crlf'
	tab 'csvcut -c Veh^ parking.csv' 'csvcut -c Vehicle\  parking.csv'
	tab 'csvcut -c Vehicle\ M^ parking.csv' \
		'csvcut -c Vehicle\ Make  parking.csv'
	tab "csvcut -c 'Vehicle M^' parking.csv" \
		"csvcut -c 'Vehicle Make' parking.csv"
	tab 'csvcut -c x=Vehicle\ M^ <parking.csv' \
		'csvcut -c x=Vehicle\ Make  <parking.csv'
	tab "csvfilter '{Vehicle M^' parking.csv" \
		"csvfilter '{Vehicle Make}' parking.csv"
	tab "csvmap 'a = rou" "csvmap 'a = round("
	tab 'csvcut -x park' 'csvcut -x parking.csv'
}

@test "fish completes options, columns and expressions" {
	begin fish fish --no-config
	keys -l "set -p fish_complete_path '$usr/share/fish/vendor_completions.d'; function fish_prompt; echo '> '; end; set -g fish_autosuggestion_enabled 0; clear"
	keys Enter
	shows '>'
	tab 'csvcut --delim' 'csvcut --delimiter'
	tab 'csvcut --eol=c' 'csvcut --eol=crlf'
	tab 'csvcut -c Veh^ parking.csv' 'csvcut -c Vehicle\  parking.csv'
	tab 'csvcut -c Vehicle\ M^ parking.csv' \
		'csvcut -c Vehicle\ Make parking.csv'
	tab "csvcut parking.csv -c 'Vehicle M" \
		"csvcut parking.csv -c 'Vehicle Make'"
	tab "csvfilter '{Vehicle M^' parking.csv" \
		"csvfilter '{Vehicle Make}' parking.csv"
	tab "csvmap 'a = rou" "csvmap 'a = round('"
	tab 'csvcut -x park' 'csvcut -x parking.csv'
}
