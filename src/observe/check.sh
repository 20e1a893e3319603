# The runtime of canaries: carries a repository into a throwaway clone beside it, tries changes there, and tells what
# became of each.
#
# The program arrives on stdin, is parsed whole, and then gives stdin up. Two lanes run side by side for a repository: the
# checkout, and a fresh worktree of it. Each has a clone of its own, so that neither is in the other's way. What a lane has
# to tell stands in a file; a line on a pipe says that it is there, and one process prints it, so that frames never mix. A
# frame is "NONCE WORD NUMBER LENGTH", LENGTH bytes and a newline.
#
# Needs tu_nonce, tu_mark, tu_limit (seconds for each try) and the functions of processes.sh. Descriptor 9 is the way to
# the controller, 8 the way from it, which ends only when the controller or the connection is gone.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # some variables are set before this text, some only count rounds
# shellcheck disable=SC2317 # lanes are called by name

unset CDPATH ENV BASH_ENV GREP_OPTIONS
TMOUT=0
IFS=' 	
'
unset GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
unset GIT_COMMON_DIR GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_NAMESPACE FORCE_COLOR CLICOLOR_FORCE
LC_ALL=C
GIT_TERMINAL_PROMPT=0
GIT_EDITOR=true
GIT_SEQUENCE_EDITOR=true
GIT_PAGER='cat'
GIT_AUTHOR_NAME='trueup'
GIT_AUTHOR_EMAIL='trueup@example.com'
GIT_AUTHOR_DATE='2001-01-01T00:00:00Z'
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME
GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
NO_COLOR=1
NO_UPDATE_NOTIFIER=1
npm_config_update_notifier=false
npm_config_logs_dir=/dev/null
PYTHONDONTWRITEBYTECODE=1
export LC_ALL GIT_TERMINAL_PROMPT GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
export GIT_AUTHOR_DATE GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL GIT_COMMITTER_DATE NO_COLOR NO_UPDATE_NOTIFIER
export npm_config_update_notifier npm_config_logs_dir PYTHONDONTWRITEBYTECODE

# A session of its own has no terminal to prompt on.
tu_alone=
if setsid true 2>/dev/null; then tu_alone=setsid; fi

# tu_plainly COMMAND…: what prepares a try, without the hooks, filters that fetch, and helpers that a repository may have.
tu_plainly() {
  GIT_OPTIONAL_LOCKS=0 GIT_LFS_SKIP_SMUDGE=1 GIT_ALLOW_PROTOCOL=file \
    git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c advice.detachedHead=false -c gc.auto=0 "$@" </dev/null
}

# tu_remove FOLDER: removes it, whatever modes a hook has left in it.
tu_remove() {
  rm -rf "$1" 2>/dev/null || { chmod -R u+rwx "$1" 2>/dev/null && rm -rf "$1"; }
}

# tu_forget PARENT [own]: removes what runs that were killed have left there; with "own" what this one has.
tu_forget() {
  for tu_left in "$1/.trueup-$tu_host-"*; do
    [ -d "$tu_left" ] || continue
    tu_owner=${tu_left##*/.trueup-"$tu_host"-}
    tu_since=${tu_owner#*-}
    tu_owner=${tu_owner%%-*}
    case $tu_owner in
      '' | *[!0-9]*) continue ;;
      "$$") [ -n "${2-}" ] || [ "${tu_since%-*}" != "$tu_birth" ] || continue ;;
      *) if [ -n "${2-}" ] || [ "$(tu_started "$tu_owner" 2>/dev/null)" = "${tu_since%-*}" ]; then continue; fi ;;
    esac
    tu_remove "$tu_left"
  done
}

tu_twice=
tu_host=$(uname -n | tr -c 'A-Za-z0-9.\n' _)
tu_birth=$(tu_started "$$")

# tu_guard: waits until the way from the controller is cut; then ends this program and all that it has started.
tu_guard() {
  while read -r tu_line; do :; done
  tu_whoami
  tu_end "$$" "$tu_pid" 1
  tu_sweep "$tu_mark."
  tu_everywhere
  kill -9 "$$"
}

# tu_repo NUMBER PATH MAIN WORKTREE RUNS MESSAGE BRANCH: all about one repository; the three are functions that try what is
# to be tried in the checkout and in a worktree, and that run checks at a commit. Without a message and a branch they are
# those of the checkout.
tu_repo() {
  tu_room=
  tu_visit "$@" 9>&- 8<&- | while read -r tu_word tu_what; do
    case $tu_word in
      room) tu_room=$tu_what ;;
      done) tu_remove "$tu_room" ;;
      begins | absent) echo "$tu_nonce $tu_word $tu_what 0" && echo ;;
      *) tu_frame "$tu_word" "$tu_what" "$tu_room/$tu_what.$tu_word" ;;
    esac
  done >&9
}

