# Repositories are cloned, get their settings and remotes, and are set up. Goes with runtime.sh and, to undo, rollback.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154 # what runtime.sh and rollback.sh set is read here

# tu_git REPO KEY [VALUE]…: sets a setting in the repository's own file, or removes it there.
tu_git() {
  tu_in_repo "$1" || return
  tu_config=$(git rev-parse --git-path config) || return
  case $tu_config in
    /*) ;;
    *) tu_config=$(pwd)/$tu_config ;;
  esac
  # What the file becomes is known only afterwards; until then a rollback goes by the key.
  tu_record "git $2" "$tu_config" '' || return
  shift
  tu_git_values '' "$tu_config" "$@" || return
  tu_found "$tu_config" >"$tu_generation/left/$tu_number"
}

# tu_git_values AS FILE KEY [VALUE]…: gives a setting these values in a file, by tu_as_root or by nothing.
tu_git_values() {
  tu_by=$1 tu_file=$2 tu_key=$3
  shift 3
  if [ $# -eq 0 ]; then
    $tu_by git config --file "$tu_file" --unset-all "$tu_key" && return
    # That is how git says that there was none.
    [ $? -eq 5 ]
    return
  fi
  $tu_by git config --file "$tu_file" --replace-all "$tu_key" "$1" || return
  shift
  while [ $# -gt 0 ]; do
    $tu_by git config --file "$tu_file" --add "$tu_key" "$1" || return
    shift
  done
}

# tu_git_file FILE KEY [VALUE]…: the same in any other file of git's configuration, which is made where it is not there.
tu_git_file() {
  tu_config=$1
  shift
  # What stands there as a link is kept elsewhere, where git writes too.
  tu_links=0
  while [ -L "$tu_config" ] && [ "$tu_links" -lt 40 ]; do
    tu_links=$((tu_links + 1))
    tu_to=$(readlink "$tu_config") || return
    case $tu_to in
      /*) tu_config=$tu_to ;;
      *) tu_config=$(dirname -- "$tu_config")/$tu_to ;;
    esac
  done
  case $tu_config in
    /*) ;;
    *) tu_config=$(pwd)/${tu_config#./} ;;
  esac
  if [ -e "$tu_config" ]; then
    tu_record "git $1" "$tu_config" '' || return
    if [ -w "$tu_config" ] && [ -w "${tu_config%/*}" ]; then tu_as=; else tu_as=tu_as_root; fi
    tu_git_values "$tu_as" "$tu_config" "$@" || return
    tu_found "$tu_config" >"$tu_generation/left/$tu_number"
  else
    tu_parents "$tu_config" || return
    tu_new=$(tu_beside "$tu_config")
    rm -f -- "$tu_new" && tu_git_values '' "$tu_new" "$@" && tu_keep "$tu_config" "$(tu_found "$tu_new")" &&
      tu_swap "$tu_new" "$tu_config"
  fi
}

# tu_git_finds REPO KEY VALUE: what git finds out about the filesystem when it makes a repository there, in the words of KEY;
# set if it is VALUE. What it leaves out is what a filesystem is expected to do.
tu_git_finds() {
  tu_dir=$(cd "$1" && cd "$(git rev-parse --git-dir)" && pwd) || return
  tu_new=$tu_dir/.trueup-new.probe
  rm -rf -- "$tu_new" && git -c init.templateDir= init -q "$tu_new" || return
  tu_value=$(git config --file "$tu_new/.git/config" --get "$2") || case $2 in
    *[Ff]ile[Mm]ode | *[Ss]ym[Ll]inks) tu_value=true ;;
    *) tu_value=false ;;
  esac
  rm -rf -- "$tu_new"
  if [ "$tu_value" != "$3" ]; then echo "git finds that $2 is $tu_value on this filesystem, not $3" && return 1; fi
  tu_git "$@"
}

# tu_clone PATH [FILTER]: begins a repository beside its place, to which it goes once it is whole. tu_remote gives it its remotes.
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
  tu_filter=${2-}
  tu_without_asking
}

# tu_remotes PATH [WHAT]: what tu_remote is about from here on, or WHAT else is to stand in the repository's configuration.
tu_remotes() {
  tu_in_repo "$1" || return
  tu_config=$(git rev-parse --git-path config) || return
  case $tu_config in
    /*) ;;
    *) tu_config=$(pwd)/$tu_config ;;
  esac
  tu_new=
  tu_record "git ${2-remotes}" "$tu_config" ''
}

tu_remotes_left() {
  tu_found "$tu_config" >"$tu_generation/left/$tu_number"
}

# tu_remote NAME FETCH PUSH: a remote and its URLs, a line each; the first remote of a new repository is where it is cloned
# from.
tu_remote() {
  if [ -n "$tu_new" ] && [ ! -e "$tu_new" ]; then
    # What it says of its progress is for a terminal.
    if ! git clone --quiet ${tu_filter:+"--filter=$tu_filter"} --recurse-submodules --origin "$1" -- "$(echo "$2" | sed -n 1p)" "$tu_new"; then
      rm -rf -- "$tu_new"
      return 1
    fi
    cd "$tu_new" || return
    # Where the user has not set git-lfs up, its files are only pointers yet.
    if git grep --quiet -e 'filter=lfs' -- .gitattributes '*/.gitattributes' && command -v git-lfs >/dev/null &&
      [ -z "$(git config filter.lfs.process || git config filter.lfs.smudge)" ]; then
      git lfs install --local --skip-repo >/dev/null && tu_quiet_git lfs pull || return
    fi
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
  case $3 in
    remotes | lfs)
      if [ "$4" != "$(cat "$tu_state/$tu_from/left/$1" 2>/dev/null)" ]; then
        echo "$2 was changed after the apply; what it says of $3 stays as it is" && return 0
      fi
      ;;
  esac
  if [ "$4" = "$(cat "$tu_state/$tu_from/left/$1" 2>/dev/null)" ]; then
    tu_give_back "$1" "$2" "$4" || return
    if [ "$3" = lfs ]; then tu_know_again "${2%/*}"; fi
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

