# The runtime of every observation: asks all questions side by side and prints one frame for each answer.
#
# The program arrives on stdin, is parsed whole, and then gives stdin up, so that nothing it starts can read it. Stages
# of a ring run at the same time; a token passed from stage to stage lets them print one after the other, so frames
# never mix and nothing needs a file. A frame is "NONCE NUMBER LENGTH", LENGTH bytes and a newline: what a tool prints
# is counted, never searched, and cannot forge one.
#
# Needs tu_nonce, tu_mark (inherited by all that a question starts) and the functions of processes.sh. Descriptor 9 is
# the way to the controller, 8 the way from it, which ends only when the controller or the connection is gone.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # some variables are set before this text, some only count rounds
# shellcheck disable=SC2317 # stages are called by rings, which are text

# What is changed below, as it was in the shell context, for the questions that are about just that. Not exported.
for tu_name in \
  CDPATH ENV BASH_ENV TMOUT GREP_OPTIONS GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY \
  GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_NAMESPACE LC_ALL \
  GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT GIT_PAGER HOMEBREW_NO_AUTO_UPDATE HOMEBREW_NO_ANALYTICS NO_UPDATE_NOTIFIER \
  NO_COLOR npm_config_update_notifier npm_config_logs_dir npm_config_cache PYTHONDONTWRITEBYTECODE DISABLE_AUTOUPDATER; do
  eval "tu_was_$tu_name=\${$tu_name-} tu_is_$tu_name=\${$tu_name+set}"
done

# tu_original NAME: sets tu_value to what a variable held in the shell context, tu_kept to whether that is known from
# above, and tells whether it was there.
tu_original() {
  eval "tu_kept=\${tu_is_$1+yes} tu_value=\${tu_was_$1-\${$1-}} tu_is=\${tu_is_$1-\${$1+set}}"
  [ "$tu_is" = set ]
}

unset CDPATH ENV BASH_ENV GREP_OPTIONS
# With it, some shells stop reading from pipes too, and one of them also where it is unset.
TMOUT=0
# Started from a hook, these would lead every git to that hook's repository. GIT_CONFIG_COUNT and its like stay: they are
# settings that agents see too.
unset GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
unset GIT_COMMON_DIR GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_NAMESPACE
IFS=' 	
'
LC_ALL=C
GIT_OPTIONAL_LOCKS=0
GIT_TERMINAL_PROMPT=0
GIT_PAGER='cat'
HOMEBREW_NO_AUTO_UPDATE=1
HOMEBREW_NO_ANALYTICS=1
NO_UPDATE_NOTIFIER=1
NO_COLOR=1
npm_config_update_notifier=false
npm_config_logs_dir=/dev/null
npm_config_cache=/dev/null
PYTHONDONTWRITEBYTECODE=1
DISABLE_AUTOUPDATER=1
export LC_ALL GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT GIT_PAGER HOMEBREW_NO_AUTO_UPDATE HOMEBREW_NO_ANALYTICS
export NO_UPDATE_NOTIFIER NO_COLOR npm_config_update_notifier npm_config_logs_dir npm_config_cache
export PYTHONDONTWRITEBYTECODE DISABLE_AUTOUPDATER

# Some shells have no printf of their own, and what a program gets as one argument has an end at 128 KiB.
case ${KSH_VERSION-} in
  *MIRBSD* | *LEGACY* | *'PD KSH'*) tu_put() { print -nr -- "$1"; } ;;
  *) tu_put() { printf %s "$1"; } ;;
esac

tu_newline='
'
tu_mark=$tu_mark.$$

# How answers are written, and how many characters of that a byte takes. yash keeps characters of its locale and not
# bytes; there, digits stand for stdout, and again for the whole.
tu_form=
tu_width=1
tu_over="over $tu_nonce."
if [ -n "${YASH_VERSION-}" ]; then
  tu_form=' hex'
  tu_width=2
  tu_over=$(printf %s "$tu_over" | od -An -v -tx1 | tr -d ' \t\n')
fi

# A ring is text: stages that pass a token on. tu_long and tu_brief LIMIT NUMBER CAP put a question into the ring of its
# time limit; the first is for answers that may be long, the other for those that are a few lines as a rule.
tu_long() {
  eval "tu_ring$1=\"\${tu_ring$1-}tu_stage $2 tu_ask$2 $3 | \""
}
if [ -n "$tu_form" ]; then
  tu_brief() { tu_long "$@"; }
else
  tu_brief() {
    eval "tu_ring$1=\"\${tu_ring$1-}tu_ask tu_ask$2 $3 | tu_tell $2 $3 | \""
  }
fi

# tu_glance LIMIT NUMBER CAP: the same for a question whose answer is what one command says (tu_listen). It takes two
# processes less and no reading byte by byte, since the shell that starts the command holds its answer, and would hold a
# flood too; so it is for shells that end where they may have no more memory, which Linux sees to.
if [ -r /proc/self/stat ] && [ -z "$tu_form${KSH_VERSION-}" ]; then
  # shellcheck disable=SC3045 # every shell that this is for knows it
  tu_soft=$(ulimit -S -d)
  tu_glance() {
    eval "tu_ring$1=\"\${tu_ring$1-}tu_regard $2 tu_ask$2 $3 | \""
  }
else
  tu_glance() { tu_brief "$@"; }
fi

