# Files that are root's: put in place, backed up and given back as others are. Goes with runtime.sh.
#
# What arrives waits in the generation, which is the user's own: sudo may need its stdin for the password.
# shellcheck shell=sh
# shellcheck disable=SC2154 # runtime.sh sets these

# tu_send COMMAND…: what it prints waits at tu_sent, for nobody else to read.
tu_send() {
  tu_sent=$tu_generation/sent
  (umask 077 && "$@" >"$tu_sent")
}

# tu_root_found PATH: as tu_found, in root's eyes.
tu_root_found() {
  if tu_as_root test -L "$1"; then
    printf 'link %s\n' "$(tu_link_digest "$(tu_as_root readlink "$1")")"
  elif tu_as_root test -f "$1"; then
    printf 'file %s\n' "$(tu_as_root cat "$1" | tu_sha256)"
  elif tu_as_root test -d "$1"; then
    echo folder
  elif tu_as_root test -e "$1"; then
    echo other
  else
    echo none
  fi
}

# tu_root_keep PATH LEFT: as tu_keep.
tu_root_keep() {
  if tu_as_root test -L "$1" || tu_as_root test -e "$1"; then
    tu_record 'root had' "$1" "$2"
  else
    tu_record 'root new' "$1" "$2"
  fi
}

# tu_root_parents PATH: as tu_parents.
tu_root_parents() {
  set -- "${1%/*}"
  if [ -z "$1" ] || tu_as_root test -d "$1"; then return 0; fi
  tu_root_parents "$1" || return
  tu_root_keep "$1" folder && tu_as_root mkdir -m 0755 "$1"
}

# tu_root_put_file PATH MODE DIGEST: what waits at tu_sent becomes the content of PATH.
tu_root_put_file() {
  if [ "$(tu_sha256_of "$tu_sent")" != "$3" ]; then echo "what arrived for $1 is not what was sent" && return 1; fi
  if tu_as_root test -d "$1" && ! tu_as_root test -L "$1"; then echo "$1 is a folder" && return 1; fi
  tu_root_parents "$1" && tu_root_keep "$1" "file $3" || return
  tu_new=$(tu_beside "$1")
  # The copy of what only its owner may read is so from its first moment.
  if tu_as_root rm -f "$tu_new" && tu_as_root cp "$tu_sent" "$tu_new" && tu_as_root chown 0:0 "$tu_new" &&
    tu_as_root chmod "$2" "$tu_new" && tu_root_swap "$tu_new" "$1"; then
    return 0
  fi
  tu_as_root rm -f "$tu_new"
  return 1
}

# tu_root_swap NEW PATH: as tu_swap.
tu_root_swap() {
  if tu_as_root test -L "$2"; then tu_as_root rm -f "$2" || return; fi
  tu_as_root mv -f "$1" "$2"
}

# tu_root_remove PATH
tu_root_remove() {
  if ! tu_as_root test -e "$1" && ! tu_as_root test -L "$1"; then return 0; fi
  tu_root_keep "$1" none && tu_as_root rm -f "$1"
}

# tu_root_put_aside PATH NAME: as tu_put_aside.
tu_root_put_aside() {
  tu_later=$tu_state/$tu_from/files/$2.later
  while [ -e "$tu_later" ] || [ -L "$tu_later" ]; do tu_later=$tu_later.more; done
  tu_as_root cp -pPR "$1" "$tu_later" || return
  echo "$1 was changed after the apply; what it was then is kept as $tu_later"
}

# tu_root_restore had|new NUMBER PATH LEFT: undoes an entry about what is root's.
tu_root_restore() {
  tu_now=$(tu_root_found "$3")
  if [ "$1" = new ]; then
    case $tu_now in
      folder) tu_as_root rmdir "$3" 2>/dev/null || echo "$3 stays, it is not empty" ;;
      none) ;;
      "$4") tu_as_root rm -f "$3" ;;
      *) tu_root_put_aside "$3" "$2" && tu_as_root rm -f "$3" ;;
    esac
    return
  fi
  case $tu_now in
    folder) echo "$3 is a folder now; move it away" && return 1 ;;
    "$4" | none | "$(tu_root_found "$tu_state/$tu_from/files/$2")") ;;
    *) tu_root_put_aside "$3" "$2" || return ;;
  esac
  tu_new=$(tu_beside "$3")
  tu_as_root mkdir -p "${3%/*}/" && tu_as_root rm -rf "$tu_new" &&
    tu_as_root cp -pPR "$tu_state/$tu_from/files/$2" "$tu_new" && tu_root_swap "$tu_new" "$3"
}
