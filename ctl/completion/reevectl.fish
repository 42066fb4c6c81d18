# Completion for reevectl: commands as its help lists them, names as the daemon knows them.

function __reevectl_ask
    set -l words (commandline -opc)
    set -l options
    for i in (seq 2 (count $words))
        if contains -- $words[$i] -c -s --configuration --serverurl
            set options $options $words[$i] $words[(math $i + 1)]
        end
    end
    command reevectl $options $argv 2>/dev/null </dev/null
end

function __reevectl_commands
    __reevectl_ask help | string match -v -r '^=|\(type help' | string split -n ' '
end

# The words of the line that are no options.
function __reevectl_words
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case -c -s -u -p --configuration --serverurl --username --password
                set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
        end
        set -e words[1]
    end
end

function __reevectl_is
    set -l words (__reevectl_words)
    contains -- "$words[1]" $argv
end

function __reevectl_starts
    not set -l words (__reevectl_words); or test (count $words) -eq 0
end

# Each process as status names it.
function __reevectl_processes
    __reevectl_ask status | string replace -rf \
        ' +(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)( .*)?$' ''
end

function __reevectl_groups
    __reevectl_processes | string replace -rf ':.*' '' | sort -u
end

function __reevectl_names
    __reevectl_processes
    for group in (__reevectl_groups)
        echo $group:'*'
    end
    echo all
end

complete -c reevectl -f
complete -c reevectl -s c -l configuration -r -F -d 'configuration file'
complete -c reevectl -s s -l serverurl -r -F -d 'control socket'
complete -c reevectl -s h -l help -d 'print a summary of the options'
complete -c reevectl -s v -l version -d 'print the version'
complete -c reevectl -n __reevectl_starts -a '(__reevectl_commands)'
complete -c reevectl -n '__reevectl_is help' -a '(__reevectl_commands)'
complete -c reevectl -n '__reevectl_is start stop restart status pid tail fg clear signal' \
    -a '(__reevectl_names)'
complete -c reevectl -n '__reevectl_is add remove update' -a '(__reevectl_groups)'