# tu_regard NUMBER FUNCTION CAP: the stage of such an answer. The child ends with 0, unless the watch ended it, or it had no
# more memory.
tu_regard() {
  tu_all=$(tu_glimpse "$2" 9>&-)
  case $? in
    0) if [ "${#tu_all}" -gt "$3" ]; then tu_all=$tu_over; fi ;;
    137) tu_all= ;;
    *) tu_all=$tu_over ;;
  esac
  tu_deliver "$1" "$tu_all."
}

# tu_glimpse FUNCTION: asks as tu_answer does. What the function itself says on stderr is not heard.
tu_glimpse() {
  TRUEUP_PROBE=$tu_mark.$tu_limit.
  export TRUEUP_PROBE
  tu_alone=yes
  tu_heard=
  # In KiB: many times of what is read, and little enough for all questions at once.
  # shellcheck disable=SC3045 # every shell that this is for knows it
  ulimit -S -d 65536
  "$1" </dev/null 2>/dev/null
  tu_heard="$tu_heard$tu_newline$? $tu_nonce."
  tu_put "$tu_heard$tu_newline${#tu_heard} $tu_nonce"
}

# tu_listen FUNCTION: what the command that the function ends in says, without the blank lines at its end, and its exit code.
tu_alone=
tu_listen() {
  if [ -z "$tu_alone" ]; then
    ("$1")
    return
  fi
  tu_said=$(
    # shellcheck disable=SC3045 # every shell that this is for knows it
    ulimit -S -d "$tu_soft"
    "$1"
  )
  set -- "$1" "$?"
  if [ -n "$tu_said" ]; then tu_put "$tu_said$tu_newline"; fi
  if [ "$2" -ne 0 ] || [ -z "$tu_said" ]; then
    tu_heard=$(
      # shellcheck disable=SC3045 # every shell that this is for knows it
      ulimit -S -d "$tu_soft"
      "$1" 2>&1 >/dev/null
    )
    if [ -n "$tu_heard" ]; then tu_heard=$tu_heard$tu_newline; fi
  fi
  return "$2"
}

# tu_ask FUNCTION CAP | tu_tell NUMBER CAP: the stage of a brief answer, in as few processes as its two streams can be
# kept apart with. The first asks, and tells a line that is the nonce behind the answer, and the token behind that; the
# second reads up to there, so that it does not wait for whoever else still has the streams open. It has to let all of a
# flood pass to get there, which may last until the question's time is over.
tu_ask() {
  exec 9>&-
  # In some shells what follows is partly done in this process, and this is what frees it.
  trap 'tu_pass; exit' TERM
  tu_answer "$1" "$2"
  tu_pass
}

tu_pass() {
  trap '' TERM
  tu_put "$tu_newline$tu_nonce$tu_newline"
  read -r tu_token || tu_token=lost
  tu_put "$tu_token$tu_newline"
}

tu_tell() {
  trap '' TERM
  tu_held=
  tu_part=
  while IFS= read -r tu_line; do
    [ "$tu_line" != "$tu_nonce" ] || break
    # In parts, since each time it is added to, all of it is copied.
    tu_part=$tu_part$tu_line$tu_newline
    if [ "${#tu_part}" -ge 4096 ]; then
      tu_held=$tu_held$tu_part
      tu_part=
      if [ "${#tu_held}" -gt "$2" ]; then
        tu_drain
        break
      fi
    fi
  done
  read -r tu_token || tu_token=lost
  tu_held=$tu_held$tu_part
  if [ "${#tu_held}" -gt "$2" ]; then tu_held=$tu_over; else tu_held=${tu_held%"$tu_newline"}.; fi
  tu_frame "$1" "$tu_held" ''
  tu_put "$tu_token$tu_newline"
}

# tu_drain: lets a flood pass, up to the end of the pipe. The watch ends what lets it pass as it ends the flood, and there may
# be much left in the pipe by then. Who holds the pipe open beyond that costs the answer: the signal for those that have
# none ends this too.
tu_drain() {
  trap - TERM
  until cat >/dev/null; do :; done
  trap '' TERM
}

# tu_stage NUMBER FUNCTION CAP: the stage of any answer. What holds the answer's streams is a child of the stage: ended,
# it gives the stage its end of file, whoever else still has those streams open.
tu_stage() {
  # stderr is short as a rule.
  tu_most=$(($3 + 65536 * tu_width))
  tu_all=$(tu_answer "$2" "$3" 9>&- | tu_draw "$tu_most")
  if [ "${#tu_all}" -gt "$((tu_most * tu_width))" ]; then tu_all=$tu_over; fi
  tu_deliver "$1" "$tu_all"
}

# tu_answer FUNCTION CAP: asks. Prints stdout as it comes, then stderr, a newline, the exit code, a space, the nonce, a dot,
# a newline, the length of stderr to dot, a space and the nonce. The dot comes after what the reader lets through of stderr;
# a nonce comes from each of the two that this takes when it has told all, so that no half of an answer passes for a whole.
# "over" and the nonce stand for what was more than the cap.
tu_answer() {
  {
    {
      TRUEUP_PROBE=$tu_mark.$tu_limit.
      export TRUEUP_PROBE
      "$1" 2>&1 1>&3 3>&- </dev/null
      tu_put "$tu_newline$? $tu_nonce"
    } | {
      tu_sip "$2"
      if [ "${#tu_held}" -gt "$(($2 * tu_width))" ]; then
        tu_put "over $tu_nonce"
      else
        tu_put "$tu_held$tu_newline${#tu_held} $tu_nonce"
      fi
    }
  } 3>&1
}

