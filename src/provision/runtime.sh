# The runtime of apply and rollback: carries out steps one after the other and tells how each began and ended.
#
# Needs tu_nonce and tu_state. Descriptor 9 is the way to the controller. Every file is copied into the newest generation under the
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

# tu_fatal MESSAGE: ends everything before anything was changed.
tu_fatal() {
  printf '%s fatal 0 %s\n%s\n' "$tu_nonce" "${#1}" "$1" >&9
  exit 1
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

# tu_generation_begin: a new generation, and the end of what an earlier one may have left half done.
tu_generation_begin() {
  (umask 077 && mkdir -p "$tu_state") || tu_fatal "cannot make $tu_state"
  for tu_dir in "$tu_state"/*; do
    if [ -d "$tu_dir/entries" ] && [ ! -e "$tu_dir/ended" ]; then
      for tu_entry in "$tu_dir"/entries/*; do
        if [ -f "$tu_entry" ]; then rm -rf "$(tu_beside "$(sed -n 2p "$tu_entry")")"; fi
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
  # The folder of entries comes last: what has one is known to be this home's.
  (umask 077 && printf '%s\n' "$HOME" >"$tu_generation/home" && mkdir "$tu_generation/files" \
    "$tu_generation/left" "$tu_generation/entries") || tu_fatal "cannot write in $tu_state"
}

# tu_generation_end: one in which nothing was changed would only stand in the way of a rollback.
tu_generation_end() {
  if rmdir "$tu_generation/entries" 2>/dev/null; then rm -rf -- "$tu_generation"; else : >"$tu_generation/ended"; fi
}

# tu_root_check: root, or sudo that does not ask. Without either, the steps that need root are left out.
tu_root_check() {
  tu_rootless=
  if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
    tu_rootless="it needs root, and sudo is not there or wants a password; allow sudo without one"
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
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; fi
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
  if (umask 077 && cat >"$tu_new") && chmod "$2" "$tu_new" && tu_arrived "$1" "$3" && tu_swap "$tu_new" "$1"; then
    return 0
  fi
  rm -f -- "$tu_new"
  return 1
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

# tu_git REPO KEY [VALUE]: sets a setting in the repository's own file, or removes it there.
tu_git() {
  cd "$1" && tu_up=$(git rev-parse --show-cdup) || return
  if [ -n "$tu_up" ]; then echo "$1 is not a repository, it only lies in one" && return 1; fi
  tu_config=$(git rev-parse --git-path config) || return
  case $tu_config in
    /*) ;;
    *) tu_config=$(pwd)/$tu_config ;;
  esac
  # What the file becomes is known only afterwards; until then a rollback goes by the key.
  tu_record "git $2" "$tu_config" '' || return
  if [ $# -gt 2 ]; then
    git config --local --replace-all "$2" "$3" || return
  else
    git config --local --unset-all "$2" || return
  fi
  tu_found "$tu_config" >"$tu_generation/left/$tu_number"
}

# tu_clone PATH: begins a repository beside its place, to which it goes once it is whole. tu_remote gives it its remotes.
tu_clone() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    rmdir "$1" 2>/dev/null || { echo "$1 is there and not empty" && return 1; }
  elif [ -e "$1" ] || [ -L "$1" ]; then
    echo "$1 is there and no folder"
    return 1
  fi
  tu_parents "$1" || return
  case $1 in
    /*) tu_whole=$1 ;;
    *) tu_whole=$(pwd)/${1#./} ;;
  esac
  tu_record clone "$tu_whole" '' || return
  tu_new=$(tu_beside "$tu_whole")
  rm -rf -- "$tu_new"
  # Without somebody to ask, a host that is not known is refused.
  [ -n "${GIT_SSH_COMMAND-}" ] || git config core.sshCommand >/dev/null || GIT_SSH_COMMAND='ssh -o BatchMode=yes'
  [ -z "${GIT_SSH_COMMAND-}" ] || export GIT_SSH_COMMAND
}

# tu_remotes PATH: what tu_remote is about from here on.
tu_remotes() {
  cd "$1" && tu_up=$(git rev-parse --show-cdup) || return
  if [ -n "$tu_up" ]; then echo "$1 is not a repository, it only lies in one" && return 1; fi
  tu_config=$(git rev-parse --git-path config) || return
  case $tu_config in
    /*) ;;
    *) tu_config=$(pwd)/$tu_config ;;
  esac
  tu_new=
  tu_record 'git remotes' "$tu_config" ''
}

tu_remotes_left() {
  tu_found "$tu_config" >"$tu_generation/left/$tu_number"
}

# tu_remote NAME FETCH PUSH: a remote and its URLs, a line each; the first remote of a new repository is where it is cloned
# from.
tu_remote() {
  if [ -n "$tu_new" ] && [ ! -e "$tu_new" ]; then
    # What it says of its progress is for a terminal.
    if ! git clone --quiet --recurse-submodules --origin "$1" -- "$(echo "$2" | sed -n 1p)" "$tu_new"; then
      rm -rf -- "$tu_new"
      return 1
    fi
    cd "$tu_new" || return
  fi
  git config --unset-all "remote.$1.url"
  git config --unset-all "remote.$1.pushurl"
  git config --get "remote.$1.fetch" >/dev/null || git config "remote.$1.fetch" "+refs/heads/*:refs/remotes/$1/*" || return
  { echo "$2" | sed 's/^/url /' && echo "$3" | sed 's/^/pushurl /'; } | while read -r tu_kind tu_url; do
    [ -z "$tu_url" ] || git config --add "remote.$1.$tu_kind" "$tu_url" || exit
  done
}

# tu_set_up FOLDER COMMAND…: runs a command there, with the programs that are installed there before those on PATH.
tu_set_up() (
  cd "$1" || exit
  PATH=$(pwd)/node_modules/.bin:$(pwd)/.venv/bin:$PATH
  shift
  exec "$@"
)

# tu_cloned PATH: the new repository takes its place.
tu_cloned() {
  cd && mv -- "$tu_new" "$1"
}

# tu_unclone PATH: removes a repository that apply has cloned, unless somebody's work is in it.
tu_unclone() {
  if [ ! -d "$1/.git" ]; then echo "$1 is no repository any more; it stays" && return 0; fi
  tu_work=$(cd "$1" && git status --porcelain && git stash list && git log --oneline HEAD --branches --tags --not --remotes) ||
    tu_work=unknown
  if [ -n "$tu_work" ]; then echo "$1 has work in it that is nowhere else; it stays" && return 0; fi
  rm -rf -- "$1"
}

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

# tu_values FILE KEY: the values of a setting in a file, each with a NUL at its end.
tu_values() {
  git config --file "$1" --null --get-all "$2"
}

# tu_unset_git NAME CONFIG KEY FOUND: gives a setting the values that it had. The file as a whole comes back only if
# nothing else was changed in it.
tu_unset_git() {
  tu_backup=$tu_state/$tu_from/files/$1
  if [ "$3" = remotes ] && [ "$4" != "$(cat "$tu_state/$tu_from/left/$1" 2>/dev/null)" ]; then
    echo "$2 was changed after the apply; its remotes stay as they are" && return 0
  fi
  if [ "$4" = "$(cat "$tu_state/$tu_from/left/$1" 2>/dev/null)" ]; then
    tu_give_back "$1" "$2" "$4"
    return
  fi
  if [ "$4" = "$(tu_found "$tu_backup")" ]; then return 0; fi
  if [ ! -f "$2" ]; then echo "$2 is no longer there, so $3 has nowhere to go back to" && return 0; fi
  if [ "$(tu_values "$2" "$3" | tu_sha256)" = "$(tu_values "$tu_backup" "$3" | tu_sha256)" ]; then return 0; fi
  tu_new=$(tu_beside "$2")
  rm -f -- "$tu_new" && cp -pPR -- "$2" "$tu_new" || return
  # It fails where there is none to unset, which is as well.
  git config --file "$tu_new" --unset-all "$3"
  if git config --file "$tu_backup" --get-all "$3" >/dev/null; then
    tu_values "$tu_backup" "$3" | xargs -0 -n 1 git config --file "$tu_new" --add "$3" || return
  fi
  tu_swap "$tu_new" "$2" && echo "$2 was changed after the apply; only $3 was put back"
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
    "mode "*)
      if [ "$tu_now" = folder ]; then
        chmod "${tu_kind#mode }" "$tu_path"
      else
        echo "$tu_path is no longer a folder, so its mode is nobody's"
      fi
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
