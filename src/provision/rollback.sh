# Undoes the entries of a generation. Goes with runtime.sh and what the works themselves are undone by.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what runtime.sh sets is read here, and works' own texts read tu_from

# tu_put_aside PATH NAME: keeps what is at PATH in the generation, which nothing else has a copy of.
tu_put_aside() {
  tu_later=$tu_state/$tu_from/files/$2.later
  while [ -e "$tu_later" ] || [ -L "$tu_later" ]; do tu_later=$tu_later.more; done
  (umask 077 && rm -rf -- "$tu_later.part" && cp -pPR -- "$1" "$tu_later.part") && mv -f -- "$tu_later.part" "$tu_later" || return
  echo "$1 was changed after the apply; what it was then is kept as $tu_later"
}

# tu_give_back NAME PATH FOUND: the file or link that was at PATH takes its place again.
tu_give_back() {
  if [ "$3" = folder ]; then echo "$2 is a folder now; move it away" && return 1; fi
  tu_new=$(tu_beside "$2")
  mkdir -p -- "${2%/*}/" && rm -rf -- "$tu_new" && cp -pPR -- "$tu_state/$tu_from/files/$1" "$tu_new" &&
    tu_swap "$tu_new" "$2"
}

# tu_restore GENERATION NUMBER: undoes one entry. Doing it twice is the same as once.
tu_restore() {
  tu_from=$1
  tu_entry=$tu_state/$1/entries/$2
  tu_kind=$(sed -n 1p "$tu_entry") && tu_path=$(sed -n 2p "$tu_entry") && tu_left=$(sed -n 3p "$tu_entry") || return
  tu_now=$(tu_found "$tu_path")
  case $tu_kind in
    had)
      case $tu_now in
        "$tu_left" | folder | none | "$(tu_found "$tu_state/$1/files/$2")") ;;
        *) tu_put_aside "$tu_path" "$2" || return ;;
      esac
      tu_give_back "$2" "$tu_path" "$tu_now"
      ;;
    new)
      case $tu_now in
        # Something else may live there by now.
        folder) rmdir -- "$tu_path" 2>/dev/null || echo "$tu_path stays, it is not empty" ;;
        none) ;;
        "$tu_left") rm -f -- "$tu_path" ;;
        *) tu_put_aside "$tu_path" "$2" && rm -f -- "$tu_path" ;;
      esac
      ;;
    moved)
      # What stands there now was put there by somebody else, unless the folder never left.
      if [ ! -e "$tu_state/$1/files/$2" ]; then return 0; fi
      case $tu_now in
        none) ;;
        folder) echo "$tu_path is another folder now; move it away" && return 1 ;;
        *) tu_put_aside "$tu_path" "$2" && rm -f -- "$tu_path" || return ;;
      esac
      mv -- "$tu_state/$1/files/$2" "$tu_path"
      ;;
    "commit "*) tu_uncommit "$tu_path" "${tu_kind#commit }" "$tu_left" ;;
    "branch "*) tu_unbranch "$tu_path" "${tu_kind#branch }" "$tu_left" ;;
    "at "*) tu_unmove "$tu_path" "${tu_kind#at }" "$tu_left" ;;
    origin-head*) tu_origin_head_back "$tu_path" "${tu_kind#origin-head}" "$tu_left" ;;
    "submodule "*) tu_unsubmodule "$tu_path" "${tu_kind#submodule }" "$tu_left" ;;
    "mode "*)
      if [ "$tu_now" = folder ]; then
        chmod "${tu_kind#mode }" "$tu_path"
      else
        echo "$tu_path is no longer a folder, so its mode is nobody's"
      fi
      ;;
    "root "*) tu_root_restore "${tu_kind#root }" "$2" "$tu_path" "$tu_left" ;;
    "setting "*) tu_unset "${tu_kind#setting }" "$tu_path" ;;
    "service-stop "*) tu_service_stop "${tu_kind#service-stop }" "$tu_path" ;;
    "service "*)
      # shellcheck disable=SC2086 # its words are apart
      tu_service_again ${tu_kind#service } "$tu_path"
      ;;
    "git "*) tu_unset_git "$2" "$tu_path" "${tu_kind#git }" "$tu_now" ;;
    clone)
      case $tu_now in
        none) ;;
        folder) tu_unclone "$tu_path" ;;
        *) echo "$tu_path is something else now; it stays" ;;
      esac
      ;;
    kept) ;;
    *) echo "entry $2 is not understood" && return 1 ;;
  esac
}
