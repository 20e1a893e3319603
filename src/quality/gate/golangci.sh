# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

# tu_golangci_used CONFIG…: whether the repository has a configuration for it, or names it where its checks are said.
tu_golangci_used() {
  for tu_one; do [ ! -e "$tu_one" ] || return 0; done
  tu_mention golangci ./.pre-commit-config.yaml ./Makefile ./makefile ./justfile ./Taskfile.yml ./lefthook.yml ./.lefthook.yml \
    ./tools.go ./tools/tools.go ./go.mod ./.github/workflows/*.yml ./.github/workflows/*.yaml
}