# tu_frame WORD NUMBER FILE
tu_frame() {
  tu_size=$(wc -c <"$3") || return
  echo "$tu_nonce $1 $2 $((tu_size))"
  cat "$3"
  echo
}

# tu_visit NUMBER PATH MAIN WORKTREE RUNS MESSAGE BRANCH: says by lines what there is to tell: "room FOLDER" first.
tu_visit() {
  tu_repo=$1
  if ! { cd && tu_parent "$2"; }; then
    echo "absent $1"
    return
  fi
  tu_forget "$tu_above"
  tu_random=$tu_birth-$(echo "$tu_nonce" | cut -c 8-20)$1
  tu_room=$tu_above/.trueup-$tu_host-$$-$tu_random
  if ! mkdir -m 700 "$tu_room" 2>/dev/null; then
    tu_above=${TMPDIR:-/tmp}
    tu_forget "$tu_above"
    tu_room=$tu_above/.trueup-$tu_host-$$-$tu_random
    mkdir -m 700 "$tu_room" || return
  fi
  echo "room $tu_room"
  tu_subject=${6:-$(git log -1 --format=%s 2>/dev/null)}
  tu_subject=${tu_subject:-A change}
  tu_branch=${7:-$(git symbolic-ref -q --short HEAD 2>/dev/null)}
  tu_branch=${tu_branch:-trueup-canary}
  tu_tip=$(git rev-parse -q --verify 'HEAD^{commit}' 2>/dev/null)
  printf '%s\n' "$HOME" "$tu_top" "$tu_room" "$tu_subject" "$tu_tip" "$tu_branch" "$(git config user.name)" \
    "$(git config user.email)" "$(id -un 2>/dev/null)" >"$tu_room/$1.place"
  echo "place $1"
  if tu_look 2>"$tu_room/$1.refused"; then
    tu_lane main "$3" &
    tu_first=$!
    tu_lane worktree "$4" &
    wait "$tu_first" "$!"
    if tu_compare; then
      tu_again main "$3"
      tu_again worktree "$4"
      if [ -s "$tu_room/$1.outside" ]; then echo "outside $1"; fi
    fi
    tu_lane runs "$5"
  else
    echo "refused $1"
  fi
  # Whoever prints what stands in the room removes it.
  echo "done $1"
}

