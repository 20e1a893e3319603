# How a machine is set, a line each: the number of what was asked, and what is. Needs files.sh.
# shellcheck shell=sh

# tu_keys NUMBER KEY…: how many of these may log in.
tu_keys() {
  tu_number=$1
  shift
  tu_file=.ssh/authorized_keys
  if [ -e "$tu_file" ] && [ ! -r "$tu_file" ]; then
    echo "$tu_number unknown it may not be read"
    return
  fi
  tu_there=0
  for tu_key; do
    if [ -f "$tu_file" ] && grep -q -F -e "$tu_key" "$tu_file"; then tu_there=$((tu_there + 1)); fi
  done
  if [ "$tu_there" -eq 0 ]; then echo "$tu_number absent"; else echo "$tu_number $tu_there of $# keys"; fi
}

# tu_sshd NUMBER: what sshd reads first.
tu_sshd() {
  tu_file=/etc/ssh/sshd_config.d/00-trueup.conf
  if [ ! -e "$tu_file" ]; then
    if tu_gone "$tu_file"; then echo "$1 absent"; else echo "$1 unknown it may not be read"; fi
  elif tu_sum=$(tu_sha256 2>/dev/null <"$tu_file"); then
    tu_also=
    if ! grep -q -i '^[[:blank:]]*include[[:blank:]].*/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config; then
      tu_also=', which /etc/ssh/sshd_config does not include'
    fi
    echo "$1 sha256:${tu_sum%% *}$tu_also"
  else
    echo "$1 unknown it may not be read"
  fi
}

# tu_pmset NUMBER KEY
tu_pmset() {
  tu_value=$(pmset -g | sed -n "s/^ *$2  *\\([0-9]*\\).*/\\1/p" | head -n 1)
  echo "$1 ${tu_value:-absent}"
}

# tu_default NUMBER DOMAIN KEY
tu_default() {
  if tu_type=$(defaults read-type "$2" "$3" 2>/dev/null); then
    printf '%s %s %s\n' "$1" "${tu_type##* }" "$(defaults read "$2" "$3")"
  else
    echo "$1 absent"
  fi
}
