# What is at a path, for holding two machines against each other.
# shellcheck shell=sh

# tu_same PATH: `none`, `folder`, `other`, `link` and where it leads, or `file` with mode and digest.
tu_same() {
  cd || return
  if [ -L "$1" ]; then
    echo link
    readlink "$1"
  elif [ -f "$1" ]; then
    tu_mode=$(stat -c %a -- "$1" 2>/dev/null || stat -f %Mp%Lp -- "$1") || return
    if command -v sha256sum >/dev/null; then tu_digest=$(sha256sum <"$1"); else tu_digest=$(shasum -a 256 <"$1"); fi || return
    echo "file $tu_mode ${tu_digest%% *}"
  elif [ -d "$1" ]; then
    echo folder
  elif [ -e "$1" ]; then
    echo other
  else
    echo none
  fi
}

# tu_same_commit REPO PATH: the same of what is committed.
tu_same_commit() {
  cd && cd "$1" || return
  tu_entry=$(git ls-tree HEAD -- "$2") || return
  case $tu_entry in
    '') echo none ;;
    100*)
      tu_mode=${tu_entry%% *}
      tu_digest=$(git cat-file blob "HEAD:$2" | if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi) || return
      echo "file ${tu_mode#100} ${tu_digest%% *}"
      ;;
    *) echo other ;;
  esac
}