# tu_parent PATH: goes to a repository and tells the folder above it.
tu_parent() {
  cd "$1" 2>/dev/null || return
  tu_top=$(pwd -P)
  tu_above=${tu_top%/*}
  tu_above=${tu_above:-/}
}

# tu_look: what there is to know of the repository before anything is tried. Leaves the reason on stderr where nothing can
# be.
tu_look() {
  case $tu_top in *"
"*) echo 'its path has a line break' >&2; return 1 ;; esac
  [ "$(git rev-parse --is-bare-repository)" = false ] || { echo 'bare' >&2; return 1; }
  tu_own=$(git rev-parse --absolute-git-dir) && tu_common=$(git rev-parse --git-common-dir) || return
  tu_common=$(cd "$tu_common" && pwd -P) || return
  tu_origin=$(git rev-parse -q --verify 'HEAD^{commit}') || { echo 'unborn' >&2; return 1; }
  tu_base=${tu_top##*/}
  git config --list --show-scope -z | tr '\n\0' '\001\n' >"$tu_room/wanted" || return
  tu_hooks=$(git config core.hooksPath)
  tu_plainly ls-files -o --directory -z | tr '\n\0' '\001\n' | awk -v hooks="${tu_hooks#./}" '
    /\001/ { next }
    { name = $0; sub(/\/$/, "", name); sub(/^.*\//, "", name) }
    /\/$/ && (name == "node_modules" || name == ".venv" || name == "venv") { print "share " $0; next }
    /\/$/ && hooks != "" && index(hooks "/", $0) == 1 { print "copy " $0; next }
    /^\.husky\/_\/$/ || /^\.pnp\./ || /^\.?lefthook(-local)?\./ || /^\.lefthook/ || /^\.pre-commit-config\.yaml$/ { print "copy " $0 }
  ' >"$tu_room/set-up" || return
  # A file of lefthook's own that its hooks read first.
  for tu_file in lefthook.y*ml .lefthook.y*ml lefthook-local.y*ml .lefthook-local.y*ml lefthook*.toml lefthook*.json; do
    [ ! -f "$tu_file" ] || sed -n 's/^ *"\{0,1\}rc"\{0,1\} *[:=] *//p' "$tu_file" |
      sed 's/ #.*//; s/[,[:space:]]*$//; s/^["'"'"']\(.*\)["'"'"']$/\1/; s/^\.\///'
  done | while read -r tu_file; do
    case $tu_file in '' | /* | '~'* | *..*) continue ;; esac
    [ ! -f "$tu_file" ] || echo "copy $tu_file"
  done >>"$tu_room/set-up"
  tu_state >"$tu_room/before"
  : >"$tu_room/marker"
  : >"$tu_room/$tu_repo.outside"
}

# tu_state: what of a repository no try may change: a line each, of its name and a sum.
tu_state() {
  cd "$tu_top" || return
  tu_sum HEAD cat "$tu_own/HEAD"
  tu_sum 'the index' tu_plainly ls-files -s
  tu_sum 'its config' cat "$tu_common/config" "$tu_own/config.worktree"
  tu_sum 'its refs' tu_plainly for-each-ref
  tu_sum 'its stash' cat "$tu_common/logs/refs/stash"
  tu_sum 'its list of worktrees' ls "$tu_common/worktrees"
  tu_sum 'its hooks' tu_contents "$tu_common/hooks"
  tu_sum 'its objects' tu_plainly count-objects
}

tu_sum() {
  tu_name=$1
  shift
  echo "$("$@" 2>/dev/null | cksum) $tu_name"
}

tu_contents() { cat "$1"/*; }

# tu_compare: puts the names of what has changed in the repository, and of files that were written in it, beside the clones
# or right in the home, into the room; fails where nothing has. What git ignores does not count: others write there all the time.
tu_compare() {
  cd "$tu_top" || return
  tu_state >"$tu_room/after"
  awk '{ sum = $1 " " $2; name = $0; sub(/^[^ ]* [^ ]* /, "", name) }
    NR == FNR { before[name] = sum; next }
    before[name] != sum { print name }' "$tu_room/before" "$tu_room/after" >"$tu_room/changed"
  find . \( -name node_modules -o -name .venv -o -name venv -o -path ./.git \) -prune -o \
    -type f -newer "$tu_room/marker" -print 2>/dev/null | sed 's/^\.\///' | sort >"$tu_room/written"
  if [ -s "$tu_room/written" ]; then
    tr '\n' '\0' <"$tu_room/written" >"$tu_room/asked"
    git -c core.fsmonitor=false check-ignore -z --stdin <"$tu_room/asked" 2>/dev/null | tr '\0' '\n' >"$tu_room/ignored"
    { sed 's/^/i /' "$tu_room/ignored" && sed 's/^/w /' "$tu_room/written"; } | awk '
      { name = substr($0, 3) }
      /^i/ { ignored[name]; next }
      !(name in ignored) { print name }' | head -n 20 >>"$tu_room/changed"
  fi
  { tu_beside main && tu_beside worktree && tu_at_home; } >>"$tu_room/changed"
  [ -s "$tu_room/changed" ]
}

# tu_beside LANE: what was put beside the tree of a lane, where nobody else writes.
tu_beside() {
  tu_neighbours "$1"
  cd "$tu_around" 2>/dev/null || return 0
  for tu_file in * .[!.]*; do
    case $tu_file in "$tu_base" | tree) ;; *) [ ! -e "$tu_file" ] || echo "../$tu_file" ;; esac
  done
}

tu_neighbours() {
  case $1 in
    worktree) tu_around=$tu_room/worktree/tree ;;
    *) tu_around=$tu_room/$1 ;;
  esac
}

# tu_at_home: the files right in the home that were written, but for those in which programs note what their user does.
tu_at_home() {
  cd || return 0
  find . ! -name . -prune -type f -newer "$tu_room/marker" -print 2>/dev/null | sed 's/^\./~/' |
    grep -v -e '_hist' -e 'history$' -e '^~/\.lesshst' -e '^~/\.viminfo' -e '^~/\.claude\.json' -e '^~/\.zcompdump' -e 'authority' |
    head -n 20
}

# tu_again NAME FUNCTION: tries again, once all is over, in the times of whose tries something changed; of each kind of try
# at least one. What then is written again, if only as it was, is what the hooks of that kind do. Anything else may have
# been anybody's work.
tu_again() {
  tu_lane=$1
  [ -f "$tu_room/$1.tries" ] || return 0
  for tu_kind in commit push run; do
    tu_twice=
    while read -r tu_number tu_what; do
      [ "$tu_what" = "$tu_kind" ] || continue
      tu_written=$(tu_touched "$tu_room/$1.$tu_number.from" "$tu_room/$1.$tu_number.till")
      [ -z "$tu_written" ] || tu_twice="$tu_twice $tu_number"
    done <"$tu_room/$1.tries"
    [ -n "$tu_twice" ] || tu_twice=$(awk -v kind="$tu_kind" '$2 == kind { print $1; exit }' "$tu_room/$1.tries")
    [ -z "$tu_twice" ] || echo "$tu_twice"
  done >"$tu_room/$1.twice"
  tu_twice=" $(tr '\n' ' ' <"$tu_room/$1.twice")"
  (
    # Nobody hears of these tries as such.
    tu_lane "$1" "$2"
  ) >/dev/null
  tu_twice=
}

# tu_touched FROM [TILL]: which of what changed was written between the times of two files, also where it was written as it
# had been: locks are made where git keeps what it writes.
tu_touched() {
  cd "$tu_top" || return
  tu_from=$1
  tu_till=${2-}
  while read -r tu_name; do
    case $tu_name in
      HEAD) tu_newer "$tu_own" "$tu_own/HEAD" -prune ;;
      'the index') tu_newer "$tu_own/index" ;;
      'its config') tu_newer "$tu_common/config" "$tu_own/config.worktree" ;;
      'its refs') tu_newer "$tu_common/refs" "$tu_common/packed-refs" "$tu_common/reftable" ;;
      'its stash') tu_newer "$tu_common/logs/refs/stash" ;;
      'its list of worktrees') tu_newer "$tu_common/worktrees" -prune ;;
      'its hooks') tu_newer "$tu_common/hooks" ;;
      'its objects') tu_newer "$tu_common/objects" -type d ;;
      [~]/*) tu_newer "$HOME/${tu_name#[~]/}" ;;
      ../*) tu_neighbours "$tu_lane" && tu_newer "$tu_around/${tu_name#../}" ;;
      *) tu_newer "./$tu_name" ;;
    esac && echo "$tu_name"
  done <"$tu_room/changed"
}

tu_newer() {
  if [ -n "$tu_till" ]; then set -- "$@" ! -newer "$tu_till"; fi
  find "$@" -newer "$tu_from" -print 2>/dev/null | grep -q .
}

# tu_lane NAME FUNCTION: carries the repository, and tries.
tu_lane() {
  tu_lane=$1
  [ "$2" != : ] || return 0
  if tu_carry 2>"$tu_room/$tu_repo-$1.stuck"; then
    "$2"
  else
    echo "stuck $tu_repo-$1"
  fi
}

# tu_carry: the clone of this lane, with all that decides what its hooks are and do. Sets tu_tree to where things are tried.
tu_carry() {
  tu_clone=$tu_room/$tu_lane/$tu_base
  tu_start=$tu_origin
  cd "$tu_room" && tu_remove "$tu_room/$tu_lane" && mkdir "$tu_room/$tu_lane" || return
  set -- --shared --no-tags --template=
  [ "$tu_lane" != worktree ] || set -- "$@" --no-checkout
  tu_plainly clone -q "$@" -- "$tu_top" "$tu_clone" || return
  tu_configure && tu_onto || return
  mkdir -p "$tu_clone/.git/info" "$tu_clone/.git/hooks"
  for tu_file in exclude attributes lefthook.checksum; do
    [ ! -f "$tu_common/info/$tu_file" ] || cp "$tu_common/info/$tu_file" "$tu_clone/.git/info/" || return
  done
  set --
  for tu_file in "$tu_common"/hooks/* "$tu_common"/hooks/.[!.]*; do
    case $tu_file in *.sample) continue ;; esac
    if [ -e "$tu_file" ] || [ -L "$tu_file" ]; then set -- "$@" "$tu_file"; fi
  done
  [ $# -eq 0 ] || cp -R -P -p "$@" "$tu_clone/.git/hooks/" || return
  tu_tree=$tu_clone
  if [ "$tu_lane" = worktree ]; then
    tu_tree=$tu_room/worktree/tree/$tu_base
    # With the hooks that a worktree sets off, as for anybody.
    cd "$tu_clone" || return
    tu_number=$tu_repo-worktree
    tu_attempt git worktree add -q -b "$tu_branch" "$tu_tree" "$tu_start"
    [ "$(cat "$tu_room/$tu_lane.code")" = 0 ] || { head -c 2000 "$tu_room/$tu_lane.said" >&2; return 1; }
  fi
  cd "$tu_tree" || return
  tu_git=$(git rev-parse --absolute-git-dir) || return
  read -r tu_head <"$tu_git/HEAD"
  while read -r tu_how tu_file; do
    tu_file=${tu_file%/}
    if [ -e "$tu_tree/$tu_file" ]; then continue; fi
    case $tu_how-$tu_lane in
      share-*) tu_share "$tu_top/$tu_file" "$tu_tree/$tu_file" ;;
      copy-main | copy-runs)
        case $tu_file in */*) mkdir -p "$tu_tree/${tu_file%/*}" ;; esac
        cp -R -P -p "$tu_top/$tu_file" "$tu_tree/$tu_file"
        ;;
    esac || return
  done <"$tu_room/set-up"
  [ "$tu_lane" != main ] || tu_carry_changes || return
  tu_used=
}

# tu_onto: the branch that is worked on, which is called as on the reference, whatever this checkout is on. Neither has an
# upstream.
tu_onto() {
  tu_plainly update-ref --no-deref HEAD "$tu_start" || return
  for tu_file in $(tu_plainly for-each-ref --format='%(refname)' refs/heads); do
    tu_plainly update-ref -d "$tu_file" || return
  done
  [ "$tu_lane" != worktree ] || return 0
  tu_plainly update-ref "refs/heads/$tu_branch" "$tu_start" && tu_plainly symbolic-ref HEAD "refs/heads/$tu_branch"
}

# tu_carry_changes: what is not committed in the checkout is what its hooks would run with. It becomes the commit that tries
# begin with, so that what they themselves change stays as small. Objects are made where none are, since git would touch
# those that the repository has.
tu_carry_changes() {
  [ -f "$tu_own/index" ] || return 0
  tu_made=$tu_room/$tu_lane.objects
  tu_remove "$tu_made"
  mkdir "$tu_made" && cp "$tu_own/index" "$tu_room/$tu_lane.index" || return
  tu_files=$(
    GIT_INDEX_FILE=$tu_room/$tu_lane.index
    GIT_NO_LAZY_FETCH=1
    export GIT_INDEX_FILE GIT_NO_LAZY_FETCH
    cd "$tu_top" || exit
    tu_plainly -c core.splitIndex=false update-index -q --refresh >/dev/null 2>&1
    ! tu_plainly diff-index --quiet "$tu_start" -- || exit 0
    GIT_OBJECT_DIRECTORY=$tu_made
    export GIT_OBJECT_DIRECTORY
    tu_plainly -c core.splitIndex=false -c core.safecrlf=false add -u -- . && tu_plainly write-tree --missing-ok
  ) || { echo 'what is not committed cannot be carried into a clone' >&2; return 1; }
  [ -n "$tu_files" ] || return 0
  tu_made=$tu_clone/.git/objects
  cp -R -f "$tu_room/$tu_lane.objects/." "$tu_made/" && mkdir -p "$tu_made/info" || return
  [ -s "$tu_made/info/alternates" ] || echo "$tu_common/objects" >"$tu_made/info/alternates"
  tu_start=$(tu_plainly commit-tree -p "$tu_start" -m "$tu_subject" "$tu_files") && tu_plainly reset -q --hard "$tu_start"
}

# tu_share FROM TO: a folder of links to what is in another: what a tool adds to it stays here.
tu_share() {
  mkdir -p "$2" || return
  tu_from=$1
  tu_to=$2
  set --
  for tu_file in "$tu_from"/* "$tu_from"/.[!.]*; do
    case ${tu_file##*/} in .cache | .vite | .vitest | .eslintcache | .tsbuildinfo) continue ;; esac
    if [ -e "$tu_file" ] || [ -L "$tu_file" ]; then set -- "$@" "$tu_file"; fi
  done
  [ $# -eq 0 ] || ln -s "$@" "$tu_to/"
}

