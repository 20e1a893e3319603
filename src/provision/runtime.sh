# The runtime of apply and rollback: carries out steps one after the other and tells how each began and ended.
#
# Needs tu_nonce. Descriptor 9 is the way to the controller. Every file is copied into the newest generation under the
# target's own state folder before it is touched, and is replaced by a rename, so that being killed at any point leaves
# either the old file or the new one, and a backup of whatever is no longer there.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # tu_nonce is set before this text, tu_failed is read after it

unset CDPATH ENV BASH_ENV
IFS=' 	
'
LC_ALL=C
GIT_TERMINAL_PROMPT=0
DEBIAN_FRONTEND=noninteractive
export LC_ALL GIT_TERMINAL_PROMPT DEBIAN_FRONTEND
tu_failed=
tu_state=${XDG_STATE_HOME:-$HOME/.local/state}/trueup/generations

# tu_fatal MESSAGE: ends everything before anything was changed.
tu_fatal() {
  printf '%s fatal 0 %s\n%s\n' "$tu_nonce" "${#1}" "$1" >&9
  exit 1
}

# tu_step NUMBER FUNCTION: carries out one step and tells its exit code and the end of what it printed.
tu_step() {
  printf '%s start %s 0\n\n' "$tu_nonce" "$1" >&9
  tu_said=$({ "$2" 2>&1 </dev/null 9>&-; printf '\n%s' "$?"; } | tail -c 4000)
  if [ "${tu_said##*
}" != 0 ]; then tu_failed=yes; fi
  printf '%s end %s %s\n%s\n' "$tu_nonce" "$1" "${#tu_said}" "$tu_said" >&9
}

# tu_generation_begin: a new generation, and the end of what an earlier one may have left half done.
tu_generation_begin() {
  (umask 077 && mkdir -p "$tu_state") || tu_fatal "cannot make $tu_state"
  for tu_dir in "$tu_state"/*; do
    if [ -d "$tu_dir/entries" ] && [ ! -e "$tu_dir/ended" ]; then
      for tu_entry in "$tu_dir"/entries/*; do
        if [ -f "$tu_entry" ]; then rm -f "$(tu_beside "$(sed -n 2p "$tu_entry")")"; fi
      done
      : >"$tu_dir/ended"
    fi
  done
  tu_count=1
  while :; do
    tu_generation=$tu_state/$(printf '%06d' "$tu_count")
    if [ ! -e "$tu_generation" ] && (umask 077 && mkdir "$tu_generation"); then break; fi
    tu_count=$((tu_count + 1))
    [ "$tu_count" -lt 1000000 ] || tu_fatal "cannot make a generation in $tu_state"
  done
  (umask 077 && mkdir "$tu_generation/entries" "$tu_generation/files") || tu_fatal "cannot write in $tu_state"
}

tu_generation_end() {
  : >"$tu_generation/ended"
}

# tu_root_check: root, or sudo that does not ask.
tu_root_check() {
  if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
    tu_fatal "some steps need root, and sudo is not there or wants a password; allow sudo without one, or leave these steps out with --skip"
  fi
}

tu_as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

# tu_beside PATH: where the new file waits until it takes PATH's place.
tu_beside() {
  case $1 in
    */*) printf '%s/.trueup-new.%s' "${1%/*}" "${1##*/}" ;;
    *) printf './.trueup-new.%s' "$1" ;;
  esac
}

# tu_record KIND PATH: enters into the generation what is about to happen to PATH, with a copy of what is there.
tu_record() {
  tu_taken=0
  for tu_entry in "$tu_generation"/entries/*; do
    if [ -f "$tu_entry" ]; then tu_taken=$((tu_taken + 1)); fi
  done
  tu_number=$(printf '%06d' "$((tu_taken + 1))")
  if [ "$1" = had ]; then
    (umask 077 && cp -pPR -- "$2" "$tu_generation/files/$tu_number") || return
  fi
  printf '%s\n%s\n' "$1" "$2" >"$tu_generation/entry" || return
  mv -f "$tu_generation/entry" "$tu_generation/entries/$tu_number"
}

# tu_keep PATH: records the file or link at PATH, or that there is none.
tu_keep() {
  case $1 in
    *"
"*) echo "a name with a line break in it cannot be backed up" && return 1 ;;
    /*) tu_whole=$1 ;;
    *) tu_whole=$(pwd)/${1#./} ;;
  esac
  if [ -L "$1" ] || [ -e "$1" ]; then tu_record had "$tu_whole"; else tu_record new "$tu_whole"; fi
}

# tu_parents PATH: makes the folders that lead to PATH.
tu_parents() {
  case $1 in
    */*) ;;
    *) return 0 ;;
  esac
  set -- "${1%/*}"
  if [ -z "$1" ] || [ -d "$1" ]; then return 0; fi
  tu_parents "$1" || return
  tu_keep "$1" && mkdir "$1"
}