# tu_draw LIMIT: passes on at most LIMIT bytes and a dot, and then stops listening.
# tu_sip LIMIT: leaves as much of stdin in tu_held, and a dot. It is for what is a few lines as a rule: these need no
# process. A shell reads a pipe byte by byte, so what turns out long is left to tu_draw, and an endless line grows slowly
# until its time is up.
if [ -n "$tu_form" ]; then
  tu_draw() { head -c "$1" | od -An -v -tx1 | tr -d ' \t\n'; echo 2e; }
  tu_sip() { tu_held=$(tu_draw "$1"); }
else
  tu_draw() { head -c "$1"; echo .; }
  tu_sip() {
    tu_sipped=
    while IFS= read -r tu_line; do
      tu_sipped=$tu_sipped$tu_line$tu_newline
      [ "${#tu_sipped}" -lt 2048 ] || break
      tu_line=
    done
    if [ "${#tu_sipped}" -lt 2048 ]; then
      tu_held=$tu_sipped$tu_line.
    elif [ "${#tu_sipped}" -lt "$1" ]; then
      tu_held=$tu_sipped$(tu_draw "$(($1 - ${#tu_sipped}))")
    else
      tu_held=$tu_sipped.
    fi
  }
fi

# What a question holds that printed nothing and succeeded.
tu_nothing="${tu_newline}0 $tu_nonce."
tu_nothing="$tu_nothing$tu_newline${#tu_nothing} $tu_nonce."

# tu_frame NUMBER HELD FORM: prints a frame.
tu_frame() {
  tu_put "$tu_nonce $1 ${#2}$3$tu_newline$2$tu_newline" >&9
}

# tu_deliver NUMBER HELD: waits for the token, prints the frame, passes the token on.
tu_deliver() {
  trap '' TERM # from here on there is an answer to deliver
  read -r tu_token || tu_token=lost
  tu_frame "$1" "$2" "$tu_form"
  tu_put "$tu_token$tu_newline"
}

# tu_whoami: sets tu_pid to the number of the process that asks, which in a subshell is not $$.
if [ -r /proc/self/stat ]; then
  tu_whoami() { read -r tu_pid tu_rest </proc/self/stat; }
else
  # shellcheck disable=SC2016 # the inner shell is to expand it
  tu_whoami() { tu_pid=$(exec /bin/sh -c 'echo "$PPID"'); }
fi

# tu_group SECONDS RING: runs a ring of stages, which is text, under one time limit.
tu_group() {
  tu_limit=$1
  tu_whoami
  tu_watch "$1" "$tu_pid" </dev/null >/dev/null 2>&1 8<&- 9>&- &
  tu_dog=$!
  exec 8<&-
  eval "$2 { read -r tu_token; tu_put \"\$tu_token\$tu_newline\"; }"
  kill "$tu_dog" 2>/dev/null
  wait "$tu_dog" 2>/dev/null
}

# tu_watch SECONDS GROUP: ends what the group's stages have started and not finished in time.
tu_watch() {
  tu_nap=
  # It waits too, so that the last look for marked processes does not find one that is just about to be gone.
  trap 'if [ -n "$tu_nap" ]; then kill "$tu_nap"; wait "$tu_nap"; fi; exit 0' TERM
  tu_doze "$1"
  tu_whoami
  tu_end "$2" "$tu_pid" 2
  tu_sweep "$tu_mark.$1."
  # Where a stage and what holds its answer are one process, it may still wait for the end of a stream that somebody
  # holds who cannot be found. The stages that have their answers ignore this signal.
  tu_doze 1
  # shellcheck disable=SC2046 # process ids, one word each
  kill $(tu_table | tu_below "$2" "$tu_pid" 1)
}

tu_doze() {
  sleep "$1" &
  tu_nap=$!
  wait "$tu_nap"
  tu_nap=
}

# tu_guard: waits until the way from the controller is cut, which it holds open for as long as it listens; then ends
# this program and all that it has started.
tu_guard() {
  while read -r tu_line; do :; done
  tu_whoami
  tu_end "$$" "$tu_pid" 1
  tu_sweep "$tu_mark."
  kill -9 "$$"
}

# tu_end ROOT SPARED DEPTH: kills the processes that tu_below tells.
tu_end() {
  for tu_round in 1 2 3 4 5; do
    tu_prey=$(tu_table | tu_below "$1" "$2" "$3")
    [ -n "$tu_prey" ] || break
    # shellcheck disable=SC2086 # process ids, one word each
    kill -9 $tu_prey
  done
}

