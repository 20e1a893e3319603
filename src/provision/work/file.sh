# Files, links and folders are put in place and removed. Goes with runtime.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # runtime.sh sets these

# tu_arrived PATH DIGEST: whether what waits for PATH is what was sent.
tu_arrived() {
  [ "$(tu_sha256_of "$tu_new")" = "$2" ] || { echo "what arrived for $1 is not what was sent" && return 1; }
}

# tu_put_file PATH MODE DIGEST: stdin becomes the content of PATH. A step that fails leaves nothing beside the place.
tu_put_file() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder" && return 1; fi
  # Recorded first: the next apply knows from the record which waiting file to clear away if this one is killed.
  tu_parents "$1" && tu_keep "$1" "file $3" || return
  tu_new=$(tu_beside "$1")
  # A copy stays in the generation, by which edits are told from what was written.
  if (umask 077 && tee "$tu_generation/files/$tu_number.put" >"$tu_new") && chmod "$2" "$tu_new" && tu_arrived "$1" "$3" && tu_swap "$tu_new" "$1"; then
    return 0
  fi
  rm -f -- "$tu_new"
  return 1
}

# tu_put_over PATH MODE DIGEST FOUND: the same, unless PATH is no longer what it was when that was made of it.
tu_put_over() {
  if [ "$(tu_found "$1")" != "$4" ]; then echo "$1 has changed since it was looked at; plan again" && return 1; fi
  tu_put_file "$1" "$2" "$3"
}

# tu_put_link PATH TARGET
tu_put_link() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder" && return 1; fi
  tu_parents "$1" && tu_keep "$1" "link $(tu_link_digest "$2")" || return
  tu_new=$(tu_beside "$1")
  if rm -f "$tu_new" && ln -s -- "$2" "$tu_new" && tu_swap "$tu_new" "$1"; then return 0; fi
  rm -f -- "$tu_new"
  return 1
}

# tu_put_folder PATH MODE
tu_put_folder() {
  if [ -d "$1" ]; then
    tu_mode=$(stat -c %a -- "$1" 2>/dev/null || stat -f %Mp%Lp -- "$1") || return
    tu_record "mode $tu_mode" "$(cd "$1" && pwd)" folder || return
  else
    tu_parents "$1" && tu_keep "$1" folder && mkdir "$1" || return
  fi
  chmod "$2" "$1"
}

# tu_remove PATH
tu_remove() {
  tu_keep "$1" none && rm -f -- "$1"
}

# tu_move_aside PATH: a folder goes into the generation, where nothing of it is lost.
tu_move_aside() {
  if [ ! -d "$1" ] || [ -L "$1" ]; then echo "$1 is no folder any more" && return 1; fi
  case $1 in
    /*) tu_whole=$1 ;;
    *) tu_whole=$(pwd)/${1#./} ;;
  esac
  tu_record moved "$tu_whole" none && mv -- "$1" "$tu_generation/files/$tu_number"
}