# What a clone has of its own, and what would make it sign, sweep or ask.
tu_kept_apart='^(remote|branch|submodule|include|includeif|extensions|gc|maintenance|push)[.]|^core[.](worktree|bare|repositoryformatversion|fsmonitor|sparsecheckout|sparsecheckoutcone)$|^(commit|tag)[.]gpgsign$'

# tu_configure: gives the clone the settings that are in force in the repository, also those of files that are included for
# its place alone. Each setting of which the clone has other values is written anew; those of a worktree stay a
# worktree's.
tu_configure() {
  cd "$tu_clone" || return
  awk '/^\[/ { keep = /^\[(core|extensions)/ } keep' .git/config >"$tu_room/$tu_lane.config" || return
  cat "$tu_room/$tu_lane.config" >.git/config
  git config --list --show-scope -z | tr '\n\0' '\001\n' >"$tu_room/$tu_lane.has" || return
  awk -v apart="$tu_kept_apart" -v of_worktree="$tu_room/$tu_lane.of-worktree" '
    FNR % 2 == 1 { scope = $0; next }
    {
      at = index($0, "\001")
      key = at ? substr($0, 1, at - 1) : $0
      if (key ~ apart || scope == "command") next
      written = (at ? "=" substr($0, at + 1) : "") "\002"
    }
    NR == FNR { has[key] = has[key] written; next }
    {
      if (!(key in want)) order[++keys] = key
      want[key] = want[key] written
      where[key] = scope
    }
    function quoted(text,   i, c, out) {
      out = ""
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\" || c == "\"") c = "\\" c
        else if (c == "\001") c = "\\n"
        else if (c == "\t") c = "\\t"
        out = out c
      }
      return "\"" out "\""
    }
    END {
      for (i = 1; i <= keys; i++) {
        key = order[i]
        if (has[key] == want[key]) continue
        new = want[key]
        if (index(new, has[key]) == 1) new = substr(new, length(has[key]) + 1)
        section = key; sub(/[.].*/, "", section)
        name = key; sub(/^.*[.]/, "", name)
        below = substr(key, length(section) + 2, length(key) - length(section) - length(name) - 2)
        text = "[" section (below == "" ? "" : " " quoted(below)) "]\n"
        count = split(new, values, "\002")
        for (j = 1; j < count; j++)
          text = text "\t" name (values[j] == "" ? "" : " = " quoted(substr(values[j], 2))) "\n"
        if (where[key] == "worktree") printf "%s", text >of_worktree; else printf "%s", text
      }
    }' "$tu_room/$tu_lane.has" "$tu_room/wanted" >>.git/config || return
  if [ -s "$tu_room/$tu_lane.of-worktree" ]; then
    printf '[extensions]\n\tworktreeConfig = true\n' >>.git/config
    cat "$tu_room/$tu_lane.of-worktree" >.git/config.worktree
  fi
  printf '%s\n' '[commit]' 'gpgSign = false' '[tag]' 'gpgSign = false' '[push]' 'gpgSign = false' '[gc]' 'auto = 0' \
    '[maintenance]' 'auto = false' '[core]' 'fsmonitor = false' >>.git/config
  git config --list --show-scope -z | tr '\n\0' '\001\n' >"$tu_room/$tu_lane.has" || return
  tu_differs=$(awk -v apart="$tu_kept_apart" '
    FNR % 2 == 1 { next }
    { key = $0; sub(/\001.*/, "", key) }
    key ~ apart { next }
    NR == FNR { has[key] = $0; next }
    { want[key] = $0 }
    END {
      for (key in want) if (has[key] != want[key]) { print key; exit }
      for (key in has) if ((key ~ /^hook[.]/ || key == "core.hookspath") && !(key in want)) { print key; exit }
    }' "$tu_room/$tu_lane.has" "$tu_room/wanted")
  [ -z "$tu_differs" ] || { echo "the setting $tu_differs cannot be carried into a clone" >&2; return 1; }
}

