# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

# tu_ruff_used CONFIG…: whether the repository uses ruff: it has a configuration for it, or names it, or has it installed.
tu_ruff_used() {
  [ ! -e .venv/bin/ruff ] && [ ! -e venv/bin/ruff ] || return 0
  for tu_one; do
    case $tu_one in
      */pyproject.toml) ;;
      *) [ ! -e "$tu_one" ] || return 0 ;;
    esac
  done
  tu_mention '(^|[^A-Za-z0-9_.-]|tool[.])ruff([^A-Za-z0-9_]|$)' "$@" ./requirements*.txt ./.pre-commit-config.yaml ./Pipfile
}

# tu_ruff_elsewhere: the configurations outside the repository that hold for it.
tu_ruff_elsewhere() {
  tu_above '.ruff.toml ruff.toml pyproject.toml'
  tu_dir=${XDG_CONFIG_HOME:-$HOME/.config}/ruff
  tu_files "$tu_dir/.ruff.toml" "$tu_dir/ruff.toml" "$tu_dir/pyproject.toml"
}

tu_ruff_version() {
  tu_hush
  export RUFF_NO_CACHE=true
  tu_inside ruff || return
  tu_ruff=$tu_path
  tu_hear version "$tu_ruff" --version
}

tu_ruff_settings() {
  "$tu_ruff" check --no-cache --show-settings "$1"
}
