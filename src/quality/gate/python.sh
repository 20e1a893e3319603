# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

tu_locks='uv.lock poetry.lock pdm.lock Pipfile.lock pylock.toml'

# tu_python_folder FOLDER: what a folder locks and what is installed in the environment that belongs to it, its own or, for a
# member of a workspace, the repository's.
tu_python_folder() {
  tu_lock=
  for tu_name in $tu_locks; do
    if [ -z "$tu_lock" ] && [ -f "$1/$tu_name" ]; then tu_lock=$1/$tu_name; fi
  done
  if [ -n "$tu_lock" ]; then
    set -- "$1" "$tu_lock"
  else
    tu_folder=$1
    set -- "$1"
    for tu_file in "$tu_folder"/requirements*.txt "$tu_folder"/requirements/*.txt; do
      if [ -f "$tu_file" ]; then set -- "$@" "$tu_file"; fi
    done
    [ "$#" -gt 1 ] || return 0
  fi
  tu_env=
  for tu_one in "$1/.venv" "$1/venv" ./.venv ./venv; do
    if [ -z "$tu_env" ] && [ -f "$tu_one/pyvenv.cfg" ]; then tu_env=$tu_one; fi
  done
  printf '=project %s\n' "$1"
  shift
  printf '|%s\n' "$@"
  tu_files "$@" || return
  [ -n "$tu_env" ] || return 0
  printf '=environment %s\n' "$tu_env"
  tu_state=broken
  if [ -x "$tu_env/bin/python" ]; then tu_state=works; fi
  printf '=interpreter %s\n' "$tu_state"
  tu_files "$tu_env/pyvenv.cfg" || return
  for tu_one in "$tu_env"/lib/python*/site-packages "$tu_env"/lib64/python*/site-packages; do
    # lib64 is a link to lib as a rule.
    case $tu_one in */lib64/*) [ ! -L "$tu_env/lib64" ] || continue ;; esac
    tu_open "$tu_one" || return
    echo '=site'
    printf '|%s\n' "$tu_one"/*.dist-info/METADATA "$tu_one"/*.egg-info "$tu_one"/*.egg-link
  done
}
