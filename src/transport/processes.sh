# The process tree, for ending all that a command has started where neither process groups nor `timeout` can be had.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2317 # some variables only count rounds; not every program uses all of this

# tu_table: "PID PARENT" of every process.
tu_table() {
  if [ -r /proc/self/stat ]; then
    for tu_dir in /proc/[0-9]*; do
      { read -r tu_line <"$tu_dir/stat"; } 2>/dev/null || continue
      # shellcheck disable=SC2086 # splitting is the point
      set -- ${tu_line##*') '}
      # Not every shell has a printf of its own.
      echo "${tu_dir#/proc/} $2"
    done
  else
    ps -A -o pid= -o ppid=
  fi
}

# tu_whoami: sets tu_pid to the number of the process that asks, which in a subshell is not $$.
if [ -r /proc/self/stat ]; then
  tu_whoami() { read -r tu_pid tu_rest </proc/self/stat; }
else
  # shellcheck disable=SC2016 # the inner shell is to expand it
  tu_whoami() { tu_pid=$(exec /bin/sh -c 'echo "$PPID"'); }
fi

# tu_below ROOT SPARED DEPTH: of the table on stdin, the processes at least DEPTH generations below ROOT, but none of
# SPARED's. Parents come first: ended later than its children, one might take their end for its own good end.
tu_below() {
  awk -v root="$1" -v spared="$2" -v depth="$3" '
    { parent[$1] = $2 }
    END {
      for (pid in parent) {
        generations = 0
        for (at = pid; at in parent && at != root && at != spared && generations < 1000; at = parent[at]) generations++
        if (at == root && generations >= depth) {
          found[generations] = found[generations] pid "\n"
          if (generations > deepest) deepest = generations
        }
      }
      for (generations = depth; generations <= deepest; generations++) printf "%s", found[generations]
    }'
}

# tu_blind_grep: whether grep may be busybox's, which sees nothing of a line behind its first NUL, and an environment is
# one such line. Busybox is a link, or the same file as its neighbour of that name; and its own shell prefers its own grep
# to any other.
tu_blind_grep() {
  tu_within=$PATH:
  tu_grep=
  while [ -n "$tu_within" ]; do
    tu_dir=${tu_within%%:*}
    tu_dir=${tu_dir:-.}
    tu_within=${tu_within#*:}
    # shellcheck disable=SC3013 # every sh that there is knows -ef
    if [ "/proc/$$/exe" -ef "$tu_dir/busybox" ]; then return 0; fi
    if [ -z "$tu_grep" ] && [ -x "$tu_dir/grep" ]; then tu_grep=$tu_dir; fi
  done
  # shellcheck disable=SC3013
  [ -z "$tu_grep" ] || [ -L "$tu_grep/grep" ] || [ "$tu_grep/grep" -ef "$tu_grep/busybox" ]
}

# tu_sweep MARK: kills what has left the process tree as well: everything that inherited this mark, or one that begins
# with it, as the variable tu_label of its environment. Only a process that is younger than this program can have it, so
# that mostly there is none to look at.
tu_label=TRUEUP_PROBE
tu_sweep() {
  for tu_round in 1 2 3 4 5; do
    tu_prey=$(tu_marked "$1")
    [ -n "$tu_prey" ] || break
    # shellcheck disable=SC2086 # process ids, one word each
    kill -9 $tu_prey 2>/dev/null
  done
}

if [ -r /proc/self/environ ] && [ -r /proc/loadavg ]; then
  # tu_marked MARK: their numbers.
  tu_marked() {
    tu_sought=$tu_label=$1
    set -- /proc/[0-9]*
    # This process is younger than the program and nearly the youngest of all, which is the last word there; so only numbers
    # in between are of interest or, where they have begun anew, those beyond either. A shell may do this without a process
    # of its own.
    read -r tu_self tu_rest </proc/self/stat
    read -r tu_a tu_b tu_c tu_d tu_young </proc/loadavg
    tu_first=${tu_oldest-$$}
    tu_last=$tu_self
    [ "$tu_young" -le "$tu_last" ] || tu_last=$tu_young
    tu_anew=
    if [ "$tu_first" -eq 0 ] || [ "$tu_self" -eq "$tu_first" ]; then
      tu_last=
      [ "$tu_young" -ge "$tu_first" ] || tu_first=0
    elif [ "$tu_self" -lt "$tu_first" ]; then
      tu_anew=yes
      [ "$tu_last" -lt "$tu_first" ] || tu_last=$tu_self
    fi
    # Neither this process nor the one that waits for the controller's end has been marked: mostly they are all there is.
    tu_found=
    for tu_dir; do
      tu_id=${tu_dir#/proc/}
      case $tu_id in "$tu_self" | "${tu_keeper-}") continue ;; esac
      if [ -n "$tu_anew" ]; then
        if [ "$tu_id" -le "$tu_first" ] && [ "$tu_id" -gt "$tu_last" ]; then continue; fi
      elif [ "$tu_id" -le "$tu_first" ] || [ "$tu_id" -gt "${tu_last:-$tu_id}" ]; then
        continue
      fi
      [ ! -r "$tu_dir/environ" ] || tu_found="$tu_found $tu_dir/environ"
    done
    [ -n "$tu_found" ] || return 0
    # shellcheck disable=SC2086 # their names are numbers
    set -- $tu_found
    if tu_blind_grep; then
      # With more than one file, head tells where each begins.
      head -c 2097152 "$@" /dev/null 2>/dev/null | tr '\0' '\n' | awk -v sought="$tu_sought" '
        /^==> \/proc\/[0-9]+\/environ <==$/ { split($2, part, "/") }
        index($0, sought) == 1 { print part[3] }'
    else
      # -s: some will have ended meanwhile.
      grep -lsF "$tu_sought" "$@" | while IFS=/ read -r tu_a tu_b tu_id tu_c; do echo "$tu_id"; done
    fi
  }
else
  # In two parts, so that what searches does not find itself.
  tu_marked() {
    ps -AEww -o pid= -o command= | awk -v name="$tu_label=" -v mark="$1" 'index($0, name mark) { print $1 }'
  }
fi

# tu_end ROOT SPARED DEPTH: kills the processes that tu_below tells.
tu_end() {
  for tu_round in 1 2 3 4 5; do
    tu_prey=$(tu_table | tu_below "$1" "$2" "$3")
    [ -n "$tu_prey" ] || break
    # shellcheck disable=SC2086 # process ids, one word each
    kill -9 $tu_prey 2>/dev/null
  done
}
