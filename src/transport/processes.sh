# The process tree, for ending all that a command has started where neither process groups nor `timeout` can be had.
# shellcheck shell=sh

# tu_table: "PID PARENT" of every process.
tu_table() {
  if [ -r /proc/self/stat ]; then
    for tu_dir in /proc/[0-9]*; do
      { read -r tu_line <"$tu_dir/stat"; } 2>/dev/null || continue
      # shellcheck disable=SC2086 # splitting is the point
      set -- ${tu_line##*') '}
      printf '%s %s\n' "${tu_dir#/proc/}" "$2"
    done
  else
    ps -A -o pid= -o ppid=
  fi
}

# tu_below ROOT SPARED DEPTH: of the table on stdin, the processes at least DEPTH generations below ROOT, but none of
# SPARED's.
tu_below() {
  awk -v root="$1" -v spared="$2" -v depth="$3" '
    { parent[$1] = $2 }
    END {
      for (pid in parent) {
        generations = 0
        for (at = pid; at in parent && at != root && at != spared && generations < 1000; at = parent[at]) generations++
        if (at == root && generations >= depth) print pid
      }
    }'
}
