# Completion for reevectl: commands from its help, names from the daemon.

# The words before the cursor: with "options" the connection options, else the command and its
# arguments.
function __reevectl_words
    set -l words (commandline -opc)
    set -l options
    set -e words[1]
    while set -q words[1]; and string match -q -- '-*' $words[1]
        switch $words[1]
            case -c -s -u -p --configuration --serverurl --username --password
                set -q words[2]; or break
                set -a options $words[1] (string replace -r '^~/' $HOME/ -- $words[2])
                set -e words[1]
            case -r --history_file
                set -q words[2]; and set -e words[1]
            case -i -h -v --interactive --help --version
            case '*'
                set -a options $words[1]
        end
        set -e words[1]
    end
    if test "$argv" = options
        printf '%s\n' $options
    else
        printf '%s\n' $words
    end
end

function __reevectl_ask
    command reevectl (__reevectl_words options) $argv 2>/dev/null </dev/null
end

function __reevectl_commands
    __reevectl_ask help | string replace -rf '^  ([a-z]+) .*' '$1'
end

function __reevectl_is
    set -l words (__reevectl_words)
    contains -- "$words[1]" $argv
end

# Whether this is the command and has so many arguments that are not options.
function __reevectl_is_at
    set -l words (__reevectl_words | string join ' ' | string replace -r -- ' -n [0-9]+' '' |
        string split ' ' | string match -v -- '-*')
    test "$words[1]" = $argv[1]; and test (count $words) -eq (math $argv[2] + 1)
end

function __reevectl_starts
    test -z (__reevectl_words)[1]
end

# The processes as status names them.
function __reevectl_processes
    __reevectl_ask status | string replace -rf \
        ' +(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)( .*)?$' ''
end

# Active groups, and below groups that can be added.
function __reevectl_groups
    __reevectl_processes | string replace -r ':.*' '' | sort -u
end

function __reevectl_available
    __reevectl_ask avail | string replace -rf ' +avail .*$' '' | string replace -r ':.*' '' |
        sort -u
end

function __reevectl_names
    __reevectl_processes
    for group in (__reevectl_processes | string replace -rf ':.*' '' | sort -u)
        echo $group:'*'
    end
end

function __reevectl_signals
    printf '%s\n' HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM \
        STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS RTMIN RTMAX
end

complete -c reevectl -f
complete -c reevectl -n __reevectl_starts -s c -l configuration -r -F -d 'configuration file'
complete -c reevectl -n __reevectl_starts -s s -l serverurl -r -F -a 'http:// unix://' \
    -d 'server, or control socket'
complete -c reevectl -n __reevectl_starts -s u -l username -x -d 'user name for the server'
complete -c reevectl -n __reevectl_starts -s p -l password -x -d 'password for the server'
complete -c reevectl -n __reevectl_starts -s r -l history_file -r -F -d 'history file of the shell'
complete -c reevectl -n __reevectl_starts -s i -l interactive -d 'ask for confirmation and password'
complete -c reevectl -n __reevectl_starts -s h -l help -d 'print the help'
complete -c reevectl -n __reevectl_starts -s v -l version -d 'print the version'
complete -c reevectl -n __reevectl_starts -a '(__reevectl_commands)'

complete -c reevectl -n '__reevectl_is_at help 0' -a '(__reevectl_commands)'
complete -c reevectl -n '__reevectl_is clear pid restart start status stop' \
    -a '(__reevectl_names; echo all)'
complete -c reevectl -n '__reevectl_is_at signal 0' -a '(__reevectl_signals)'
complete -c reevectl -n '__reevectl_is signal; and not __reevectl_is_at signal 0' \
    -a '(__reevectl_names; echo all)'
complete -c reevectl -n '__reevectl_is events; or __reevectl_is_at fg 0' \
    -a '(__reevectl_names)'
complete -c reevectl -n '__reevectl_is_at tail 0' -a '(__reevectl_names)'
complete -c reevectl -n '__reevectl_is_at tail 1' -a 'stdout stderr'
complete -c reevectl -n '__reevectl_is add update' -a '(__reevectl_available)'
complete -c reevectl -n '__reevectl_is remove update' -a '(__reevectl_groups)'
complete -c reevectl -n '__reevectl_is update' -a all
complete -c reevectl -n '__reevectl_is_at version 0' -a all
complete -c reevectl -n '__reevectl_is_at open 0' -a 'http:// unix://'
complete -c reevectl -n '__reevectl_is check' -F
complete -c reevectl -n '__reevectl_is passwd' -l method -x -a 'yescrypt sha512crypt' \
    -d 'make this kind of hash'
complete -c reevectl -n '__reevectl_is events status' -l json -d 'print JSON'
complete -c reevectl -n '__reevectl_is status' -l watch -d 'update the list until Ctrl-C'
complete -c reevectl -n '__reevectl_is tail maintail' -s f -d 'show new output as it is written'
complete -c reevectl -n '__reevectl_is tail maintail' -s n -d 'show so many lines'
complete -c reevectl -n '__reevectl_is update' -l dry-run -d 'print what update would do'
