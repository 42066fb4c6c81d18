# shellcheck shell=bash
# Completion for reevectl, also under the name supervisorctl: commands from its help, names
# from the daemon. Words are separated by blanks only, because bash also splits at the colons
# of names and URLs. The functions share the variables that _reevectl declares.

# Sorts the words before the cursor into connection options, the command, its arguments.
_reevectl_sort()
{
	local i word
	for ((i = 1; i < ${#_reevectl_before[@]}; i++)); do
		word=${_reevectl_before[i]}
		case $word in
		-[csup] | --configuration | --serverurl | --username | --password)
			((i++))
			_reevectl_with+=("$word" "${_reevectl_before[i]/#~\//$HOME/}")
			;;
		-r | --history_file) ((i++)) ;;
		-[ihv] | --interactive | --help | --version) ;;
		-[csup]?* | --?*=*) _reevectl_with+=("$word") ;;
		*)
			_reevectl_verb=$word
			_reevectl_given=("${_reevectl_before[@]:i+1}")
			return
			;;
		esac
	done
}

_reevectl_ask()
{
	command reevectl "${_reevectl_with[@]}" "$@" 2>/dev/null </dev/null
}

_reevectl_commands()
{
	_reevectl_ask help | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

# The processes as status names them, and group:* for groups. Names with blanks are omitted.
_reevectl_names()
{
	_reevectl_ask status | awk '
	    $2 ~ /^(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)$/ {
	        print $1
	        if (split($1, part, ":") == 2)
	            group[part[1]] = 1
	    }
	    END {for (g in group) print g ":*"}'
}

# Active groups, and below groups that can be added.
_reevectl_groups()
{
	_reevectl_ask status | awk '
	    $2 ~ /^(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)$/ {
	        sub(/:.*/, "", $1)
	        print $1
	    }' | sort -u
}

_reevectl_available()
{
	_reevectl_ask avail | awk '$2 == "avail" {sub(/:.*/, "", $1); print $1}' | sort -u
}

_reevectl_options()
{
	case $_reevectl_verb in
	'') printf '%s\n' -c -s -u -p -r -i -h -v --configuration --serverurl --username \
		--password --history_file --interactive --help --version ;;
	events) echo --json ;;
	passwd) echo --method ;;
	status) printf '%s\n' --json --watch ;;
	tail | maintail) printf '%s\n' -f -n ;;
	update) echo --dry-run ;;
	esac
}

_reevectl_arguments()
{
	case $_reevectl_verb:${#_reevectl_given[@]} in
	:* | help:0) _reevectl_commands ;;
	signal:0) printf '%s\n' HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM \
		STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS RTMIN RTMAX ;;
	clear:* | pid:* | restart:* | signal:* | start:* | status:* | stop:*)
		_reevectl_names
		echo all
		;;
	events:* | fg:0 | tail:0) _reevectl_names ;;
	tail:*)
		if [[ "${_reevectl_given[*]}" =~ (^| )-n( [0-9]+)?$ ]]; then
			[[ -z ${BASH_REMATCH[2]} ]] || _reevectl_names
		elif [[ ${_reevectl_given[-1]} == -* ]]; then
			_reevectl_names
		else
			printf '%s\n' stdout stderr
		fi
		;;
	add:*) _reevectl_available ;;
	remove:*) _reevectl_groups ;;
	update:*)
		_reevectl_groups
		_reevectl_available
		echo all
		;;
	passwd:[1-9]*) [[ ${_reevectl_given[-1]} != --method ]] || printf '%s\n' yescrypt sha512crypt ;;
	version:0) echo all ;;
	open:0) printf '%s\n' http:// unix:// ;;
	esac
}

# The option before the cursor.
_reevectl_option()
{
	[[ -n $_reevectl_verb ]] || echo "${_reevectl_before[-1]}"
}

# Whether the word $1 is the name of a file.
_reevectl_is_file()
{
	case $(_reevectl_option) in
	-c | --configuration | -r | --history_file) return 0 ;;
	-s | --serverurl) [[ $1 == [/.~]* ]] ;;
	*) [[ $_reevectl_verb == check ]] ;;
	esac
}

# The candidates for the word $1, a line each.
_reevectl_candidates()
{
	case $(_reevectl_option) in
	-s | --serverurl) printf '%s\n' http:// unix:// ;;
	-u | --username | -p | --password) ;;
	*)
		case $1 in
		-*) _reevectl_options ;;
		*) _reevectl_arguments ;;
		esac
		;;
	esac
}

_reevectl()
{
	local line=${COMP_LINE:0:COMP_POINT} candidate
	local current=${line##*[[:space:]]} _reevectl_verb
	local -a _reevectl_before _reevectl_with _reevectl_given
	read -ra _reevectl_before <<<"${line%"$current"}"
	_reevectl_sort
	COMPREPLY=()
	if _reevectl_is_file "$current"; then
		mapfile -t COMPREPLY < <(compgen -f -- "${current/#~\//$HOME/}")
		compopt -o filenames 2>/dev/null
	else
		while IFS= read -r candidate; do
			# Quoted, so that the shell does not expand a name.
			[[ $candidate != "$current"* ]] ||
			    COMPREPLY+=("$(printf %q "$candidate")")
		done < <(_reevectl_candidates "$current")
	fi
	case $COMP_WORDBREAKS in
	*:*) COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}") ;;
	esac
}

complete -F _reevectl reevectl