# tu_attempt COMMAND…: runs what may do anything: in a session of its own, in its time, its output kept from the beginning
# and from the end. Leaves tu_lane.code, .said and, where its time was over, .late in the room.
tu_attempt() {
  rm -f "$tu_room/$tu_lane.late"
  echo 137 >"$tu_room/$tu_lane.code"
  tu_watch >/dev/null 2>&1 &
  tu_dog=$!
  {
    tu_whoami
    echo "$tu_pid" >"$tu_room/$tu_lane.pid"
    (
      TRUEUP_PROBE=$tu_mark.$tu_number.
      export TRUEUP_PROBE
      # shellcheck disable=SC2086 # nothing, or a word
      exec $tu_alone "$@"
    ) 2>&1 </dev/null
    tu_ended=$?
    echo "$tu_ended" >"$tu_room/$tu_lane.code"
    # What it left behind may hold the pipe.
    tu_sweep "$tu_mark.$tu_number." >/dev/null 2>&1
  } | { head -c 98304; tail -c 32768; } >"$tu_room/$tu_lane.said"
  kill "$tu_dog" 2>/dev/null
  wait "$tu_dog" 2>/dev/null
}

tu_watch() {
  tu_nap=
  trap 'if [ -n "$tu_nap" ]; then kill "$tu_nap"; fi; exit 0' TERM
  TRUEUP_PROBE=$tu_mark.watch. sleep "$tu_limit" &
  tu_nap=$!
  wait "$tu_nap"
  : >"$tu_room/$tu_lane.late"
  read -r tu_root <"$tu_room/$tu_lane.pid" && tu_end "$tu_root" '' 1
  tu_sweep "$tu_mark.$tu_number."
}