# tu_swap NEW PATH: NEW takes PATH's place. A link to a folder would swallow it, so it goes first.
tu_swap() {
  if [ -L "$2" ]; then rm -f -- "$2" || return; fi
  mv -f -- "$1" "$2"
}

tu_sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -c1-64
}

# tu_put_file PATH MODE DIGEST: stdin becomes the content of PATH.
tu_put_file() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder" && return 1; fi
  tu_parents "$1" || return
  tu_new=$(tu_beside "$1")
  # shellcheck disable=SC2015 # whichever of them fails, what was put beside the place goes
  (umask 077 && cat >"$tu_new") && chmod "$2" "$tu_new" || { tu_discard && return 1; }
  if [ "$(tu_sha256_of "$tu_new")" != "$3" ]; then
    tu_discard
    echo "what arrived for $1 is not what was sent"
    return 1
  fi
  # shellcheck disable=SC2015
  tu_keep "$1" && tu_swap "$tu_new" "$1" || { tu_discard && return 1; }
}

# tu_discard: a step that fails leaves nothing beside the place.
tu_discard() {
  rm -f -- "$tu_new"
}

# tu_put_link PATH TARGET
tu_put_link() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder" && return 1; fi
  tu_parents "$1" || return
  tu_new=$(tu_beside "$1")
  # shellcheck disable=SC2015
  rm -f "$tu_new" && ln -s -- "$2" "$tu_new" && tu_keep "$1" && tu_swap "$tu_new" "$1" || { tu_discard && return 1; }
}

# tu_put_folder PATH MODE
tu_put_folder() {
  if [ -d "$1" ]; then
    tu_mode=$(stat -c %a -- "$1" 2>/dev/null || stat -f %Mp%Lp -- "$1") || return
    tu_record "mode $tu_mode" "$(cd "$1" && pwd)" || return
  else
    tu_parents "$1" && tu_keep "$1" && mkdir "$1" || return
  fi
  chmod "$2" "$1"
}

# tu_remove PATH
tu_remove() {
  tu_keep "$1" && rm -f -- "$1"
}

# tu_git REPO KEY [VALUE]: sets a setting in the repository's own file, or removes it there.
tu_git() {
  cd "$1" || return
  tu_config=$(git rev-parse --git-path config) && tu_keep "$tu_config" || return
  if [ $# -gt 2 ]; then
    git config --local --replace-all "$2" "$3"
  else
    git config --local --unset-all "$2"
  fi
}

# tu_restore GENERATION NUMBER: undoes one entry. Doing it twice is the same as once.
tu_restore() {
  tu_kind=$(sed -n 1p "$tu_state/$1/entries/$2") && tu_path=$(sed -n 2p "$tu_state/$1/entries/$2") || return
  case $tu_kind in
    had)
      tu_new=$(tu_beside "$tu_path")
      rm -rf -- "$tu_new" && cp -pPR -- "$tu_state/$1/files/$2" "$tu_new" && tu_swap "$tu_new" "$tu_path"
      ;;
    new)
      if [ -d "$tu_path" ] && [ ! -L "$tu_path" ]; then
        # Something else may live there by now.
        rmdir "$tu_path" 2>/dev/null || echo "$tu_path stays, it is not empty"
      else
        rm -f -- "$tu_path"
      fi
      ;;
    "mode "*) chmod "${tu_kind#mode }" "$tu_path" ;;
    kept) ;;
    *) echo "entry $2 is not understood" && return 1 ;;
  esac
}
