# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317

# tu_clippy_asked CONFIG…: whether the repository asks for clippy by name.
tu_clippy_asked() {
  for tu_one; do
    case $tu_one in
      *clippy.toml) [ ! -e "$tu_one" ] || return 0 ;;
    esac
  done
  tu_mention clippy "$@" ./rust-toolchain.toml ./rust-toolchain ./.pre-commit-config.yaml ./Makefile ./justfile ./package.json \
    ./lefthook.yml ./.lefthook.yml ./.husky/* ./.github/workflows/*.yml ./.github/workflows/*.yaml
}

# tu_clippy_elsewhere: what holds from outside the repository, or from where a variable says.
tu_clippy_elsewhere() {
  tu_above '.clippy.toml clippy.toml .cargo/config.toml .cargo/config' || return
  tu_cargo=${CARGO_HOME:-$HOME/.cargo}
  tu_files "$tu_cargo/config.toml" "$tu_cargo/config" || return
  if [ -n "${CLIPPY_CONF_DIR-}" ]; then
    case $CLIPPY_CONF_DIR in
      /*) tu_dir=$CLIPPY_CONF_DIR ;;
      *) tu_dir=./${CLIPPY_CONF_DIR#./} ;;
    esac
    printf '=conf %s\n' "$tu_dir"
    tu_files "$tu_dir/.clippy.toml" "$tu_dir/clippy.toml" || return
  fi
  tu_variables CARGO_ENCODED_RUSTFLAGS RUSTFLAGS CARGO_BUILD_RUSTFLAGS CLIPPY_ARGS
}

# tu_attributes FILE…: the lines of these crate roots that hold inner attributes, with their numbers.
tu_attributes() {
  for tu_one; do
    shift
    if [ -f "$tu_one" ]; then set -- "$@" "$tu_one"; fi
  done
  [ "$#" -eq 0 ] || awk '
    FNR == 1 { open = 0; print "=attributes " FILENAME }
    /^#!\[/ { open = 1 }
    open { print "|" FNR " " $0; if (/\]/) open = 0 }' "$@"
}

tu_clippy_version() {
  tu_hush
  tu_nothing_new
  if tu_inside cargo-clippy; then tu_hear version "$tu_path" --version; fi
}