# tu_commit REPO MESSAGE [MODE DIGEST PATH]…: makes a commit of these files as they are in the working tree, on top of what is
# checked out; `gone` is the mode of one that goes. No hook runs, and nothing else that is changed or staged is touched.
tu_commit() {
  tu_in_repo "$1" && tu_dir=$(cd "$(git rev-parse --git-dir)" && pwd) || return
  tu_old=$(git rev-parse --verify HEAD) || return
  tu_message=$2 tu_index=$tu_dir/trueup-index
  shift 2
  tu_commit_tree "$@"
  tu_code=$?
  rm -f -- "$tu_index" "$tu_index.lock"
  [ "$tu_code" -eq 0 ] || return "$tu_code"
  tu_record "commit $tu_old" "$(pwd)" "$tu_new" &&
    git -c core.hooksPath=/dev/null update-ref -m 'trueup apply' HEAD "$tu_new" "$tu_old" || return
  # The index follows for these files alone.
  while [ $# -gt 0 ]; do
    git -c core.hooksPath=/dev/null update-index --add --remove -- "$3" || return
    shift 3
  done
}

# tu_commit_tree [MODE DIGEST PATH]…: sets tu_new to the commit.
tu_commit_tree() {
  GIT_INDEX_FILE=$tu_index git read-tree "$tu_old" || return
  while [ $# -gt 0 ]; do
    if [ "$1" = gone ]; then
      GIT_INDEX_FILE=$tu_index git update-index --force-remove -- "$3" || return
    else
      [ "$(tu_sha256_of "$3")" = "$2" ] || { echo "$3 in the working tree is not as the reference has it" && return 1; }
      tu_blob=$(git hash-object -w -- "$3") &&
        GIT_INDEX_FILE=$tu_index git update-index --add --cacheinfo "$1,$tu_blob,$3" || return
    fi
    shift 3
  done
  tu_tree=$(GIT_INDEX_FILE=$tu_index git write-tree) || return
  # Whoever has told git no name has to be somebody in a commit.
  git var GIT_COMMITTER_IDENT >/dev/null 2>&1 ||
    export GIT_AUTHOR_NAME=trueup GIT_AUTHOR_EMAIL=trueup@localhost GIT_COMMITTER_NAME=trueup GIT_COMMITTER_EMAIL=trueup@localhost
  tu_new=$(git commit-tree "$tu_tree" -p "$tu_old" -m "$tu_message")
}

# tu_uncommit REPO OLD NEW: takes a commit back, unless others came after it.
tu_uncommit() {
  cd "$1" || return
  if [ "$(git rev-parse --verify HEAD)" != "$3" ]; then echo "$1 has gone on since; the commit stays" && return 0; fi
  git -c core.hooksPath=/dev/null update-ref -m 'trueup rollback' HEAD "$2" "$3" &&
    git diff --name-only -z "$2" "$3" | xargs -0 git reset -q --
}