# tu_fresh: the lane as it was before anything was tried in it.
tu_fresh() {
  if [ -z "$tu_used" ]; then
    cd "$tu_tree" || return
    return 0
  fi
  cd "$tu_tree" 2>/dev/null && rm -f "$tu_git/index.lock" "$tu_git/HEAD.lock" && read -r tu_line <"$tu_git/HEAD" || return
  [ "$tu_line" = "$tu_head" ] || echo "$tu_head" >"$tu_git/HEAD"
  tu_plainly reset -q --hard "$tu_start" && tu_plainly clean -qfd
}

# tu_try NUMBER COMMAND MAKE MESSAGE [TEXT]: makes a change by a function and runs `git commit`, `git push` or a text of
# sh. Tells what became of it, and whether it passed. While some are tried again, only these are, and what they write in the
# repository is all there is to tell.
tu_try() {
  tu_number=$1
  tu_message=${4:-$tu_subject}
  if [ -n "$tu_twice" ]; then
    case $tu_twice in *" $1 "*) ;; *) return 1 ;; esac
    if tu_ready "$2" "$3" 2>/dev/null; then
      : >"$tu_room/$tu_lane.again"
      tu_run_try "$2" "${5-}"
      tu_touched "$tu_room/$tu_lane.again" | sed "s/^/$tu_lane $2 /" >>"$tu_room/$tu_repo.outside"
    fi
    tu_used=yes
    return 1
  fi
  echo "begins $1"
  if ! tu_ready "$2" "$3" 2>"$tu_room/$1.broken"; then
    tu_used=yes
    echo "broken $1"
    return 1
  fi
  tu_used=yes
  echo "$1 $2" >>"$tu_room/$tu_lane.tries"
  : >"$tu_room/$tu_lane.$1.from"
  tu_run_try "$2" "${5-}"
  : >"$tu_room/$tu_lane.$1.till"
  read -r tu_ended <"$tu_room/$tu_lane.code"
  tu_moved=stayed
  tu_tip=
  case $2 in
    commit) tu_tip=$(git -C "$tu_tree" rev-parse -q --verify HEAD 2>/dev/null) ;;
    push) tu_tip=$(git --git-dir="$tu_room/$tu_lane.git" rev-parse -q --verify refs/heads/trueup 2>/dev/null) ;;
    *) [ "$tu_ended" != 0 ] || tu_tip='done' ;;
  esac
  [ -z "$tu_tip" ] || [ "$tu_tip" = "$tu_start" ] || tu_moved=moved
  {
    if [ -e "$tu_room/$tu_lane.late" ]; then echo late; else echo "ended $tu_ended"; fi
    echo "$tu_moved"
    [ -d "$tu_tree" ] || echo gone
    if [ "$2-$tu_ended-$tu_moved" = commit-0-moved ]; then
      # What was staged, held against what was committed.
      cd "$tu_tree" && "$3" 2>/dev/null && tu_plainly diff --cached --raw --no-renames --abbrev=40 -R HEAD
    fi
    echo
    cat "$tu_room/$tu_lane.said"
  } >"$tu_room/$1.told"
  echo "told $1"
  [ "$tu_ended" = 0 ] && [ "$tu_moved" = moved ]
}

