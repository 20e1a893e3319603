# What questions about tools and repositories use: where a tool lies, what a version manager's stand-in would start, and how
# tools are kept from fetching, writing and asking while they tell their versions.
#
# Needs runtime.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317 # the runtime sets some variables, some only count rounds; questions use the rest

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
