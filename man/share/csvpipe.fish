# fish completion for csvpipe: "words" says what may stand at the cursor, and
# fish puts the shell's quotes around it.
set -g __csvpipe_words (status dirname)/../../csvpipe/words

function __csvpipe_complete
	# What is behind the cursor fish does not say.
	set -l said ($__csvpipe_words (commandline -bc | string collect) "")
	switch $status
		case 0 3
			string join \n -- $said[2..]
		case 2
			__fish_complete_command
		case '*'
			__fish_complete_path (commandline -ct)
	end
end

for program in @PROGRAMS@
	complete -c $program -f -a '(__csvpipe_complete)'
end
