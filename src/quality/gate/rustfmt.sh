# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

# tu_rustfmt_version CONFIG…: where there is none, the repository has to ask for it.
tu_rustfmt_version() {
  tu_hush
  tu_nothing_new
  if tu_inside rustfmt; then
    tu_rustfmt=$tu_path
    tu_hear version "$tu_rustfmt" --version
  fi
}

# tu_rustfmt_asked CONFIG…: whether the repository asks for rustfmt by name.
tu_rustfmt_asked() {
  for tu_one; do [ ! -e "$tu_one" ] || return 0; done
  tu_mention 'rustfmt|cargo[ -]fmt' ./rust-toolchain.toml ./rust-toolchain ./.pre-commit-config.yaml ./Makefile ./justfile \
    ./package.json ./lefthook.yml ./.lefthook.yml ./.husky/* ./.github/workflows/*.yml ./.github/workflows/*.yaml
}

tu_rustfmt_settings() {
  "$tu_rustfmt" --print-config current "$1"
}
