# The guard of a command: runs it without a stdin, and ends it with all that it started when trueup is gone.
#
# trueup holds this program's stdin open for as long as it lives. When it is killed, or the connection is lost, stdin
# ends, and the work must not go on unwatched.
# shellcheck shell=sh disable=SC2034

exec 4<&0 </dev/null
"$@" 4<&- &
tu_work=$!
{
  exec >/dev/null 2>&1
  while read -r tu_line <&4; do :; done
  for tu_signal in TERM KILL; do
    for tu_pid in $(tu_table | tu_below "$tu_work" 0 0); do kill -"$tu_signal" "$tu_pid"; done
    sleep 2
  done
} &
tu_watch=$!
exec 4<&-
wait "$tu_work"
tu_code=$?
kill "$tu_watch" 2>/dev/null
exit "$tu_code"
