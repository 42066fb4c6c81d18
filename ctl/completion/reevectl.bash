# shellcheck shell=bash
# Completion for reevectl and, where it goes by that name, supervisorctl: commands as its
# help lists them, names as the daemon knows them. Words are told apart by blanks alone,
# since bash breaks them at the colons of names and URLs.

# Asks reevectl with the options that the words before have; _reevectl_before is _reevectl's.
_reevectl_ask()
{
	local i options=()
	for ((i = 1; i < ${#_reevectl_before[@]}; i++)); do
		case ${_reevectl_before[i]} in
		-c | -s | --configuration | --serverurl)
			options+=("${_reevectl_before[i]}" "${_reevectl_before[i + 1]}")
			;;
		esac
	done
	command reevectl "${options[@]}" "$@" 2>/dev/null </dev/null
}

_reevectl_commands()
{
	_reevectl_ask help | sed -e '/^=/d' -e '/(type help/d' -e '/^$/d' | tr -s ' ' '\n'
}

# Each process as status names it, and group:* for groups. A name with a blank is left out.
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

# The command among the words before; nothing while it is still being written.
_reevectl_verb()
{
	local i
	for ((i = 1; i < ${#_reevectl_before[@]}; i++)); do
		case ${_reevectl_before[i]} in
		-c | -s | -u | -p | --configuration | --serverurl | --username | --password)
			((i++))
			;;
		-*) ;;
		*)
			echo "${_reevectl_before[i]}"
			return
			;;
		esac
	done
}

_reevectl_arguments()
{
	case $(_reevectl_verb):$1 in
	signal:signal) compgen -A signal | sed -n 's/^SIG//p' ;;
	start:* | stop:* | restart:* | status:* | pid:* | tail:* | fg:* | clear:* | signal:*)
		_reevectl_names
		echo all
		;;
	add:* | remove:* | update:*) _reevectl_names | sed -n 's/:\*$//p' ;;
	help:* | :*) _reevectl_commands ;;
	esac
}

# What may stand where the cursor is, a line each, after the word $1.
_reevectl_candidates()
{
	case $1:$2 in
	-c:* | --configuration:*) compgen -f -- "$2" ;;
	*:-*) printf '%s\n' -c -s -h -v --configuration --serverurl --help --version ;;
	*) _reevectl_arguments "$1" ;;
	esac
}

_reevectl()
{
	local line=${COMP_LINE:0:COMP_POINT} candidate _reevectl_before
	local current=${line##*[[:space:]]}
	read -ra _reevectl_before <<<"${line%"$current"}"
	COMPREPLY=()
	while IFS= read -r candidate; do
		# Names are text: they are quoted, and never expanded.
		[[ $candidate != "$current"* ]] ||
		    COMPREPLY+=("$(printf %q "$candidate")")
	done < <(_reevectl_candidates "${_reevectl_before[-1]}" "$current")
	case $COMP_WORDBREAKS in
	*:*) COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}") ;;
	esac
}

complete -F _reevectl reevectl
