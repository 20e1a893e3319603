# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

tu_mypy_used() {
  for tu_one in mypy.ini .mypy.ini .venv/bin/mypy venv/bin/mypy; do [ ! -e "$tu_one" ] || return 0; done
  tu_mention '(^|[^A-Za-z0-9_.-]|tool[.])mypy([^A-Za-z0-9_]|$)' ./pyproject.toml ./setup.cfg ./requirements*.txt \
    ./.pre-commit-config.yaml ./Pipfile ./tox.ini
}

# tu_mypy_version: mypy is a program of Python's, which takes long to start, so that its version is read beside it.
tu_mypy_version() {
  tu_hush
  tu_inside mypy || return
  case $tu_path in
    ./*) tu_prefix=${tu_path%/bin/mypy} ;;
    *) tu_prefix=${tu_link%/bin/*} ;;
  esac
  tu_told_version=
  for tu_one in "$tu_prefix"/lib/python*/site-packages "$tu_prefix"/lib/python*/dist-packages; do
    for tu_info in "$tu_one"/mypy-[0-9]*.dist-info; do
      if [ -d "$tu_info" ]; then
        printf '=distribution %s\n' "${tu_info##*/}"
        tu_told_version=yes
      fi
    done
    # What mypy is to be helped by is installed beside it.
    for tu_info in "$tu_one"/*.dist-info; do
      [ ! -d "$tu_info" ] || printf '=beside %s\n' "${tu_info##*/}"
    done
  done
  [ -n "$tu_told_version" ] || tu_hear version "$tu_path" --version
}
