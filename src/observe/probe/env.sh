# What variables hold in the shell context, a line each: the name and `unset`, `empty`, `set`, the digest of the value, or
# `mute` where this shell cannot tell.
# The value itself goes through a pipe alone: never into a command line, and into no output.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the runtime sets tu_value and tu_kept

# How this shell prints by its own means: whatever another program is given stands in the process list. yash has a printf
# of its own, and names the program that it stands for.
case ${YASH_VERSION+yash}$(command -v printf)/$(command -v print) in
  printf/* | yash?*) tu_voice='printf' ;;
  */print) tu_voice='print' ;;
  *) tu_voice= ;;
esac

# tu_say TEXT: prints it in that way.
tu_say() {
  if [ "$tu_voice" = printf ]; then printf '%s' "$1"; else eval 'print -nr -- "$1"'; fi
}

# tu_variable NAME HOW: HOW is `exact` for the digest, `present` for no more than whether it is there.
tu_variable() {
  tu_state='unset'
  if tu_original "$1"; then
    tu_state='set'
    # A variable that the shell made for itself is none of the environment.
    if [ "$tu_kept" != yes ] && command -v printenv >/dev/null && ! printenv "$1" >/dev/null; then tu_state='unset'; fi
  fi
  if [ -n "${YASH_VERSION-}" ] && [ "$tu_state$tu_kept" = unset ] && printenv "$1" >/dev/null; then
    # yash leaves out what is no text in its locale.
    tu_state=mute
  elif [ "$tu_state" = set ] && [ -z "$tu_value" ]; then
    tu_state=empty
  elif [ "$tu_state" = set ] && [ "$2" = exact ] && [ -z "$tu_voice" ]; then
    tu_state=mute
  elif [ "$tu_state" = set ] && [ "$2" = exact ]; then
    tu_state=$(tu_say "$tu_value" | tu_sha256) && tu_state=${tu_state%% *}
  fi
  printf '%s %s\n' "$1" "$tu_state"
}