# tu_seek NAME [all]: sets tu_path to the first executable file of that name on PATH and tu_link to what it is a link to;
# with `all` tu_copies to the others, each behind a colon. A file that is met twice is one.
tu_seek() {
  tu_path=
  tu_copies=
  tu_last=
  tu_ifs=$IFS
  IFS=:
  set -f
  # shellcheck disable=SC2086 # PATH is split at its colons
  set -- "$1" "${2-}" $PATH
  set +f
  IFS=$tu_ifs
  tu_name=$1
  tu_all_of=$2
  shift 2
  for tu_dir; do
    tu_file=${tu_dir:-.}/$tu_name
    if [ -f "$tu_file" ] && [ -x "$tu_file" ]; then
      # shellcheck disable=SC3013 # every sh that there is knows -ef
      if [ -z "$tu_path" ]; then
        tu_path=$tu_file
        [ "$tu_all_of" = all ] || break
      elif ! [ "$tu_file" -ef "$tu_path" ] && ! [ "$tu_file" -ef "$tu_last" ]; then
        tu_copies=$tu_copies:$tu_file
        tu_last=$tu_file
      fi
    fi
  done
  [ -n "$tu_path" ] || return 127
  tu_link=$tu_path
  if [ -L "$tu_path" ]; then tu_link=$(readlink -f "$tu_path" || readlink "$tu_path"); fi
}

# tu_find NAME: sets tu_path to the first executable file of that name on PATH and prints it, and what it is a link to.
tu_find() {
  tu_seek "$1" || return
  printf '%s\n%s\n' "$tu_path" "$tu_link"
}

# tu_shim NAME: for the stand-in of a version manager at tu_path prints what the manager would start for it. Fails where
# there is nothing to print.
tu_shim() {
  tu_manager=
  # shellcheck disable=SC3013 # every sh that there is knows -ef
  case ${tu_link##*/} in
    mise) tu_manager=mise ;;
    volta-shim) tu_manager=volta ;;
    *)
      case $tu_path in
        */shims/*)
          while read -r tu_line && [ -z "$tu_manager" ]; do
            case $tu_line in
              *mise*) tu_manager=mise ;;
              *asdf*) tu_manager=asdf ;;
              *pyenv*) tu_manager=pyenv ;;
              *rbenv*) tu_manager=rbenv ;;
              *nodenv*) tu_manager=nodenv ;;
            esac
          done <"$tu_path"
          ;;
        *) if [ "$tu_path" -ef "${tu_path%/*}/rustup" ]; then tu_manager=rustup; fi ;;
      esac
      ;;
  esac
  if [ -z "$tu_manager" ] || [ "$tu_manager" = "$1" ]; then return 1; fi
  # Where only its stand-ins are on PATH, it lies beside them.
  if ! command -v "$tu_manager" >/dev/null; then tu_manager=${tu_path%/*/*}/bin/$tu_manager; fi
  "$tu_manager" which "$1" 2>/dev/null
}

# tu_offline: closes what would fetch a tool, or a version of it, when it is asked: Go's toolchains, rustup's, corepack's,
# mise's.
tu_offline() {
  export GOPROXY=off RUSTUP_AUTO_INSTALL=0 COREPACK_ENABLE_NETWORK=0 COREPACK_ENABLE_DOWNLOAD_PROMPT=0
  export MISE_OFFLINE=1 MISE_AUTO_INSTALL=0 MISE_NOT_FOUND_AUTO_INSTALL=0 MISE_EXEC_AUTO_INSTALL=0
}

# tu_hush: keeps tools from asking the network, writing down that they ran, and fetching what is not there. A tool that
# would have to fetch itself says so instead.
tu_hush() {
  tu_offline
  export DO_NOT_TRACK=1 CHECKPOINT_DISABLE=1 GH_NO_UPDATE_NOTIFIER=1 GLAB_CHECK_UPDATE=false PIP_DISABLE_PIP_VERSION_CHECK=1
  export NODE_DISABLE_COMPILE_CACHE=1 DISABLE_V8_COMPILE_CACHE=1 TEST_TELEMETRY_DIR=/dev/null/telemetry
  export MISE_HIDE_UPDATE_WARNING=1
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
  export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=1
  export AZURE_CORE_COLLECT_TELEMETRY=0 PULUMI_SKIP_UPDATE_CHECK=true FLY_NO_UPDATE_CHECK=1 TURBO_TELEMETRY_DISABLED=1
  export CLOUDSDK_CORE_DISABLE_FILE_LOGGING=1 CLOUDSDK_CORE_DISABLE_PROMPTS=1 CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1
  export CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1 YARN_ENABLE_TELEMETRY=0 COPILOT_AUTO_UPDATE=false
  export AIDER_CHECK_UPDATE=false AIDER_ANALYTICS=false OPENCODE_DISABLE_AUTOUPDATE=1
  # The Java machine counts its performance in a file below the folder for temporary files, unless it is told not to.
  export MAVEN_OPTS="${MAVEN_OPTS-} -XX:-UsePerfData" JAVA_OPTS="${JAVA_OPTS-} -XX:-UsePerfData"
}

# tu_stand_in: whether what lies at tu_path is Apple's stand-in for a tool that is not installed. Started, it opens a dialog
# on somebody's screen instead of answering.
tu_stand_in() {
  case $tu_path in
    /usr/bin/git | /usr/bin/python3 | /usr/bin/pip3 | /usr/bin/gcc | /usr/bin/g++ | /usr/bin/cc | /usr/bin/ld | \
      /usr/bin/clang | /usr/bin/make | /usr/bin/swift | /usr/bin/svn | /usr/bin/perl5*)
      # Elsewhere there is no xcode-select, which costs no process to know.
      command -v xcode-select >/dev/null && [ "$(uname -s)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1
      ;;
    *) return 1 ;;
  esac
}

