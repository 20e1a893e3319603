# Settings of a machine: each is set by a function of its name, which records first how it was. Goes with runtime.sh and root.sh.
#
# What a setting takes effect by is done again after its files have been given back: it reads them as they are then.
# shellcheck shell=sh
# shellcheck disable=SC2154 # runtime.sh sets these

# tu_admin_path: where root's own tools are is on few users' PATH.
tu_admin_path() {
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
}

# tu_root_put_text PATH MODE TEXT: a file of root's that holds a text, which ends with a line break.
tu_root_put_text() {
  tu_send printf '%s\n' "$3" && tu_root_put_file "$1" "$2" "$(tu_sha256_of "$tu_sent")"
  tu_ended=$?
  rm -f "$tu_sent"
  return "$tu_ended"
}

# tu_root_put_link PATH TO
tu_root_put_link() {
  tu_root_parents "$1" && tu_root_keep "$1" "link $(tu_link_digest "$2")" || return
  tu_new=$(tu_beside "$1")
  tu_as_root rm -f "$tu_new" && tu_as_root ln -s "$2" "$tu_new" && tu_root_swap "$tu_new" "$1"
}

# tu_set_timezone ZONE
tu_set_timezone() {
  if [ ! -f "/usr/share/zoneinfo/$1" ]; then
    echo "there is no time zone $1 there; Debian's package tzdata brings them"
    return 1
  fi
  tu_root_put_link /etc/localtime "/usr/share/zoneinfo/$1" || return
  # Debian's other word for it, which has to agree.
  if [ -e /etc/timezone ]; then tu_root_put_text /etc/timezone 0644 "$1"; fi
}

# tu_set_hostname NAME
tu_set_hostname() {
  tu_admin_path
  if command -v scutil >/dev/null; then
    for tu_which in ComputerName HostName LocalHostName; do
      # It says on stdout, too, that there is none.
      tu_was=$(scutil --get "$tu_which" 2>/dev/null) || tu_was=
      tu_record "setting hostname $tu_was" "$tu_which" '' || return
      # The name on the local network has no dots.
      case $tu_which in
        LocalHostName) tu_as_root scutil --set "$tu_which" "${1%%.*}" ;;
        *) tu_as_root scutil --set "$tu_which" "$1" ;;
      esac || return
    done
    return
  fi
  tu_record "setting hostname $(uname -n)" kernel '' && tu_root_put_text /etc/hostname 0644 "$1" || return
  # sudo looks its own machine up.
  if [ -f /etc/hosts ] && grep -q '^127\.0\.1\.1[[:blank:]]' /etc/hosts; then
    tu_root_put_text /etc/hosts 0644 "$(sed "s/^127\\.0\\.1\\.1[[:blank:]].*/127.0.1.1	$1/" /etc/hosts)" || return
  fi
  tu_as_root hostname "$1"
}

# tu_set_locale LOCALE: for whoever logs in from now on; made where it is not there.
tu_set_locale() {
  tu_admin_path
  if ! tu_has_locale "$1"; then
    if [ ! -f /etc/locale.gen ] || ! command -v locale-gen >/dev/null; then
      echo "there is no locale $1 there; Debian's package locales makes them"
      return 1
    fi
    tu_record 'setting locale-gen' /etc/locale.gen '' || return
    case $1 in
      *.*) tu_set=${1##*.} ;;
      *) tu_set=ISO-8859-1 ;;
    esac
    tu_root_put_text /etc/locale.gen 0644 "$(cat /etc/locale.gen)
$1 ${tu_set%%@*}" && tu_as_root locale-gen || return
    if ! tu_has_locale "$1"; then echo "locale-gen makes no locale $1" && return 1; fi
  fi
  tu_file=/etc/default/locale
  if [ ! -d /etc/default ]; then tu_file=/etc/locale.conf; fi
  tu_rest=
  if [ -f "$tu_file" ]; then tu_rest=$(grep -v -e '^LANG=' -e '^LC_ALL=' "$tu_file"); fi
  tu_root_put_text "$tu_file" 0644 "${tu_rest:+$tu_rest
}LANG=$1"
}

# tu_has_locale LOCALE: `locale -a` writes its character set in its own way.
tu_has_locale() {
  case $1 in C | POSIX | C.UTF-8 | C.utf8) return 0 ;; esac
  tu_named=$(printf '%s\n' "$1" | sed 's/\.UTF-8/.utf8/')
  locale -a 2>/dev/null | grep -q -x -F -e "$tu_named" -e "$1"
}

# tu_set_nofile COUNT: how many files a process may open, for logins and for what systemd starts.
tu_set_nofile() {
  tu_limits="# Kept by trueup.
* soft nofile $1
* hard nofile $1
root soft nofile $1
root hard nofile $1"
  tu_root_put_text /etc/security/limits.d/90-trueup.conf 0644 "$tu_limits" || return
  [ -d /run/systemd/system ] || return 0
  tu_record 'setting systemd' manager '' || return
  for tu_file in system user; do
    tu_root_put_text "/etc/systemd/$tu_file.conf.d/90-trueup.conf" 0644 "# Kept by trueup.
[Manager]
DefaultLimitNOFILE=$1" || return
  done
  tu_as_root systemctl daemon-reexec
}

# tu_set_authorized_keys KEY…: those that are there beside stay.
tu_set_authorized_keys() {
  tu_file=.ssh/authorized_keys
  if [ ! -d .ssh ]; then
    tu_keep .ssh folder && mkdir -m 0700 .ssh || return
  fi
  tu_all=
  if [ -f "$tu_file" ]; then tu_all=$(cat "$tu_file") || return; fi
  for tu_line; do
    # A key's comment is nobody's business.
    tu_key=$(printf '%s\n' "$tu_line" | sed 's/^\([^ ]* [^ ]*\).*/\1/')
    case $tu_all in
      *"$tu_key"*) ;;
      *) tu_all="${tu_all:+$tu_all
}$tu_line" ;;
    esac
  done
  # shellcheck disable=SC2094 # both read it
  tu_send printf '%s\n' "$tu_all" && tu_put_file "./$tu_file" 0600 "$(tu_sha256_of "$tu_sent")" <"$tu_sent"
  tu_ended=$?
  rm -f "$tu_sent"
  return "$tu_ended"
}

