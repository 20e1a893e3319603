# What is checked out in a repository, and its way back. Goes with runtime.sh and, to undo, rollback.sh. git itself refuses what
# would lose a change in the working tree; what would lose a commit is refused here. No hook of the repository runs.
# shellcheck shell=sh
# shellcheck disable=SC2154 # what runtime.sh and rollback.sh set is read here

# tu_in_repo PATH
tu_in_repo() {
  cd "$1" && tu_up=$(git rev-parse --show-cdup) || return
  if [ -n "$tu_up" ]; then echo "$1 is not a repository, it only lies in one" && return 1; fi
}

tu_quiet_git() {
  git -c core.hooksPath=/dev/null "$@"
}

# tu_checked_out: the branch that is checked out, else the commit.
tu_checked_out() {
  git symbolic-ref --quiet --short HEAD || git rev-parse --verify HEAD
}

# tu_fetch: what the remotes have, without anybody to ask.
tu_fetch() {
  tu_without_asking
  tu_quiet_git fetch --quiet --all
}

# tu_without_asking: without somebody to ask, a host that is not known is refused.
tu_without_asking() {
  [ -n "${GIT_SSH_COMMAND-}" ] || git config core.sshCommand >/dev/null || GIT_SSH_COMMAND='ssh -o BatchMode=yes'
  [ -z "${GIT_SSH_COMMAND-}" ] || export GIT_SSH_COMMAND
}

# tu_branch REPO [BRANCH]: checks BRANCH out, or lets go of the one that is. One that is not there is made from the remote's.
tu_branch() {
  tu_in_repo "$1" || return
  tu_was=$(tu_checked_out) || return
  if [ $# -eq 1 ]; then
    tu_record "branch $tu_was" "$(pwd)" "$(git rev-parse --verify HEAD)" && tu_quiet_git checkout --quiet --detach
    return
  fi
  if git rev-parse --verify --quiet "refs/heads/$2" >/dev/null; then
    tu_record "branch $tu_was" "$(pwd)" "$2" && tu_quiet_git checkout --quiet "$2" --
    return
  fi
  git rev-parse --verify --quiet "refs/remotes/origin/$2" >/dev/null || tu_fetch || return
  if ! git rev-parse --verify --quiet "refs/remotes/origin/$2" >/dev/null; then
    echo "there is no branch $2 here, nor at origin; push it from the reference" && return 1
  fi
  tu_record "branch $tu_was new" "$(pwd)" "$2" && tu_quiet_git checkout --quiet --track -b "$2" "refs/remotes/origin/$2" --
}

# tu_unbranch REPO WAS NOW: back to what was checked out. WAS ends in ` new` where the branch was made for it.
tu_unbranch() {
  cd "$1" || return
  tu_was=${2% new}
  case $(git symbolic-ref --quiet --short HEAD || git rev-parse --verify HEAD) in
    "$tu_was") return 0 ;;
    "$3") ;;
    *) echo "something else is checked out in $1 since; it stays" && return 0 ;;
  esac
  if git rev-parse --verify --quiet "refs/heads/$tu_was" >/dev/null; then
    tu_quiet_git checkout --quiet "$tu_was" -- || return
  else
    tu_quiet_git checkout --quiet --detach "$tu_was" -- || return
  fi
  # With commits that are nowhere else it stays.
  if [ "$tu_was" != "$2" ] && [ -z "$(git rev-list --max-count=1 "refs/heads/$3" --not --remotes --)" ]; then
    git branch --quiet -D -- "$3"
  fi
}

# tu_at_commit REPO COMMIT: moves what is checked out there, if all commits that are left behind stand elsewhere too.
tu_at_commit() {
  tu_in_repo "$1" && tu_was=$(git rev-parse --verify HEAD) || return
  git cat-file -e "$2^{commit}" 2>/dev/null || tu_fetch || return
  if ! git cat-file -e "$2^{commit}" 2>/dev/null; then
    echo "no remote has the commit $2; push it from the reference" && return 1
  fi
  tu_count=$(git rev-list --count "$tu_was" --not "$2" --remotes --) || return
  if [ "$tu_count" -ne 0 ]; then
    echo "commits here that no remote has would be left behind: $tu_count; push them, or move them to another branch" && return 1
  fi
  # It takes a file for changed that was only touched.
  git update-index -q --refresh
  tu_record "at $tu_was" "$(pwd)" "$2" && tu_quiet_git reset --quiet --keep "$2" --
}

