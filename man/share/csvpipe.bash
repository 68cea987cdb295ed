# bash completion for csvpipe: "words" says what may stand at the cursor, and
# this puts the shell's quotes around it.
_csvpipe_words=$(cd "${BASH_SOURCE[0]%/*}" && { cd ../../csvpipe 2>/dev/null || :; } && pwd)/words

# $2 is what readline replaces: the end of the word, from an open quote or from
# a character of COMP_WORDBREAKS on.
_csvpipe()
{
	local words kind word keep LC_ALL=C before=${COMP_LINE:0:COMP_POINT}

	words=$("$_csvpipe_words" "$before" "${COMP_LINE:COMP_POINT}")
	kind=$?
	COMPREPLY=()
	if [ $kind = 2 ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$2")
	fi
	[ $kind = 0 ] || [ $kind = 3 ] || return
	mapfile -t words <<<"$words"
	before=${before%"$2"}
	case $before in
	*\') word=$2 ;;
	*\") word=${2//\\/} ;;
	*) word=${2//[\\\'\"]/} ;;
	esac
	keep=$((${#words[0]} - ${#word}))
	for word in "${words[@]:1}"; do
		word=${word%%$'\t'*}
		COMPREPLY+=("${word:keep}")
	done
	case $before in
	*\') COMPREPLY=("${COMPREPLY[@]//\'/\'\\\'\'}") ;;
	*\")
		COMPREPLY=("${COMPREPLY[@]//\\/\\\\}")
		COMPREPLY=("${COMPREPLY[@]//\"/\\\"}")
		COMPREPLY=("${COMPREPLY[@]//\$/\\\$}")
		COMPREPLY=("${COMPREPLY[@]//\`/\\\`}")
		;;
	*)
		# All in quotes, so that what they have in common is.
		for word in "${COMPREPLY[@]}"; do
			[[ $word == *[^[:alnum:],./:=@%^_+-]* ]] || continue
			COMPREPLY=("${COMPREPLY[@]//\'/\'\\\'\'}")
			COMPREPLY=("${COMPREPLY[@]/#/\'}")
			COMPREPLY=("${COMPREPLY[@]/%/\'}")
			break
		done
		;;
	esac
	# Where there are two readline ends no quote and sets no blank, and in
	# the middle of a line it does not end quotes by itself.
	[ ${#COMPREPLY[@]} = 1 ] || return
	word=${COMP_LINE:COMP_POINT}
	if [ $kind = 3 ]; then
		COMPREPLY+=("${COMPREPLY[0]} ")
	elif [[ $before == *[\'\"] && $word && $word != *${before: -1}* ]]; then
		COMPREPLY[0]+=${before: -1}
	fi
}

complete -o bashdefault -o default -F _csvpipe @PROGRAMS@