# tu_run_try COMMAND TEXT
tu_run_try() {
  case $1 in
    commit) tu_attempt git commit -m "$tu_message" ;;
    push)
      if tu_starts pre-push; then
        tu_attempt env GIT_ALLOW_PROTOCOL=file git push "$tu_room/$tu_lane.git" HEAD:refs/heads/trueup
      else
        rm -f "$tu_room/$tu_lane.late"
        echo 128 >"$tu_room/$tu_lane.code"
        echo "fatal: cannot exec pre-push" >"$tu_room/$tu_lane.said"
      fi
      ;;
    *) tu_attempt sh -c "$2" ;;
  esac
}

# tu_starts HOOK: whether git can start a hook that it would. Where it cannot, a push of git never ends: it says so, and waits
# for the other side, which waits for it.
tu_starts() {
  tu_file=$(git rev-parse --git-path "hooks/$1")
  [ -x "$tu_file" ] || return 0
  [ ! -d "$tu_file" ] || return 1
  tu_line=$(head -n 1 "$tu_file" | LC_ALL=C tr -d '\0' | cut -c 1-255)
  case $tu_line in '#!'*) ;; *) return 0 ;; esac
  tu_line=${tu_line#'#!'}
  tu_line=${tu_line#"${tu_line%%[! 	]*}"}
  tu_line=${tu_line%%[ 	]*}
  [ -f "$tu_line" ] && [ -x "$tu_line" ]
}

# tu_run NUMBER COMMIT LIMIT REPORT TEXT: runs a text of sh at a commit, that of the checkout where none is named, and tells how
# it ended, and what it left in a file.
tu_run() {
  echo "begins $1"
  tu_number=$1
  if ! { { tu_fresh || tu_carry; } && tu_at "${2:-$tu_start}"; } 2>"$tu_room/$1.broken"; then
    tu_used=yes
    echo "broken $1"
    return 1
  fi
  tu_used=yes
  tu_usual=$tu_limit
  tu_limit=$3
  rm -f "$tu_tree/${4:-.trueup-no-report}"
  tu_attempt sh -c "$5"
  tu_limit=$tu_usual
  read -r tu_ended <"$tu_room/$tu_lane.code"
  {
    if [ -e "$tu_room/$tu_lane.late" ]; then echo late; else echo "ended $tu_ended"; fi
    echo stayed
    echo
    cat "$tu_room/$tu_lane.said"
  } >"$tu_room/$1.told"
  if [ -n "$4" ] && [ -f "$tu_tree/$4" ]; then
    head -c 8388608 "$tu_tree/$4" >"$tu_room/$1.left" && echo "left $1"
  fi
  echo "told $1"
  [ "$tu_ended" = 0 ]
}

# tu_at COMMIT: the clone at a commit.
tu_at() {
  tu_plainly cat-file -e "$1^{commit}" 2>/dev/null || {
    echo "the repository does not have the commit $1" >&2
    return 1
  }
  [ "$1" = "$tu_start" ] || tu_plainly checkout -q --detach "$1"
}

# tu_ready COMMAND MAKE: all that comes before a try.
tu_ready() {
  { tu_fresh || tu_carry; } && "$2" && tu_prepare "$1"
}

# tu_prepare COMMAND: what comes between the change and the try.
tu_prepare() {
  [ "$1" = push ] || return 0
  # Each time a branch that is not there yet, in a repository of the same kind that takes what there is.
  tu_remove "$tu_room/$tu_lane.git"
  tu_format=$(git rev-parse --show-object-format 2>/dev/null)
  tu_plainly init -q --bare --template= --object-format="${tu_format:-sha1}" "$tu_room/$tu_lane.git" 2>/dev/null ||
    tu_plainly init -q --bare --template= "$tu_room/$tu_lane.git" || return
  tu_plainly --git-dir="$tu_room/$tu_lane.git" config receive.shallowUpdate true || return
  tu_plainly -c commit.gpgSign=false commit -q --no-verify -m "$tu_message"
}

# tu_write PATH: makes the folders that lead to a file of the clone. Fails where a link would lead out of it.
tu_write() {
  tu_rest=$1
  tu_at=.
  while :; do
    tu_at=$tu_at/${tu_rest%%/*}
    if [ -L "$tu_at" ]; then
      echo "$1 would be written through a link, ${tu_at#./}" >&2
      return 1
    fi
    case $tu_rest in
      */*) tu_rest=${tu_rest#*/} ;;
      *) return 0 ;;
    esac
    [ -d "$tu_at" ] || mkdir "$tu_at" || return
  done
}

# tu_fill SIZE: so many bytes, in lines.
tu_fill() {
  yes 'A line of a file that is too large for a repository, and like all of its others.' 2>/dev/null | head -c "$1"
}

# tu_set_up TEXT: what a check has run before its change.
tu_set_up() {
  tu_attempt sh -c "$1"
  read -r tu_ended <"$tu_room/$tu_lane.code"
  [ "$tu_ended" = 0 ] || { echo "its set-up ended with exit code $tu_ended" >&2; return 1; }
}

# tu_patch: applies the diff on stdin. git itself refuses one that leads out of the clone.
tu_patch() {
  cat >"$tu_room/$tu_lane.patch"
  tu_plainly apply --index --whitespace=nowarn "$tu_room/$tu_lane.patch"
}

tu_add() { tu_plainly add -f -- "$@"; }
