# Services: their units are put in place and started, and undone. Goes with runtime.sh and root.sh.
#
# A service is undone by two entries around those of its files, so that it stands still while they are given back: the last
# one stops it, the first one has it again as it was.
# shellcheck shell=sh
# shellcheck disable=SC2154 # runtime.sh sets these

# How many seconds a manager has to come up, or to let go of a job.
tu_patience=15

# tu_systemctl user|system ARGUMENT…
tu_systemctl() {
  tu_whose=$1
  shift
  case $tu_whose in
    user) XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user --no-pager --quiet "$@" ;;
    *) tu_as_root systemctl --no-pager --quiet "$@" ;;
  esac
}

# tu_launchctl agent|daemon ARGUMENT…
tu_launchctl() {
  tu_whose=$1
  shift
  case $tu_whose in
    agent) launchctl "$@" ;;
    *) tu_as_root launchctl "$@" ;;
  esac
}

tu_domain() {
  case $1 in
    agent) printf 'gui/%s' "$(id -u)" ;;
    *) printf system ;;
  esac
}

tu_yes() {
  if "$@" >/dev/null 2>&1; then printf yes; else printf no; fi
}

tu_lingers() {
  [ -e "/var/lib/systemd/linger/$(id -un)" ]
}

tu_is_enabled_job() {
  ! launchctl print-disabled "$(tu_domain "$1")" 2>/dev/null | grep -F "\"$2\" =>" | grep -q -e disabled -e true
}

# tu_service_keep MANAGER UNIT: records how a service stands before it is changed.
tu_service_keep() {
  case $1 in
    user | system)
      tu_on=$(tu_yes tu_systemctl "$1" is-enabled "$2")
      tu_runs=$(tu_yes tu_systemctl "$1" is-active "$2")
      ;;
    *)
      tu_on=$(tu_yes tu_is_enabled_job "$1" "$2")
      tu_runs=$(tu_yes tu_launchctl "$1" print "$(tu_domain "$1")/$2")
      ;;
  esac
  tu_record "service $1 $tu_on $tu_runs $(tu_yes tu_lingers)" "$2" ''
}

# tu_linger: the user's manager runs without the user, from now on.
tu_linger() {
  tu_lingers || tu_as_root loginctl enable-linger "$(id -un)" || return
  tu_answers user
}

# tu_answers MANAGER: whether it answers, once it had time to come up.
tu_answers() {
  tu_waited=0
  until tu_said=$(tu_systemctl "$1" show-environment 2>&1); do
    tu_waited=$((tu_waited + 1))
    if [ "$tu_waited" -ge "$tu_patience" ]; then
      printf 'the manager of services does not answer: %s\n' "$tu_said"
      return 1
    fi
    sleep 1
  done >/dev/null
}

# tu_service_start MANAGER UNIT PATH LINK: has it run, from now on. PATH is launchd's property list, LINK systemd's.
tu_service_start() {
  tu_record "service-stop $1" "$2" "$3" || return
  case $1 in
    user)
      tu_answers user || return
      # Made here, it goes again with a rollback.
      tu_parents "$4" || return
      ;;
  esac
  case $1 in
    user | system)
      tu_systemctl "$1" daemon-reload && tu_systemctl "$1" enable "$2" || return
      tu_systemctl "$1" reset-failed "$2" 2>/dev/null
      tu_systemctl "$1" restart "$2"
      ;;
    *)
      tu_unload "$1" "$2" || return
      tu_launchctl "$1" enable "$(tu_domain "$1")/$2" && tu_load "$1" "$3"
      ;;
  esac
}

# tu_unload MANAGER LABEL: launchd lets go of a job, which takes its time.
tu_unload() {
  tu_job=$(tu_domain "$1")/$2
  tu_launchctl "$1" print "$tu_job" >/dev/null 2>&1 || return 0
  tu_launchctl "$1" bootout "$tu_job" 2>/dev/null
  tu_waited=0
  while tu_launchctl "$1" print "$tu_job" >/dev/null 2>&1; do
    tu_waited=$((tu_waited + 1))
    if [ "$tu_waited" -ge "$tu_patience" ]; then echo "launchd does not let go of $tu_job" && return 1; fi
    sleep 1
  done
}

# tu_load MANAGER PATH
tu_load() {
  case $2 in
    /*) tu_launchctl "$1" bootstrap "$(tu_domain "$1")" "$2" ;;
    *) tu_launchctl "$1" bootstrap "$(tu_domain "$1")" "$(pwd)/${2#./}" ;;
  esac
}

# tu_service_well LIMIT EVERY COMMAND: waits until the command says that the service is well.
tu_service_well() {
  tu_waited=0
  until tu_said=$(sh -c "$3" 2>&1 </dev/null); do
    if [ "$tu_waited" -ge "$1" ]; then
      printf 'it runs, and is not well after %s s: %s\n' "$1" "$tu_said"
      return 1
    fi
    sleep "$2"
    tu_waited=$((tu_waited + $2))
  done
}

# tu_service_stop MANAGER UNIT
tu_service_stop() {
  if [ "$1" = user ] && ! tu_systemctl user show-environment >/dev/null 2>&1; then
    # Without its manager nothing runs.
    rm -f ".config/systemd/user/default.target.wants/$2"
    return
  fi
  case $1 in
    user | system)
      # What is not loaded is stopped.
      tu_systemctl "$1" disable --now "$2" 2>/dev/null
      tu_systemctl "$1" reset-failed "$2" 2>/dev/null
      ! tu_systemctl "$1" is-active "$2" >/dev/null 2>&1 || { echo "$2 does not stop" && return 1; }
      ;;
    *) tu_unload "$1" "$2" ;;
  esac
}

# tu_service_again MANAGER ENABLED RUNS LINGERS UNIT: has it as it was, once its files are.
tu_service_again() {
  case $1 in
    user | system)
      if [ "$1" = user ] && [ "$2 $3" != 'no no' ] && ! tu_systemctl user show-environment >/dev/null 2>&1; then
        # Its manager went with its user, who need not come for this.
        tu_linger || return
      fi
      tu_systemctl "$1" daemon-reload || [ "$2 $3" = 'no no' ] || return
      if [ "$2" = yes ]; then tu_systemctl "$1" enable "$5" || return; fi
      if [ "$3" = yes ]; then tu_systemctl "$1" restart "$5" || return; fi
      if [ "$1" = user ] && [ "$4" = no ] && tu_lingers; then tu_as_root loginctl disable-linger "$(id -un)"; fi
      ;;
    *)
      tu_place=Library/LaunchAgents/$5.plist
      if [ "$1" = daemon ]; then tu_place=/Library/LaunchDaemons/$5.plist; fi
      if [ "$3" = yes ]; then
        # What is disabled is not loaded, and what was loaded may be disabled for the next start.
        tu_launchctl "$1" enable "$(tu_domain "$1")/$5" && tu_load "$1" "$tu_place" || return
      fi
      case $2 in
        yes) tu_launchctl "$1" enable "$(tu_domain "$1")/$5" ;;
        *) tu_launchctl "$1" disable "$(tu_domain "$1")/$5" ;;
      esac
      ;;
  esac
}
