# The guard of a command: runs it without a stdin, and ends it with all that it started when trueup is gone.
#
# The first argument is a word that only this exchange knows; the others are the command. trueup holds this program's
# stdin open for as long as it lives: when it is killed, or the connection is lost, stdin ends, and the work must not go
# on unwatched. The command's exit code goes out as "WORD CODE" on stderr, because a connection that is cut off may
# read like success.
# shellcheck shell=sh disable=SC2034

tu_word=$1
shift
exec 4<&0 </dev/null
"$@" 4<&- &
tu_work=$!
{
  exec >/dev/null 2>&1
  while read -r tu_line <&4; do :; done
  # A kill that comes early may be lost; then there is nothing left to end.
  kill -0 "$tu_work" || exit 0
  # The command's own end must not end this. What loses its parent is prey all the same.
  trap '' TERM
  tu_prey=
  for tu_signal in TERM KILL; do
    # And what it has started meanwhile counts too.
    tu_prey=$(for tu_pid in $tu_work $tu_prey; do tu_table | tu_below "$tu_pid" 0 0; done | sort -u)
    for tu_pid in $tu_prey; do kill -"$tu_signal" "$tu_pid"; done
    sleep 2
  done
} &
tu_watch=$!
exec 4<&-
# The shell would tell on stderr which signal ended the command; the exit code says it.
wait "$tu_work" 2>/dev/null
tu_code=$?
kill "$tu_watch" 2>/dev/null
printf '%s %s\n' "$tu_word" "$tu_code" >&2
exit "$tu_code"
