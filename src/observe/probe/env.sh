# What variables hold in the shell context, a line each: the name and `unset`, `empty`, `set` or the digest of the value.
# The value itself goes through a pipe alone: never into a command line, and into no output.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the runtime sets tu_value and tu_kept

# tu_say TEXT: prints it by the shell's own means, since whatever another program is given stands in the process list.
tu_say() {
  case $(command -v printf) in
    printf) printf '%s' "$1" ;;
    *)
      case $(command -v print) in
        print) eval 'print -nr -- "$1"' ;;
        *) return 1 ;;
      esac
      ;;
  esac
}

# tu_variable NAME HOW: HOW is `exact` for the digest, `present` for no more than whether it is there.
tu_variable() {
  tu_state='unset'
  if tu_original "$1"; then
    tu_state='set'
    # A variable that the shell made for itself is none of the environment.
    if [ "$tu_kept" != yes ] && command -v printenv >/dev/null && ! printenv "$1" >/dev/null; then tu_state='unset'; fi
  fi
  if [ "$tu_state" = set ] && [ -z "$tu_value" ]; then
    tu_state=empty
  elif [ "$tu_state" = set ] && [ "$2" = exact ]; then
    tu_state=$(tu_say "$tu_value" | tu_sha256) && tu_state=${tu_state%% *}
  fi
  printf '%s %s\n' "$1" "$tu_state"
}

