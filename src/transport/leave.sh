# Ends what was started in a container under the name $1, and all that it has started: ending the engine's own program
# leaves both running. Needs processes.sh.
# shellcheck shell=sh
for tu_dir in /proc/[0-9]*; do
  case $(tr '\0' '\n' <"$tu_dir/cmdline" 2>/dev/null) in
    *"
$1") ;;
    *) continue ;;
  esac
  tu_root=${tu_dir#/proc/}
  # A process that is just being started may be missed in one look.
  for _ in 1 2 3; do
    tu_pids=$(tu_table | tu_below "$tu_root" $$ 1)
    [ -n "$tu_pids" ] || break
    # shellcheck disable=SC2086 # splitting is the point
    kill -KILL $tu_pids 2>/dev/null
  done
  kill -KILL "$tu_root" 2>/dev/null
done
exit 0
