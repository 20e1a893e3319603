# What the questions about tools with files of their own use: where inside the repository a tool lies, and the files that say
# what it is to do. What is told comes in sections: a line "=KIND NAME", and behind a bar each the lines that belong to it, so
# that nothing in a file or in what a tool prints can be taken for a section.
#
# Needs runtime.sh, tools.sh and files.sh; the working folder is the repository's top.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317 # the runtime sets some variables; questions use the rest

# tu_places: tells where the repository and the home are, by all their names.
tu_places() {
  tu_top=$(pwd -P) || return
  tu_real=$(cd && pwd -P) || tu_real=$HOME
  printf '=repo %s\n=repo %s\n=home %s\n=home %s\n' "$tu_top" "$PWD" "$tu_real" "$HOME"
}

# tu_inside NAME: sets tu_path to what a name is inside the repository: what lies in the environment that is made for it,
# else the first on PATH. Tells which of them it is, or that there is none, and then fails.
tu_inside() {
  for tu_venv in .venv venv; do
    tu_path=./$tu_venv/bin/$1
    if [ -f "$tu_path" ] && [ -x "$tu_path" ]; then
      printf '=from %s\n' "$tu_venv"
      return 0
    fi
  done
  if tu_seek "$1"; then
    printf '=from PATH\n=path %s\n' "$tu_path"
    return 0
  fi
  echo '=missing'
  return 1
}

# tu_hear KIND COMMAND…: a section of what a command prints on stdout, its exit code as the last line behind a bar.
tu_hear() {
  printf '=%s\n' "$1"
  shift
  { "$@"; printf '\n%s\n' "$?"; } | sed 's/^/|/'
}

# tu_files PATH…: a section for each of these that is a file.
tu_files() {
  for tu_one; do
    shift
    if [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
      printf '=there %s\n' "$tu_one"
      set -- "$@" "$tu_one"
    elif [ -f "$tu_one" ] || { [ ! -e "$tu_one" ] && ! tu_gone "$tu_one"; }; then
      printf '=shut %s\n' "$tu_one"
    fi
  done
  [ "$#" -eq 0 ] || awk 'FNR == 1 { print "=file " FILENAME } { print "|" $0 }' "$@"
}

# tu_above NAMES: tu_files for what lies under these names, a word each, in the folders that the repository lies in.
tu_above() {
  tu_names=$1
  tu_dir=$(pwd -P)
  set --
  while [ -n "$tu_dir" ]; do
    tu_dir=${tu_dir%/*}
    # shellcheck disable=SC2086 # a word a name
    for tu_one in $tu_names; do
      if [ -e "$tu_dir/$tu_one" ]; then set -- "$@" "$tu_dir/$tu_one"; fi
    done
  done
  tu_files "$@"
}

# tu_variables NAME…: a section for each variable that is set.
tu_variables() {
  for tu_one; do
    if tu_original "$tu_one"; then
      printf '=variable %s\n' "$tu_one"
      printf '%s\n' "$tu_value" | sed 's/^/|/'
    fi
  done
}

# tu_group NAMES COMMAND FOLDER FILE…: tells that these files of a folder stand below the nearest file of one of these names, a
# word each, and what the command prints about one of them, unless it has been asked about one below the same.
tu_asked='|'
tu_group() {
  tu_names=$1 tu_command=$2 tu_up=$3
  tu_nearest=-
  shift 3
  while [ "$tu_nearest" = - ]; do
    for tu_one in $tu_names; do
      if [ "$tu_nearest" = - ] && [ -f "$tu_up/$tu_one" ]; then tu_nearest=$tu_up/$tu_one; fi
    done
    case $tu_up in */*) tu_up=${tu_up%/*} ;; *) break ;; esac
  done
  printf '=group %s\n' "$tu_nearest"
  printf '|%s\n' "$@"
  case $tu_asked in *"|$tu_nearest|"*) return ;; esac
  for tu_one; do
    if [ -f "$tu_one" ]; then
      tu_asked="$tu_asked$tu_nearest|"
      tu_hear "settings $tu_nearest" "$tu_command" "$tu_one"
      return
    fi
  done
}
