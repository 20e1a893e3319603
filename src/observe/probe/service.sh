# How services stand with the machine's own manager, systemd or launchd: each line a word and what is told under it.
#
# Needs files.sh. Nothing is started, stopped or loaded.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what one function sets others read

# tu_services: who keeps services here, and for whom.
tu_services() {
  tu_uid=$(id -u) && tu_login=$(id -un) || return
  printf 'account %s %s\n' "$tu_login" "$HOME"
  tu_of_user=
  tu_of_system=
  if [ -d /run/systemd/system ]; then
    tu_keeps=systemd
    # A connection without a session has no word of where the user's manager listens.
    export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$tu_uid}"
    read -r tu_up tu_rest </proc/uptime && printf 'up %s\n' "$tu_up"
    if [ -e "/var/lib/systemd/linger/$tu_login" ]; then echo 'lingers yes'; else echo 'lingers no'; fi
  elif command -v launchctl >/dev/null; then
    tu_keeps=launchd
    if launchctl print "gui/$tu_uid" >/dev/null 2>&1; then echo 'screen yes'; else echo 'screen no'; fi
  else
    tu_keeps=none
    tu_first=
    if [ -r /proc/1/comm ]; then read -r tu_first </proc/1/comm; fi
    printf 'first %s\n' "${tu_first:-another program}"
  fi
  printf 'keeper %s\n' "$tu_keeps"
}

# tu_unit_there MANAGER NAME PATH SECRETS: the unit's digest, and whether the file of its secrets is for its owner alone.
tu_unit_there() {
  if [ -f "$3" ]; then
    if tu_sum=$(tu_sha256 2>/dev/null <"$3"); then
      printf 'unit %s %s %s\n' "$1" "$2" "${tu_sum%% *}"
    else
      printf 'unit %s %s denied\n' "$1" "$2"
    fi
  elif tu_gone "$3"; then
    printf 'unit %s %s none\n' "$1" "$2"
  else
    printf 'unit %s %s denied\n' "$1" "$2"
  fi
  [ -n "$4" ] || return 0
  tu_bits=
  if [ -f "$4" ]; then tu_bits=$(stat -c %a "$4" 2>/dev/null || stat -f %Lp "$4"); fi
  if [ "$tu_bits" = 600 ]; then printf 'secrets %s %s yes\n' "$1" "$2"; else printf 'secrets %s %s no\n' "$1" "$2"; fi
}

# tu_program NAME PROGRAM: whether the program is found where agents' commands are.
tu_program() {
  if ! command -v "$2" >/dev/null; then printf 'lacks %s %s\n' "$1" "$2"; fi
}

# tu_systemd user|system NAME PATH LINK SECRETS
tu_systemd() {
  [ "$tu_keeps" = systemd ] || return 0
  tu_unit_there "$1" "$2" "$3" "$5"
  if [ -L "$4" ]; then printf 'enabled %s %s yes\n' "$1" "$2"; else printf 'enabled %s %s no\n' "$1" "$2"; fi
  case $1 in
    user) tu_of_user="$tu_of_user trueup-$2.service" ;;
    *) tu_of_system="$tu_of_system trueup-$2.service" ;;
  esac
}

# tu_launchd agent|daemon NAME PATH SECRETS
tu_launchd() {
  [ "$tu_keeps" = launchd ] || return 0
  tu_unit_there "$1" "$2" "$3" "$4"
  case $1 in
    agent) tu_domain=gui/$tu_uid ;;
    *) tu_domain=system ;;
  esac
  tu_on=no
  if [ -f "$3" ]; then
    tu_on=yes
    # Before macOS 13 it says `true` for what is disabled.
    case $(launchctl print-disabled "$tu_domain" 2>/dev/null | grep -F "\"dev.trueup.$2\" =>") in
      *disabled | *true) tu_on=no ;;
    esac
  fi
  printf 'enabled %s %s %s\n' "$1" "$2" "$tu_on"
  tu_job=$(launchctl print "$tu_domain/dev.trueup.$2" 2>/dev/null) || return 0
  # Only what stands one tab in is the job's own.
  printf '%s\n' "$tu_job" | sed -n \
    -e "s/^	state = /state $1 $2 /p" -e "s/^	runs = /runs $1 $2 /p" -e "s/^	last exit code = /exit $1 $2 /p"
}

# tu_others ENVIRONMENT: units that trueup has made for this environment.
tu_others() {
  for tu_file in .config/systemd/user/trueup-*.service /etc/systemd/system/trueup-*.service \
    Library/LaunchAgents/dev.trueup.*.plist /Library/LaunchDaemons/dev.trueup.*.plist; do
    if [ ! -f "$tu_file" ] || [ ! -r "$tu_file" ]; then continue; fi
    if grep -q -F " of the environment $1, kept by trueup: " "$tu_file"; then
      tu_sum=$(tu_sha256 <"$tu_file") && printf 'other %s %s\n' "${tu_sum%% *}" "$tu_file"
    fi
  done
}

# tu_states: what systemd tells of all units, in one call to each manager.
tu_states() {
  tu_asked=Id,ActiveState,SubState,Result,NRestarts,ActiveEnterTimestampMonotonic,ExecMainCode,ExecMainStatus
  if [ -n "$tu_of_user" ]; then
    echo 'show user'
    # shellcheck disable=SC2086 # units are words
    systemctl --user --no-pager show --property=$tu_asked $tu_of_user 2>&1
    printf 'shown %s\n' $?
  fi
  if [ -n "$tu_of_system" ]; then
    echo 'show system'
    # shellcheck disable=SC2086 # units are words
    systemctl --no-pager show --property=$tu_asked $tu_of_system 2>&1
    printf 'shown %s\n' $?
  fi
  echo end
}

# tu_health COMMAND: what it says, and how it ends.
tu_health() {
  sh -c "$1" 2>&1 </dev/null
  printf '\nexit %s\n' $?
}