# tu_of_busybox: whether what lies at tu_path is a command of BusyBox: a link to it, or the same file as one of that name.
tu_of_busybox() {
  # shellcheck disable=SC3013 # every sh that there is knows -ef
  case $tu_link in
    *busybox*) return 0 ;;
    *) [ "$tu_path" -ef "${tu_path%/*}/busybox" ] || [ "$tu_path" -ef /bin/busybox ] ;;
  esac
}

# tu_tool NAME: as tu_find, with the other copies on PATH behind the path and, behind a tab, what a version manager would
# start. Refuses Apple's stand-ins.
tu_tool() {
  tu_seek "$1" all || return
  tu_hush
  printf '%s\n%s\t' "$tu_path$tu_copies" "$tu_link"
  tu_shim "$1" || echo
  if tu_stand_in; then return 69; fi
}

# tu_open FOLDER…: whether each of these that is a folder may be read and searched, and the others may be seen at all. Says
# of which that is not so: what lies in it is not known, and nothing in it is no answer.
tu_open() {
  for tu_door; do
    if [ -d "$tu_door" ]; then
      if [ -r "$tu_door" ] && [ -x "$tu_door" ]; then continue; fi
    elif [ -e "$tu_door" ] || tu_gone "$tu_door"; then
      continue
    fi
    printf '%s may not be read\n' "$tu_door" >&2
    return 1
  done
}

# tu_lacks FOLDER FILE…: whether a folder holds none of these files.
tu_lacks() {
  tu_in=$1
  shift
  for tu_one; do
    [ ! -f "$tu_in/$tu_one" ] || return 1
  done
}

# tu_near PATH: whether it can be looked at before any limit holds: it is not far (tu_far), and no link on the way leads to
# where that is not known. From above, since to ask what lies behind a link is to follow it.
tu_near() {
  if tu_far "$1"; then return 1; fi
  case $1 in
    "$HOME"/*) tu_ahead=${1#"$HOME"/} ;;
    /*/*) tu_ahead=${1#/*/} ;;
    *) return 0 ;;
  esac
  tu_upto=${1%"$tu_ahead"}
  while [ -n "$tu_ahead" ]; do
    tu_upto=$tu_upto${tu_ahead%%/*}
    [ ! -L "$tu_upto" ] || return 1
    tu_upto=$tu_upto/
    case $tu_ahead in */*) tu_ahead=${tu_ahead#*/} ;; *) tu_ahead= ;; esac
  done
}

# tu_mention EXPRESSION FILE…: whether one of the files that are there has a line that matches.
tu_mention() {
  tu_sought=$1
  shift
  for tu_one; do
    if [ -f "$tu_one" ] && grep -E -q -e "$tu_sought" <"$tu_one"; then return; fi
  done
  return 1
}

# tu_nothing_new: as tu_offline, and what a file that pins a version would set off: corepack's other ways, pnpm, proto and,
# by a proxy that is not there, anything else. What is installed already still answers.
tu_nothing_new() {
  tu_offline
  export RUSTUP_DIST_SERVER=http://127.0.0.1:9 COREPACK_ENABLE_AUTO_PIN=0 COREPACK_DEFAULT_TO_LATEST=0
  export npm_config_manage_package_manager_versions=false pnpm_config_manage_package_manager_versions=false
  export PROTO_AUTO_INSTALL=false http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
  export HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9
  export no_proxy='' NO_PROXY=''
}

# tu_repository: whether the working folder itself is a repository, not merely a folder inside one.
tu_repository() {
  tu_seek git || { echo 'git is not on PATH' >&2; return 1; }
  if tu_stand_in; then
    echo "$tu_path is Apple's stand-in for the developer tools, which are not installed" >&2
    return 69
  fi
  tu_git=$(git rev-parse --git-dir) || return
  tu_inside=$(git rev-parse --is-inside-work-tree) || return
  if [ "$tu_inside" = true ]; then
    tu_cdup=$(git rev-parse --show-cdup) || return
    [ -n "$tu_cdup" ] || return 0
  elif [ "$tu_git" = . ] || [ "$tu_git" = .git ]; then
    return 0
  fi
  echo 'it is no repository itself and is inside another repository' >&2
  return 1
}

