# The runtime of apply and rollback: carries out steps one after the other and tells how each began and ended.
#
# Needs tu_nonce, tu_state and tu_started. Descriptor 9 is the way to the controller. Every file is copied into the newest generation under the
# target's own state folder before it is touched, and is replaced by a rename, so that being killed at any point leaves
# either the old file or the new one, and a backup of whatever is no longer there.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # tu_nonce and tu_state are set before this text, tu_failed is read after it

unset CDPATH ENV BASH_ENV
# These would lead git to another repository than the one in the folder where it is started.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR \
  GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_IMPLICIT_WORK_TREE GIT_NAMESPACE GIT_CONFIG
IFS=' 	
'
LC_ALL=C
GIT_TERMINAL_PROMPT=0
DEBIAN_FRONTEND=noninteractive
export LC_ALL GIT_TERMINAL_PROMPT DEBIAN_FRONTEND
tu_failed=
tu_lock=

# tu_fatal MESSAGE: ends everything before anything was changed.
tu_fatal() {
  tu_let_go
  printf '%s fatal 0 %s\n%s\n' "$tu_nonce" "${#1}" "$1" >&9
  exit 1
}

# tu_hold WHO: takes this home's lock, or ends and names its holder. The lock is a link to nowhere, since making one either
# works wholly or not at all; its text tells the process whose end frees it.
tu_hold() {
  (umask 077 && mkdir -p "$tu_state") || tu_fatal "cannot make $tu_state"
  tu_own="$$ $(tu_started "$$") $(date -u +%Y-%m-%dT%H:%M:%SZ) $1"
  tu_waited=0
  until ln -s "$tu_own" "${tu_state%/*}/applying" 2>/dev/null; do
    if tu_text=$(readlink "${tu_state%/*}/applying"); then
      tu_is_held "$tu_text" && tu_fatal "$tu_holder is changing this machine since $tu_since; when that has ended, run it again"
      # What is moved away is the dead one's, unless somebody was faster, who then finds the lock gone and takes it anew.
      mv -f "${tu_state%/*}/applying" "$tu_state.$$" && rm -f "$tu_state.$$"
    fi
    tu_waited=$((tu_waited + 1))
    [ "$tu_waited" -lt 20 ] || tu_fatal "cannot take the lock ${tu_state%/*}/applying"
  done
  tu_lock=${tu_state%/*}/applying
}

# tu_is_held TEXT: whether the process that a lock names still runs. Sets tu_holder and tu_since.
tu_is_held() {
  tu_holder=${1#* * * } tu_since=${1#* * } tu_birth=${1#* }
  tu_since=${tu_since%% *} tu_birth=${tu_birth%% *}
  [ "$(tu_started "${1%% *}" 2>/dev/null)" = "$tu_birth" ]
}

tu_let_go() {
  [ -z "$tu_lock" ] || [ "$(readlink "$tu_lock")" != "$tu_own" ] || rm -f "$tu_lock"
}

# tu_step NUMBER FUNCTION: carries out one step and tells its exit code and the end of what it printed.
tu_step() {
  printf '%s start %s 0\n\n' "$tu_nonce" "$1" >&9
  tu_at=$1 tu_within=0
  tu_said=$({ "$2" 2>&1 </dev/null 9>&-; printf '\n%s' "$?"; } | tail -c 4000)
  if [ "${tu_said##*
}" != 0 ]; then tu_failed=yes tu_undone="$tu_undone$1 "; fi
  printf '%s end %s %s\n%s\n' "$tu_nonce" "$1" "${#tu_said}" "$tu_said" >&9
}

# tu_needs NUMBER [FIRST SUBJECT]…: whether all steps that come before this one were done; else it is left out.
tu_needs() {
  tu_at=$1
  shift
  while [ $# -gt 0 ]; do
    case $tu_undone in *" $1 "*) tu_leave_out "$tu_at" "it comes after \`$2\`, which was not done"; return 1 ;; esac
    shift 2
  done
}

# tu_leave_out NUMBER WHY
tu_leave_out() {
  tu_undone="$tu_undone$1 "
  printf '%s skip %s %s\n%s\n' "$tu_nonce" "$1" "${#2}" "$2" >&9
}

# tu_generation_begin APPLY: a new generation, and the end of what an earlier one may have left half done. An apply that goes on
# in rounds makes one each time, and all are rolled back together.
tu_generation_begin() {
  for tu_dir in "$tu_state"/*; do
    if [ -d "$tu_dir/entries" ] && [ ! -e "$tu_dir/ended" ]; then
      for tu_entry in "$tu_dir"/entries/*; do
        if [ -f "$tu_entry" ]; then rm -rf "$(tu_beside "$(sed -n 2p "$tu_entry")")"; fi
      done
      rm -f "$tu_dir/sent"
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
  # The folder of entries comes last: what has one is known to be this home's.
  (umask 077 && printf '%s\n' "$HOME" >"$tu_generation/home" &&
    date -u +%Y-%m-%dT%H:%M:%SZ >"$tu_generation/began" && printf '%s\n' "$1" >"$tu_generation/apply" && mkdir "$tu_generation/files" \
    "$tu_generation/left" "$tu_generation/entries") || tu_fatal "cannot write in $tu_state"
}

# tu_generation_end: one in which nothing was changed would only stand in the way of a rollback.
tu_generation_end() {
  if rmdir "$tu_generation/entries" 2>/dev/null; then rm -rf -- "$tu_generation"; else : >"$tu_generation/ended"; fi
}

# tu_root_check: how what needs root is done: this is root, or sudo lets it, with the password where one was given. Else the
# steps that need root are left out.
tu_root_check() {
  tu_rootless=
  if [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; then
    unset tu_password
  elif ! command -v sudo >/dev/null; then
    tu_rootless='it needs root, and there is no sudo'
  elif [ -z "${tu_password+set}" ]; then
    tu_rootless='it needs root, and sudo wants a password; apply on a terminal, where it can be typed, or allow sudo without'
  elif ! tu_said=$(tu_sudo true 2>&1); then
    tu_rootless="it needs root, and sudo refused: $(echo "$tu_said" | tail -n 1)"
  fi
}

# tu_sudo COMMAND…: the password goes in by a here-document, since what is on a command line can be seen by everybody.
tu_sudo() {
  if [ -n "${tu_password+set}" ]; then
    sudo -S -p '' -- "$@" <<END
$tu_password
END
  else
    sudo -n -- "$@"
  fi
}

# tu_root_step NUMBER FUNCTION: tu_step, if there is root.
tu_root_step() {
  if [ -z "$tu_rootless" ]; then
    tu_step "$1" "$2"
  else
    tu_leave_out "$1" "$tu_rootless"
  fi
}

tu_as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else tu_sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; fi
}

# tu_beside PATH: where the new file waits until it takes PATH's place.
tu_beside() {
  case $1 in
    */*) printf '%s/.trueup-new.%s' "${1%/*}" "${1##*/}" ;;
    *) printf './.trueup-new.%s' "$1" ;;
  esac
}

