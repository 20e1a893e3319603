# When a process was started: with its number it names one that nobody else can have been.
# shellcheck shell=sh

# tu_started PROCESS: when it started, in one word; fails where it has ended, also where nobody has taken note of that.
tu_started() {
  if [ -r /proc/self/stat ]; then
    { read -r tu_line <"/proc/$1/stat"; } 2>/dev/null || return
    # shellcheck disable=SC2086 # splitting is the point
    set -- ${tu_line##*') '}
    case $1 in Z | X) return 1 ;; esac
    echo "${20}"
  else
    case $(ps -o stat= -p "$1") in '' | Z*) return 1 ;; esac
    ps -o lstart= -p "$1" | tr -c 'A-Za-z0-9\n' .
  fi
}
