# Repositories are cloned, get their settings and remotes, and are set up. Goes with runtime.sh and, to undo, rollback.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # what runtime.sh and rollback.sh set is read here

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
