# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

# tu_shellcheck_used CONFIG…: whether the repository has a configuration for it, or names it where its checks are said.
tu_shellcheck_used() {
  for tu_one; do [ ! -e "$tu_one" ] || return 0; done
  tu_mention shellcheck ./.pre-commit-config.yaml ./prek.toml ./Makefile ./makefile ./justfile ./package.json ./lefthook.yml \
    ./.lefthook.yml ./lefthook.yaml ./Taskfile.yml ./tox.ini ./.husky/* ./.github/workflows/*.yml ./.github/workflows/*.yaml
}

# tu_scripts FILE…: names those that are scripts of a shell by their first line.
tu_scripts() {
  for tu_one; do
    tu_line=
    if [ -f "$tu_one" ] && [ -r "$tu_one" ]; then read -r tu_line <"$tu_one" || :; fi
    case $tu_line in
      '#!'*[/\ ]sh | '#!'*[/\ ]sh\ * | '#!'*bash* | '#!'*dash* | '#!'*ksh*) printf '=script %s\n' "$tu_one" ;;
    esac
  done
}