# tu_unmove REPO WAS NOW
tu_unmove() {
  cd "$1" || return
  case $(git rev-parse --verify HEAD) in
    "$2") ;;
    "$3") git update-index -q --refresh; tu_quiet_git reset --quiet --keep "$2" -- ;;
    *) echo "$1 has gone on since; it stays where it is" ;;
  esac
}

tu_origin_head() {
  git symbolic-ref --quiet refs/remotes/origin/HEAD | sed 's:^refs/remotes/origin/::'
}

# tu_default_branch REPO [BRANCH]
tu_default_branch() {
  tu_in_repo "$1" || return
  if [ $# -eq 2 ] && ! git rev-parse --verify --quiet "refs/remotes/origin/$2" >/dev/null; then
    tu_fetch || return
  fi
  tu_was=$(tu_origin_head)
  tu_record "origin-head $tu_was" "$(pwd)" "${2-}" && git remote set-head origin "${2---delete}"
}

# tu_origin_head_back REPO WAS NOW: WAS begins with a space.
tu_origin_head_back() {
  cd "$1" || return
  if [ "$(tu_origin_head)" != "$3" ]; then return 0; fi
  case ${2# } in
    '') git remote set-head origin --delete ;;
    *) git remote set-head origin "${2# }" ;;
  esac
}

# tu_lfs REPO: git-lfs's filter in the repository's own configuration, and the files that stand there as pointers.
tu_lfs() {
  tu_remotes "$1" lfs && git lfs install --local --skip-repo >/dev/null && tu_remotes_left && tu_without_asking || return
  tu_listed=$(tu_quiet_git lfs ls-files --long | sed -n 's/^\([0-9a-f]*\) - /\1 /p')
  while [ -n "$tu_listed" ]; do
    tu_next_line
    # A pointer says what the file will be.
    tu_keep "${tu_line#* }" "file ${tu_line%% *}" || return
  done
  tu_quiet_git lfs pull
}

# tu_know_again GIT_DIR: has git look again at files that have their content of before in another size, as pointers of git-lfs do
# behind the files that they stood for. It takes them for changed by their size alone.
tu_know_again() {
  cd "$1/.." || return
  # shellcheck disable=SC2016 # for the sh that it starts
  git diff-files --name-only -z |
    xargs -0 sh -c 'for file do if git diff --quiet -- "$file"; then git update-index -- "$file"; fi; done' sh
}

# tu_next_line: takes the first line from tu_listed into tu_line. A pipe's end would keep to itself what is recorded.
tu_next_line() {
  tu_line=${tu_listed%%
*}
  case $tu_listed in
    *"
"*) tu_listed=${tu_listed#*
} ;;
    *) tu_listed= ;;
  esac
}

# tu_submodules REPO: every submodule at the commit that is recorded, if what is checked out in it stands on a branch too.
tu_submodules() {
  tu_in_repo "$1" || return
  tu_top=$(pwd)
  tu_without_asking
  tu_listed=$(git submodule status) || return
  tu_listed=$(printf '%s\n' "$tu_listed" | sed -n 's/^[-+]\([0-9a-f]*\) /\1 /p' | sed 's/ ([^()]*)$//')
  while [ -n "$tu_listed" ]; do
    tu_next_line
    tu_submodule "$tu_top/${tu_line#* }" || return
    cd "$tu_top" || return
  done
}

# tu_submodule PATH
tu_submodule() {
  tu_wanted=$(git ls-tree HEAD -- "${1#"$tu_top"/}" | awk '{ print $3 }') || return
  if [ -e "$1/.git" ]; then
    tu_was=$(cd "$1" && tu_checked_out) || return
    if [ -n "$(cd "$1" && git rev-list --max-count=1 HEAD --not --branches --tags --remotes --)" ]; then
      echo "the submodule $1 has commits that are on no branch; give them one" && return 1
    fi
  else
    tu_was=none
  fi
  tu_record "submodule $tu_was" "$1" "$tu_wanted" &&
    tu_quiet_git submodule --quiet update --init --recursive -- "${1#"$tu_top"/}"
}

# tu_unsubmodule PATH WAS NOW
tu_unsubmodule() {
  if [ "$2" = none ]; then
    # It refuses where something was changed.
    if [ -e "$1/.git" ]; then git -C "${1%/*}" submodule --quiet deinit -- "${1##*/}" || echo "$1 stays"; fi
    return 0
  fi
  cd "$1" || return
  if [ "$(tu_checked_out)" != "$3" ]; then echo "something else is checked out in $1 since; it stays" && return 0; fi
  tu_quiet_git checkout --quiet "$2" --
}
