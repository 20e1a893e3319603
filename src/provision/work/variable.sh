# Variables are set for the shells that agents' commands run in. Goes with runtime.sh and file.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # runtime.sh sets tu_generation

# tu_put_variable NAME CONTEXT [HELD]…: the line on stdin, which sets NAME, takes the place of the one before in the file of
# assignments. CONTEXT is `login` or `interactive`; HELD are files that nothing is written into.
tu_put_variable() {
  tu_name=$1
  tu_find_start_up "$2" || return
  shift 2
  (
    umask 077
    if [ -f .config/trueup/environment ]; then grep -v "^export $tu_name=" .config/trueup/environment; fi
    cat
  ) >"$tu_generation/sent" || { rm -f "$tu_generation/sent" && return 1; }
  if tu_put_made ./.config/trueup/environment 600; then tu_read_at_start "$@"; else return 1; fi
}

# tu_put_made PATH MODE: what was made takes the place of PATH.
tu_put_made() {
  tu_digest=$(tu_sha256_of "$tu_generation/sent")
  tu_put_file "$1" "$2" "$tu_digest" <"$tu_generation/sent"
  tu_made=$?
  rm -f "$tu_generation/sent"
  return "$tu_made"
}

# tu_find_start_up CONTEXT: sets tu_start_up to the file that the user's shell reads when it starts so.
tu_find_start_up() {
  tu_shell=${SHELL:-/bin/sh}
  case ${tu_shell##*/}/$1 in
    zsh/*) tu_start_up=.zshenv ;;
    fish/*) tu_start_up=.config/fish/conf.d/trueup.fish ;;
    bash/interactive) tu_start_up=.bashrc ;;
    bash/login)
      for tu_start_up in .bash_profile .bash_login .profile; do
        if [ -r "$tu_start_up" ]; then break; fi
      done
      ;;
    *csh/* | */interactive) echo "$tu_shell reads no file at its start that could set it; set it by hand" && return 1 ;;
    *) tu_start_up=.profile ;;
  esac
}

# tu_read_at_start [HELD]…: the file that the shell reads at its start reads the assignments.
tu_read_at_start() {
  # shellcheck disable=SC2016 # it is for the shell that reads it
  case $tu_start_up in
    *.fish) tu_line='test -r $HOME/.config/trueup/environment; and source $HOME/.config/trueup/environment' ;;
    *) tu_line='if [ -r "$HOME/.config/trueup/environment" ]; then . "$HOME/.config/trueup/environment"; fi' ;;
  esac
  if [ -f "$tu_start_up" ] && grep -qxF -e "$tu_line" "$tu_start_up"; then return 0; fi
  for tu_held in "$@"; do
    if [ "$tu_held" = "$tu_start_up" ]; then
      echo "$tu_start_up is held as the reference has it; put this line into the reference's and capture: $tu_line" && return 1
    fi
  done
  if [ -L "$tu_start_up" ]; then
    echo "$tu_start_up is a link; put this line into what it leads to: $tu_line" && return 1
  fi
  tu_mode=644
  if [ -f "$tu_start_up" ]; then
    tu_mode=$(stat -c %a -- "$tu_start_up" 2>/dev/null || stat -f %Mp%Lp -- "$tu_start_up") || return
  fi
  (
    umask 077
    if [ -f "$tu_start_up" ]; then
      cat "$tu_start_up"
      # A last line without its end would swallow what is put behind it.
      if [ -n "$(tail -c 1 "$tu_start_up")" ]; then echo; fi
    fi
    printf '%s\n' "$tu_line"
  ) >"$tu_generation/sent" || { rm -f "$tu_generation/sent" && return 1; }
  tu_put_made "./$tu_start_up" "$tu_mode"
}
