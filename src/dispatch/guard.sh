# The guard of a command: runs it without a stdin, and ends all that it started, with it when trueup is gone, else after it.
#
# The first argument is a word that only this exchange knows, the second the mark that all the command starts inherits; the
# others are the command. trueup holds this program's stdin open for as long as it lives: when it is killed, or the
# connection is lost, stdin ends, and the work must not go on unwatched. The command's exit code goes out as "WORD CODE" on
# stderr, because a connection that is cut off may read like success.
#
# What the command started is what is below it in the process tree, and what carries the mark in its environment, wherever
# it went. Needs the functions of processes.sh.
# shellcheck shell=sh disable=SC2034

tu_word=$1
tu_mark=$2
shift 2
tu_label=TRUEUP_RUN
# A command may run for so long that the numbers of processes begin anew.
tu_oldest=0

# tu_prey PROCESS…: these, all below them, and all that carries the mark.
tu_prey() {
  {
    if [ "$#" -gt 0 ]; then tu_all=$(tu_table); fi
    for tu_one; do echo "$tu_all" | tu_below "$tu_one" 0 0; done
    tu_marked "$tu_mark"
  } | sort -u
}

# tu_dismiss [PROCESS]: ends what tu_prey finds: asks first, and after two seconds asks no more. What was started while it
# looked is seen in the next look, also where its parent is gone by then.
tu_dismiss() {
  # What reads the environments is to read them as they are.
  unset GREP_OPTIONS
  tu_tree=$#
  for tu_signal in TERM 0 0 KILL KILL KILL KILL KILL; do
    tu_found=$(tu_prey "$@")
    [ -n "$tu_found" ] || return 0
    # shellcheck disable=SC2086 # process ids, one word each
    if [ "$tu_signal" = 0 ]; then sleep 1; else kill -"$tu_signal" $tu_found; fi
    # shellcheck disable=SC2086
    if [ "$tu_tree" -gt 0 ]; then set -- $tu_found; fi
  done
}

exec 4<&0 5>&2 </dev/null
{
  exec >/dev/null 2>&1 5>&-
  # With it, some shells stop reading from pipes too.
  TMOUT=0
  while read -r tu_line <&4; do :; done
  # The command's own end must not end this. What loses its parent is prey all the same.
  trap '' TERM
  tu_whoami
  # shellcheck disable=SC2046,SC2154 # process ids, one word each, of which tu_whoami sets one
  tu_dismiss $(tu_table | tu_below "$$" "$tu_pid" 1)
} &
tu_watch=$!
# The shell would tell on stderr which signal ended the command; the exit code says it.
exec 2>/dev/null 4<&-
# In the foreground, since a shell lets what it starts in the background ignore interrupts; and by exec, for which a name
# stands for a program, whatever else the shell knows by it; but for mksh that comes first.
(
  TRUEUP_RUN=$tu_mark
  export TRUEUP_RUN
  exec 2>&5 5>&-
  exec "$@"
)
tu_code=$?
kill "$tu_watch"
tu_dismiss >/dev/null
printf '%s %s\n' "$tu_word" "$tu_code" >&5
exit "$tu_code"