# tu_sshd ARGUMENT…: the server's program, by its whole path, which it asks for.
tu_sshd() {
  tu_admin_path
  tu_as_root "$(command -v sshd)" "$@"
}

# tu_set_sshd TEXT: settings that sshd takes before its own. Tried beside first: what sshd itself refuses, and what would
# keep out whoever is at it now, is never put in place.
tu_set_sshd() {
  if ! grep -q -i '^[[:blank:]]*include[[:blank:]].*/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config; then
    echo '/etc/ssh/sshd_config does not include /etc/ssh/sshd_config.d; add the line: Include /etc/ssh/sshd_config.d/*.conf'
    return 1
  fi
  tu_tried=$tu_generation/sshd_config
  (umask 077 && { printf '%s\n' "$1" && cat /etc/ssh/sshd_config; } >"$tu_tried") || return
  tu_user=$(id -un)
  tu_from=${SSH_CONNECTION:-127.0.0.1 0}
  if ! tu_told=$(tu_sshd -t -f "$tu_tried" 2>&1) ||
    ! tu_told=$(tu_sshd -T -f "$tu_tried" -C "user=$tu_user,host=${tu_from%% *},addr=${tu_from%% *}" 2>&1); then
    rm -f "$tu_tried"
    printf 'sshd refuses it: %s\n' "$tu_told"
    return 1
  fi
  rm -f "$tu_tried"
  tu_stays_out=$(tu_shut_out)
  if [ -n "$tu_stays_out" ]; then
    echo "it would keep out $tu_user, who is at it now: $tu_stays_out"
    return 1
  fi
  tu_record 'setting sshd' /etc/ssh/sshd_config.d '' || return
  tu_root_put_text /etc/ssh/sshd_config.d/00-trueup.conf 0644 "$1" && tu_reload_sshd
}

# tu_shut_out: by which of the settings at tu_told the user could not come in again.
tu_shut_out() {
  # Not everybody came by ssh.
  [ -n "${SSH_CONNECTION:-}" ] || return 0
  tu_says() { printf '%s\n' "$tu_told" | sed -n "s/^$1 //p" | head -n 1; }
  if [ "$(id -u)" -eq 0 ] && [ "$(tu_says permitrootlogin)" = no ]; then echo 'PermitRootLogin no'; fi
  if [ "$(tu_says pubkeyauthentication)" = no ]; then echo 'PubkeyAuthentication no'; fi
  if [ "$(tu_says passwordauthentication)" = no ] && [ ! -s "$HOME/.ssh/authorized_keys" ] &&
    [ "$(tu_says trustedusercakeys)" = none ] && [ "$(tu_says authorizedkeyscommand)" = none ]; then
    echo 'PasswordAuthentication no, and there is no authorized key'
  fi
}

# tu_reload_sshd: the server reads its settings again; connections stay.
tu_reload_sshd() {
  if [ -d /run/systemd/system ]; then
    tu_as_root systemctl try-reload-or-restart ssh.service 2>/dev/null || tu_as_root systemctl try-reload-or-restart sshd.service
  elif [ -r /run/sshd.pid ]; then
    tu_as_root kill -HUP "$(cat /run/sshd.pid)"
  fi
}

# tu_set_pmset KEY VALUE: on mains power and battery alike.
tu_set_pmset() {
  tu_admin_path
  tu_record "setting pmset $(pmset -g | sed -n "s/^ *$1  *\\([0-9]*\\).*/\\1/p" | head -n 1)" "$1" '' || return
  tu_as_root pmset -a "$1" "$2"
}

# tu_set_default DOMAIN KEY TYPE VALUE: in the user's own preferences.
tu_set_default() {
  if tu_was=$(defaults read "$1" "$2" 2>/dev/null); then
    tu_type=$(defaults read-type "$1" "$2") || return
    tu_record "setting default $1 ${tu_type##* } $tu_was" "$2" '' || return
  else
    tu_record "setting default $1" "$2" '' || return
  fi
  defaults write "$1" "$2" "-$3" "$4"
}

# tu_unset KIND-AND-PRIOR SUBJECT: what a setting took effect by, after its files were given back.
tu_unset() {
  tu_admin_path
  case $1 in
    'hostname '*)
      if [ "$2" = kernel ]; then tu_as_root hostname "${1#hostname }"; else tu_as_root scutil --set "$2" "${1#hostname }"; fi
      ;;
    locale-gen) tu_as_root locale-gen >/dev/null ;;
    systemd) tu_as_root systemctl daemon-reexec ;;
    sshd) tu_reload_sshd ;;
    'pmset '*) tu_as_root pmset -a "$2" "${1#pmset }" ;;
    'default '*' '*' '*)
      tu_was=${1#default }
      tu_domain=${tu_was%% *}
      tu_was=${tu_was#* }
      tu_type=${tu_was%% *}
      case $tu_type in
        boolean) if [ "${tu_was#* }" = 1 ]; then tu_was='bool true'; else tu_was='bool false'; fi ;;
        integer) tu_was="int ${tu_was#* }" ;;
      esac
      defaults write "$tu_domain" "$2" "-${tu_was%% *}" "${tu_was#* }"
      ;;
    'default '*) defaults delete "${1#default }" "$2" ;;
  esac
}
