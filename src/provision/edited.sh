# What applies wrote last at some places, for telling who has changed a file since.
# shellcheck shell=sh
# shellcheck disable=SC2154 # state.sh sets tu_state

# tu_last_written PATH…: for each entry about one of these in the generations that were not rolled back, the oldest first, five lines:
# what was done, the place as it was asked for, what was left there, where a copy of that is, if there is one, and the digest of what
# was there before, if that was a file.
tu_last_written() {
  cd || return
  tu_home=$(pwd)
  for tu_dir in "$tu_state"/*; do
    if [ ! -d "$tu_dir/entries" ] || [ -e "$tu_dir/rolled-back" ]; then continue; fi
    if [ "$(cat "$tu_dir/home")" != "$HOME" ]; then continue; fi
    for tu_entry in "$tu_dir"/entries/*; do
      if [ ! -f "$tu_entry" ]; then continue; fi
      # By the shell's own means: there may be thousands of them.
      { IFS= read -r tu_kind && IFS= read -r tu_path && IFS= read -r tu_left; } <"$tu_entry" || continue
      for tu_asked in "$@"; do
        case $tu_asked in
          /*) tu_whole=$tu_asked ;;
          *) tu_whole=$tu_home/${tu_asked#./} ;;
        esac
        if [ "$tu_whole" != "$tu_path" ]; then continue; fi
        tu_copy=$tu_dir/files/${tu_entry##*/}.put
        if [ ! -f "$tu_copy" ]; then tu_copy=; fi
        tu_before=
        if [ "$tu_kind" = had ] && [ -f "$tu_dir/files/${tu_entry##*/}" ]; then
          tu_before=$(tu_sha256 <"$tu_dir/files/${tu_entry##*/}") || return
        fi
        printf '%s\n%s\n%s\n%s\n%s\n' "$tu_kind" "$tu_asked" "$tu_left" "$tu_copy" "${tu_before%% *}"
      done
    done
  done
}
