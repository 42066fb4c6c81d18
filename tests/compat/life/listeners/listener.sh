#!/bin/sh
# Writes a line with the event name of the header and a line with the payload.
while :; do
	printf 'READY\n'
	read -r header || exit 0
	name=${header##*eventname:}
	payload=$(head -c "${header##*len:}")
	echo "${name%% *} $payload" | sed 's/ pid:[1-9][0-9]*/ pid:N/' >> "$1"
	printf 'RESULT 2\nOK'
done