# tu_record KIND PATH LEFT: enters into the generation what is about to happen to PATH, with a copy of what is there,
# and what will be there afterwards in the words of tu_found. Named by the step and by the place within it.
tu_record() {
  case $1$2 in
    *"
"*) echo "a name with a line break in it cannot be backed up" && return 1 ;;
  esac
  tu_within=$((tu_within + 1))
  tu_number=$(printf '%06d.%04d' "$tu_at" "$tu_within")
  case $1 in
    had | git\ *) (umask 077 && cp -pPR -- "$2" "$tu_generation/files/$tu_number") || return ;;
    root\ had) tu_as_root cp -pPR "$2" "$tu_generation/files/$tu_number" || return ;;
  esac
  printf '%s\n%s\n%s\n' "$1" "$2" "$3" >"$tu_generation/entry" || return
  mv -f "$tu_generation/entry" "$tu_generation/entries/$tu_number"
}

# tu_keep PATH LEFT: records the file or link at PATH, or that there is none.
tu_keep() {
  case $1 in
    /*) tu_whole=$1 ;;
    *) tu_whole=$(pwd)/${1#./} ;;
  esac
  if [ -L "$1" ] || [ -e "$1" ]; then tu_record had "$tu_whole" "$2"; else tu_record new "$tu_whole" "$2"; fi
}

# tu_parents PATH: makes the folders that lead to PATH.
tu_parents() {
  case $1 in
    */*) ;;
    *) return 0 ;;
  esac
  set -- "${1%/*}"
  if [ -z "$1" ] || [ -d "$1" ]; then return 0; fi
  if [ -e "$1" ] || [ -L "$1" ]; then echo "$1 is not a folder" && return 1; fi
  tu_parents "$1" || return
  tu_keep "$1" folder && mkdir "$1"
}

# tu_swap NEW PATH: NEW takes PATH's place. A link to a folder would swallow it, so it goes first.
tu_swap() {
  if [ -L "$2" ]; then rm -f -- "$2" || return; fi
  mv -f -- "$1" "$2"
}

tu_sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64
}

tu_sha256_of() {
  tu_sha256 <"$1"
}

tu_link_digest() {
  printf '%s\n' "$1" | tu_sha256
}

# tu_found PATH: what is there, in one line.
tu_found() {
  if [ -L "$1" ]; then
    # A line break at the end of a link is lost; then it merely looks changed.
    printf 'link %s\n' "$(tu_link_digest "$(readlink "$1")")"
  elif [ -f "$1" ]; then
    printf 'file %s\n' "$(tu_sha256_of "$1")"
  elif [ -d "$1" ]; then
    echo folder
  elif [ -e "$1" ]; then
    echo other
  else
    echo none
  fi
}