# tu_tree PLACE CONDITION…: what is below a folder, as far as find's conditions let it through. Modes and digests of regular
# files are told by many files at once, side by side, with their names; what is no regular file or has a name that
# needs care is described one by one. Files of more than tu_together bytes come last, as tu_describe tells them where
# tu_patience holds. A place that is a link to a folder is that folder. Its own status and complaints are
# those of a search that looks at everything (-links) and not merely at names: in a folder that may be read and not
# searched there are names of which nothing more can be known.
tu_tree() {
  tu_place=$1
  shift
  # sha256sum spells it out in a name, as it does line breaks and backslashes.
  tu_return=$(printf '\r')
  set -- "$tu_place" "$@" -links +0 ! -type d
  # GNU's find tells all in one search, what is described as a "!" and what is large by its name behind one. (In others an
  # -exec in parentheses is forgotten.)
  tu_searched=yes tu_mixed='' tu_big=''
  tu_told=$(find -H "$@" \( -type f ! -path "*$tu_newline*" ! -path "*$tu_return*" ! -path '*\\*' \
    \( -size "+${tu_together}c" -printf '!%p\n' -o -printf '%m %p\n' \) -o -printf '!\n' \) 2>/dev/null) || tu_searched=
  case $tu_newline$tu_told in *"$tu_newline!"*) tu_mixed=yes ;; esac
  case $tu_newline$tu_told$tu_newline in *"$tu_newline!$tu_newline"*) tu_searched= ;; esac
  if [ -z "$tu_told$tu_searched" ]; then
    tu_big=$(find -H "$@" -type f -size "+${tu_together}c" ! -path "*$tu_newline*" ! -path "*$tu_return*" ! -path '*\\*' \
      2>/dev/null)
  else
    case $tu_newline$tu_told in
      *"$tu_newline!"[./]*) tu_big=$(tu_put "$tu_told$tu_newline" | sed -n 's|^!\([./]\)|\1|p') ;;
    esac
  fi
  if [ -z "$tu_big" ]; then
    tu_tree_small "$@"
    return
  fi
  { tu_each_large tu_large_apart </dev/null 2>/dev/null & } | {
    tu_tree_small "$@" </dev/null
    tu_status=$?
    tu_each_large tu_large_told
    [ "$tu_status" -eq 0 ]
  }
}

# tu_tree_small PLACE CONDITION…: all but the large files. One that is large and has a name that needs care is among them.
tu_tree_small() {
  tu_missing=
  tu_tree_plain "$@" -type f ! -size "+${tu_together}c" ! -path "*$tu_newline*" ! -path "*$tu_return*" ! -path '*\\*'
  if [ -n "$tu_missing" ]; then
    echo 'not all files could be looked at' >&2
    return 1
  fi
  [ -z "$tu_searched" ] || return 0
  # shellcheck disable=SC2016 # it is to be expanded there
  find -H "$@" \( ! -type f -o -path "*$tu_newline*" -o -path "*$tu_return*" -o -path '*\\*' \) \
    -exec /bin/sh -c "$tu_library"'tu_describe "$@"' sh {} +
}

# tu_each_large FUNCTION: calls the function with the large files, of which tu_big has one a line.
tu_each_large() {
  tu_call=$1
  tu_ifs=$IFS
  IFS=$tu_newline
  set -f
  # shellcheck disable=SC2086 # a word a line
  set -- $tu_big
  set +f
  IFS=$tu_ifs
  "$tu_call" "$@"
}

# tu_large_apart FILE…: hashes them apart, side by side, but of very many only so many at once: what stands in a row behind
# one that takes too long is late too.
tu_rows=16
tu_large_apart() {
  tu_row=0 tu_started=''
  while [ "$tu_row" -lt "$tu_rows" ] && [ "$tu_row" -lt "$#" ]; do
    tu_row=$((tu_row + 1))
    tu_started="$tu_started $tu_row -"
  done
  eval "tu_apart tu_large_row $tu_started"
}

tu_large_row() {
  tu_row=$1
  tu_each_large tu_large_digests
}

# tu_large_digests FILE…: those of a row, one after the other. Its first is announced already.
tu_large_digests() {
  tu_number=$tu_row
  while tu_number=$((tu_number + tu_rows)) && [ "$tu_number" -le "$#" ]; do echo "? $tu_number"; done
  tu_number=0
  for tu_one; do
    tu_number=$((tu_number + 1))
    if [ "$(((tu_number - tu_row) % tu_rows))" -eq 0 ]; then tu_digest "$tu_number" "$tu_one"; fi
  done
}

# tu_large_told FILE…: describes them, with what tu_large_apart tells.
tu_large_told() {
  for tu_one; do tu_plain "f $tu_one"; done
  echo '=modes'
  tu_modes "$@" </dev/null
  printf '%s\n=digests\n=large\n' "$tu_stats"
  tu_heed
  echo '=end'
}

# tu_tree_plain PLACE CONDITION…: the regular files whose names need no care, of which tu_told may tell the modes.
tu_tree_plain() {
  if [ -z "$tu_told$tu_searched" ]; then
    tu_told=$(find -H "$@" -exec stat -c '%a %n' {} + 2>/dev/null)
    [ -n "$tu_told" ] || tu_told=$(find -H "$@" -exec stat -f '%Mp%Lp %N' {} + 2>/dev/null)
    # It is to be of all that find sees.
    tu_seen=$(find -H "$@" 2>/dev/null | awk 'END { print NR }')
    [ "$(tu_put "$tu_told" | awk 'END { print NR }')" = "$tu_seen" ] || tu_missing=yes
  fi
  echo '=tree'
  # So many are worth a second processor, which holds what it has to tell until the first has told it.
  if [ "${#tu_told}" -lt 65536 ] || [ -n "$tu_mixed$tu_form" ]; then
    tu_put "$tu_told$tu_newline=sums$tu_newline"
    # shellcheck disable=SC2016 # it is to be expanded there
    find -H "$@" -exec /bin/sh -c "$tu_library"'tu_sha256 "$@"' sh {} + 2>/dev/null
  else
    {
      tu_sums=$(tu_tree_half 1)
      tu_put "$tu_sums$tu_newline"
    } | {
      tu_put "$tu_told$tu_newline=sums$tu_newline"
      tu_tree_half 0
      cat
    }
  fi
  echo '=end'
}

# tu_tree_half 0|1: the digests of every other file.
tu_tree_half() {
  tu_put "$tu_told$tu_newline" |
    awk -v half="$1" 'NR % 2 == half { print substr($0, index($0, " ") + 1) }' | tr '\n' '\0' |
    if command -v sha256sum >/dev/null; then
      xargs -0 sha256sum --
    else
      xargs -0 shasum -a 256 --
    fi 2>/dev/null
}

# tu_apart FUNCTION NUMBER PATH…: calls the function with each number and path, side by side, for what may take long. To be
# started in the background, so that nobody waits for what cannot be ended. Prints "@ PID" of itself, "? NUMBER" for each,
# what the functions print as soon as it is there, and "late" when tu_patience is over, or its sleep was ended with all that
# carries the mark; then it ends them. It looks for them once: what was starting just then is swept at the end of the program.
tu_apart() {
  tu_nap=
  # It waits too, so that the last look for marked processes does not find one that is just about to be gone.
  trap 'if [ -n "$tu_nap" ]; then kill "$tu_nap"; wait "$tu_nap"; fi; exit 0' TERM
  tu_whoami
  tu_work=$1
  shift
  echo "@ $tu_pid"
  while [ "$#" -gt 0 ]; do
    echo "? $1"
    "$tu_work" "$1" "$2" </dev/null &
    shift 2
  done
  echo go
  tu_doze "$tu_patience" >/dev/null
  echo late
  # shellcheck disable=SC2046 # process ids, one word each
  kill -9 $(tu_table | tu_below "$tu_pid" '' 1)
}

# tu_digest NUMBER FILE: prints "= NUMBER DIGEST" or "! NUMBER MESSAGE".
tu_digest() {
  if tu_sum=$(tu_sha256 <"$2" 2>&1); then tu_sign="="; else tu_sign="!"; fi
  tu_put "$tu_sign $1 $(tu_plain "$tu_sum")$tu_newline"
}

# tu_look NUMBER PATH: describes a path, the end of which is the end of what it prints. By a shell of its own: what waits in
# the kernel may be beyond any signal, and is to hold no stream that somebody listens to, as copies of this shell would.
tu_look() {
  # shellcheck disable=SC2016 # it is to be expanded there
  tu_told=$(exec /bin/sh -c "$tu_library"'tu_describe "$1"' sh "$2")
  # Some shells write line by line, between which others may write.
  tu_put "# $(tu_put "$tu_told" | tr '\n' '\002')$tu_newline"
}

# tu_heed: passes on what tu_apart tells until there is nothing more to come, or no more time.
tu_heed() {
  tu_watcher='' tu_started='' tu_awaited=0
  while [ -z "$tu_started" ] || [ "$tu_awaited" -gt 0 ]; do
    IFS= read -r tu_line || break
    case $tu_line in
      '@ '*) tu_watcher=${tu_line#??} ;;
      go) tu_started=yes ;;
      '# '*)
        tu_awaited=$((tu_awaited - 1))
        tu_put "${tu_line#??}$tu_newline" | tr '\002' '\n'
        ;;
      *)
        case $tu_line in
          '? '*) tu_awaited=$((tu_awaited + 1)) ;;
          '= '* | '! '*) tu_awaited=$((tu_awaited - 1)) ;;
        esac
        tu_put "$tu_line$tu_newline"
        # It goes on to end what it has started.
        [ "$tu_line" != late ] || return 0
        ;;
    esac
  done
  kill "$tu_watcher" 2>/dev/null
}

# tu_gone PATH: for a path that cannot be seen, whether it is known not to be there. If a folder on the way to it, links
# followed, may not be searched, nothing is known.
# tu_modes PATH…: sets tu_stats to a line for each: the mode and the size of what it leads to.
# tu_special PATH: sets tu_kind to what it is that is neither file nor folder.
# tu_far PATH: whether it may be on a mount of its own that may hang: neither in the home, nor where the system itself lives.
# tu_divide PLACE:NUMBER…: of the paths that tu_stats is about, each by its place among the arguments (0 for a folder) and its
# number in the list, sets tu_large to those of more than tu_together bytes and tu_small to the other files. As text, since some
# shells count in 32 bits.
# tu_describe PATH…: kinds, then modes and sizes, then digests, each in the order given. Where tu_patience says how many
# seconds they may take, there follow the digests of large files, each by its number in the list; and what is far comes apart
# from the others, behind them: its place among the arguments, and a description.
# Kept as text too, for `find -exec`, which starts a shell of its own.
# shellcheck disable=SC2016 # it is to be expanded there
tu_library='
tu_plain() {
  case $1 in
    *"
"*) printf "%s" "$1" | tr "\n" "\001"; echo ;;
    *) printf "%s\n" "$1" ;;
  esac
}
tu_sha256() {
  case $* in
    # busybox prints a line break in a name as it is; read from stdin, a file has no name.
    *"
"*) for tu_file; do tu_sha256 <"$tu_file"; done && return ;;
  esac
  if command -v sha256sum >/dev/null; then sha256sum -- "$@"; else shasum -a 256 -- "$@"; fi
}
tu_modes() {
  tu_stats=$(exec stat -L -c "%a %s" -- "$@" 2>/dev/null) && return
  stat -c %a / >/dev/null 2>&1 || tu_stats=$(exec stat -L -f "%Mp%Lp %z" -- "$@")
}
tu_gone() {
  tu_up=$1
  tu_hops=0
  while [ "$tu_hops" -lt 40 ]; do
    if [ -e "$tu_up" ]; then
      [ ! -d "$tu_up" ] || [ -x "$tu_up" ]
      return
    elif [ -L "$tu_up" ]; then
      tu_hops=$((tu_hops + 1))
      tu_to=$(readlink "$tu_up") || return
      case $tu_to in
        /*) tu_up=$tu_to ;;
        *) case $tu_up in */*) tu_up=${tu_up%/*}/$tu_to ;; *) tu_up=$tu_to ;; esac ;;
      esac
    else
      case $tu_up in
        ?*/*) tu_up=${tu_up%/*} ;;
        /*) tu_up=/ ;;
        *) tu_up=. ;;
      esac
    fi
  done
}
tu_special() {
  tu_kind=o
  if [ -S "$1" ]; then
    tu_kind=s
  elif [ -p "$1" ]; then
    tu_kind=p
  elif [ -c "$1" ]; then
    tu_kind=c
  elif [ -b "$1" ]; then
    tu_kind=b
  fi
}
tu_divide() {
  tu_small= tu_large= tu_told_mode=
  for tu_word in $tu_stats; do
    if [ -z "$tu_told_mode" ]; then
      tu_told_mode=$tu_word
      continue
    fi
    tu_told_mode=
    [ "$#" -gt 0 ] || return
    if [ "${1%:*}" -eq 0 ]; then
      : # a folder
    elif [ "${#tu_word}" -gt "${#tu_together}" ] || [ "$tu_word" -gt "$tu_together" ]; then
      tu_large="$tu_large ${1#*:} \"\${${1%:*}}\""
    else
      tu_small="$tu_small \"\${${1%:*}}\""
    fi
    shift
  done
  [ "$#" -eq 0 ]
}
tu_far() {
  case $1 in
    "$HOME" | "$HOME"/* | /bin/* | /sbin/* | /lib/* | /etc/* | /usr/* | /opt/* | /var/* | /dev/* | /tmp/* | /nix/*) return 1 ;;
    /System/* | /Library/* | /Applications/* | /private/*) return 1 ;;
    /*) return 0 ;;
    *) return 1 ;;
  esac
}
tu_describe() {
  tu_files= tu_moded= tu_order= tu_aside=
  tu_at=0 tu_number=0
  for tu_one; do
    tu_at=$((tu_at + 1))
    tu_to=
    if [ -n "${tu_patience-}" ]; then
      if ! tu_far "$tu_one" && [ -L "$tu_one" ]; then tu_to=$(readlink "$tu_one"); fi
      if tu_far "$tu_one" || tu_far "$tu_to"; then
        tu_aside="$tu_aside $tu_at \"\${$tu_at}\""
        continue
      fi
    fi
    tu_number=$((tu_number + 1))
    if [ -L "$tu_one" ]; then
      tu_plain "l $tu_one"
      tu_plain "> ${tu_to:-$(readlink "$tu_one")}"
      # What it leads to: the kinds are those of paths.
      if [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
        tu_files="$tu_files \"\${$tu_at}\"" tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order $tu_at:$tu_number"
        echo "~ f"
      elif [ -f "$tu_one" ]; then
        echo "~ u"
      elif [ -d "$tu_one" ]; then
        tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order 0:0"
        echo "~ d"
      elif [ -e "$tu_one" ]; then
        tu_special "$tu_one"
        echo "~ $tu_kind"
      elif tu_gone "$tu_one"; then
        echo "~ a"
      else
        echo "~ u"
      fi
    elif [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
      tu_files="$tu_files \"\${$tu_at}\"" tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order $tu_at:$tu_number"
      tu_plain "f $tu_one"
    elif [ -f "$tu_one" ]; then
      tu_plain "u $tu_one"
    elif [ -d "$tu_one" ]; then
      tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order 0:0"
      tu_plain "d $tu_one"
    elif [ -e "$tu_one" ]; then
      tu_special "$tu_one"
      tu_plain "$tu_kind $tu_one"
    elif tu_gone "$tu_one"; then
      tu_plain "a $tu_one"
    else
      tu_plain "u $tu_one"
    fi
  done
  if [ -n "$tu_aside" ]; then
    { eval "tu_apart tu_look $tu_aside" </dev/null 2>/dev/null & } | {
      tu_measure "$@" </dev/null
      echo =apart
      tu_heed
    }
  else
    tu_measure "$@"
  fi
}
tu_measure() {
  echo =modes
  tu_stats= tu_large=
  if [ -n "$tu_moded" ]; then
    eval "tu_modes $tu_moded"
    [ -z "$tu_stats" ] || echo "$tu_stats"
    # shellcheck disable=SC2086 # numbers, one word each
    if [ -n "${tu_patience-}" ] && tu_divide $tu_order; then tu_files=$tu_small; else tu_large=; fi
  fi
  echo =digests
  if [ -n "$tu_large" ]; then
    { eval "tu_apart tu_digest $tu_large" </dev/null 2>/dev/null & } | {
      if [ -n "$tu_files" ]; then eval "tu_sha256 $tu_files"; fi
      echo =large
      tu_heed
    }
  elif [ -n "$tu_files" ]; then
    eval "tu_sha256 $tu_files"
  fi
  echo =end
}
'
eval "$tu_library"
