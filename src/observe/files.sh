# What questions about files use: what lies below a folder, and what kind, mode, size and digest a path has. What may take long,
# or wait for a file system that does not answer, is asked apart.
#
# Needs runtime.sh.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317 # the runtime sets some variables, some only count rounds; questions use the rest

# tu_tree PLACE CONDITION…: what is below a folder, as far as find's conditions let it through. Modes and digests of regular
# files are told by many files at once, side by side, with their names; what is no regular file or has a name that
# needs care is described one by one. Files of more than tu_together bytes come last, as tu_describe tells them where
# tu_patience holds. A place that is a link to a folder is that folder. Its own status and complaints are
# those of a search that looks at everything (-links) and not merely at names: in a folder that may be read and not
# searched there are names of which nothing more can be known.
tu_tree() {
  tu_place=$1
  shift
  # sha256sum spells it out in a name, as it does line breaks and backslashes.
  tu_return=$(printf '\r')
  set -- "$tu_place" "$@" -links +0 ! -type d
  # GNU's find tells all in one search, what is described as a "!" and what is large by its name behind one. (In others an
  # -exec in parentheses is forgotten.)
  tu_searched=yes tu_mixed='' tu_big=''
  tu_told=$(find -H "$@" \( -type f ! -path "*$tu_newline*" ! -path "*$tu_return*" ! -path '*\\*' \
    \( -size "+${tu_together}c" -printf '!%p\n' -o -printf '%m %p\n' \) -o -printf '!\n' \) 2>/dev/null) || tu_searched=
  case $tu_newline$tu_told in *"$tu_newline!"*) tu_mixed=yes ;; esac
  case $tu_newline$tu_told$tu_newline in *"$tu_newline!$tu_newline"*) tu_searched= ;; esac
  if [ -z "$tu_told$tu_searched" ]; then
    tu_big=$(find -H "$@" -type f -size "+${tu_together}c" ! -path "*$tu_newline*" ! -path "*$tu_return*" ! -path '*\\*' \
      2>/dev/null)
  else
    case $tu_newline$tu_told in
      *"$tu_newline!"[./]*) tu_big=$(tu_put "$tu_told$tu_newline" | sed -n 's|^!\([./]\)|\1|p') ;;
    esac
  fi
  if [ -z "$tu_big" ]; then
    tu_tree_small "$@"
    return
  fi
  { tu_each_large tu_large_apart </dev/null 2>/dev/null & } | {
    tu_tree_small "$@" </dev/null
    tu_status=$?
    tu_each_large tu_large_told
    [ "$tu_status" -eq 0 ]
  }
}

# tu_tree_small PLACE CONDITION…: all but the large files. One that is large and has a name that needs care is among them.
tu_tree_small() {
  tu_missing=
  tu_tree_plain "$@" -type f ! -size "+${tu_together}c" ! -path "*$tu_newline*" ! -path "*$tu_return*" ! -path '*\\*'
  if [ -n "$tu_missing" ]; then
    echo 'not all files could be looked at' >&2
    return 1
  fi
  [ -z "$tu_searched" ] || return 0
  # shellcheck disable=SC2016 # it is to be expanded there
  find -H "$@" \( ! -type f -o -path "*$tu_newline*" -o -path "*$tu_return*" -o -path '*\\*' \) \
    -exec /bin/sh -c "$tu_library"'tu_describe "$@"' sh {} +
}

# tu_each_large FUNCTION: calls the function with the large files, of which tu_big has one a line.
tu_each_large() {
  tu_call=$1
  tu_ifs=$IFS
  IFS=$tu_newline
  set -f
  # shellcheck disable=SC2086 # a word a line
  set -- $tu_big
  set +f
  IFS=$tu_ifs
  "$tu_call" "$@"
}

# tu_large_apart FILE…: hashes them apart, side by side, but of very many only so many at once: what stands in a row behind
# one that takes too long is late too.
tu_rows=16
tu_large_apart() {
  tu_row=0 tu_started=''
  while [ "$tu_row" -lt "$tu_rows" ] && [ "$tu_row" -lt "$#" ]; do
    tu_row=$((tu_row + 1))
    tu_started="$tu_started $tu_row -"
  done
  eval "tu_apart tu_large_row $tu_started"
}

tu_large_row() {
  tu_row=$1
  tu_each_large tu_large_digests
}

# tu_large_digests FILE…: those of a row, one after the other. Its first is announced already.
tu_large_digests() {
  tu_number=$tu_row
  while tu_number=$((tu_number + tu_rows)) && [ "$tu_number" -le "$#" ]; do echo "? $tu_number"; done
  tu_number=0
  for tu_one; do
    tu_number=$((tu_number + 1))
    if [ "$(((tu_number - tu_row) % tu_rows))" -eq 0 ]; then tu_digest "$tu_number" "$tu_one"; fi
  done
}

# tu_large_told FILE…: describes them, with what tu_large_apart tells.
tu_large_told() {
  for tu_one; do tu_plain "f $tu_one"; done
  echo '=modes'
  tu_modes "$@" </dev/null
  printf '%s\n=digests\n=large\n' "$tu_stats"
  tu_heed
  echo '=end'
}

# tu_tree_plain PLACE CONDITION…: the regular files whose names need no care, of which tu_told may tell the modes.
tu_tree_plain() {
  if [ -z "$tu_told$tu_searched" ]; then
    tu_told=$(find -H "$@" -exec stat -c '%a %n' {} + 2>/dev/null)
    [ -n "$tu_told" ] || tu_told=$(find -H "$@" -exec stat -f '%Mp%Lp %N' {} + 2>/dev/null)
    # It is to be of all that find sees.
    tu_seen=$(find -H "$@" 2>/dev/null | awk 'END { print NR }')
    [ "$(tu_put "$tu_told" | awk 'END { print NR }')" = "$tu_seen" ] || tu_missing=yes
  fi
  echo '=tree'
  # So many are worth a second processor, which holds what it has to tell until the first has told it.
  if [ "${#tu_told}" -lt 65536 ] || [ -n "$tu_mixed$tu_form" ]; then
    tu_put "$tu_told$tu_newline=sums$tu_newline"
    # shellcheck disable=SC2016 # it is to be expanded there
    find -H "$@" -exec /bin/sh -c "$tu_library"'tu_sha256 "$@"' sh {} + 2>/dev/null
  else
    {
      tu_sums=$(tu_tree_half 1)
      tu_put "$tu_sums$tu_newline"
    } | {
      tu_put "$tu_told$tu_newline=sums$tu_newline"
      tu_tree_half 0
      cat
    }
  fi
  echo '=end'
}

# tu_tree_half 0|1: the digests of every other file.
tu_tree_half() {
  tu_put "$tu_told$tu_newline" |
    awk -v half="$1" 'NR % 2 == half { print substr($0, index($0, " ") + 1) }' | tr '\n' '\0' |
    if command -v sha256sum >/dev/null; then
      xargs -0 sha256sum --
    else
      xargs -0 shasum -a 256 --
    fi 2>/dev/null
}

# tu_apart FUNCTION NUMBER PATH…: calls the function with each number and path, side by side, for what may take long. To be
# started in the background, so that nobody waits for what cannot be ended. Prints "@ PID" of itself, "? NUMBER" for each,
# what the functions print as soon as it is there, and "late" when tu_patience is over, or its sleep was ended with all that
# carries the mark; then it ends them. It looks for them once: what was starting just then is swept at the end of the program.
tu_apart() {
  tu_nap=
  # It waits too, so that the last look for marked processes does not find one that is just about to be gone.
  trap 'if [ -n "$tu_nap" ]; then kill "$tu_nap"; wait "$tu_nap"; fi; exit 0' TERM
  tu_whoami
  tu_work=$1
  shift
  echo "@ $tu_pid"
  while [ "$#" -gt 0 ]; do
    echo "? $1"
    "$tu_work" "$1" "$2" </dev/null &
    shift 2
  done
  echo go
  tu_doze "$tu_patience" >/dev/null
  echo late
  # shellcheck disable=SC2046 # process ids, one word each
  kill -9 $(tu_table | tu_below "$tu_pid" '' 1)
}

# tu_digest NUMBER FILE: prints "= NUMBER DIGEST" or "! NUMBER MESSAGE".
tu_digest() {
  if tu_sum=$(tu_sha256 <"$2" 2>&1); then tu_sign="="; else tu_sign="!"; fi
  tu_put "$tu_sign $1 $(tu_plain "$tu_sum")$tu_newline"
}

# tu_look NUMBER PATH: describes a path, the end of which is the end of what it prints. By a shell of its own: what waits in
# the kernel may be beyond any signal, and is to hold no stream that somebody listens to, as copies of this shell would.
tu_look() {
  # shellcheck disable=SC2016 # it is to be expanded there
  tu_told=$(exec /bin/sh -c "$tu_library"'tu_describe "$1"' sh "$2")
  # Some shells write line by line, between which others may write.
  tu_put "# $(tu_put "$tu_told" | tr '\n' '\002')$tu_newline"
}

# tu_heed: passes on what tu_apart tells until there is nothing more to come, or no more time.
tu_heed() {
  tu_watcher='' tu_started='' tu_awaited=0
  while [ -z "$tu_started" ] || [ "$tu_awaited" -gt 0 ]; do
    IFS= read -r tu_line || break
    case $tu_line in
      '@ '*) tu_watcher=${tu_line#??} ;;
      go) tu_started=yes ;;
      '# '*)
        tu_awaited=$((tu_awaited - 1))
        tu_put "${tu_line#??}$tu_newline" | tr '\002' '\n'
        ;;
      *)
        case $tu_line in
          '? '*) tu_awaited=$((tu_awaited + 1)) ;;
          '= '* | '! '*) tu_awaited=$((tu_awaited - 1)) ;;
        esac
        tu_put "$tu_line$tu_newline"
        # It goes on to end what it has started.
        [ "$tu_line" != late ] || return 0
        ;;
    esac
  done
  kill "$tu_watcher" 2>/dev/null
}

# tu_gone PATH: for a path that cannot be seen, whether it is known not to be there. If a folder on the way to it, links
# followed, may not be searched, nothing is known.
# tu_modes PATH…: sets tu_stats to a line for each: the mode and the size of what it leads to.
# tu_special PATH: sets tu_kind to what it is that is neither file nor folder.
# tu_far PATH: whether it may be on a mount of its own that may hang: neither in the home, nor where the system itself lives.
# tu_divide PLACE:NUMBER…: of the paths that tu_stats is about, each by its place among the arguments (0 for a folder) and its
# number in the list, sets tu_large to those of more than tu_together bytes and tu_small to the other files. As text, since some
# shells count in 32 bits.
# tu_describe PATH…: kinds, then modes and sizes, then digests, each in the order given. Where tu_patience says how many
# seconds they may take, there follow the digests of large files, each by its number in the list; and what is far comes apart
# from the others, behind them: its place among the arguments, and a description.
# Kept as text too, for `find -exec`, which starts a shell of its own.
# shellcheck disable=SC2016 # it is to be expanded there
tu_library='
tu_plain() {
  case $1 in
    *"
"*) printf "%s" "$1" | tr "\n" "\001"; echo ;;
    *) printf "%s\n" "$1" ;;
  esac
}
tu_sha256() {
  case $* in
    # busybox prints a line break in a name as it is; read from stdin, a file has no name.
    *"
"*) for tu_file; do tu_sha256 <"$tu_file"; done && return ;;
  esac
  if command -v sha256sum >/dev/null; then sha256sum -- "$@"; else shasum -a 256 -- "$@"; fi
}
tu_modes() {
  tu_stats=$(exec stat -L -c "%a %s" -- "$@" 2>/dev/null) && return
  stat -c %a / >/dev/null 2>&1 || tu_stats=$(exec stat -L -f "%Mp%Lp %z" -- "$@")
}
tu_gone() {
  tu_up=$1
  tu_hops=0
  while [ "$tu_hops" -lt 40 ]; do
    if [ -e "$tu_up" ]; then
      [ ! -d "$tu_up" ] || [ -x "$tu_up" ]
      return
    elif [ -L "$tu_up" ]; then
      tu_hops=$((tu_hops + 1))
      tu_to=$(readlink "$tu_up") || return
      case $tu_to in
        /*) tu_up=$tu_to ;;
        *) case $tu_up in */*) tu_up=${tu_up%/*}/$tu_to ;; *) tu_up=$tu_to ;; esac ;;
      esac
    else
      case $tu_up in
        ?*/*) tu_up=${tu_up%/*} ;;
        /*) tu_up=/ ;;
        *) tu_up=. ;;
      esac
    fi
  done
}
tu_special() {
  tu_kind=o
  if [ -S "$1" ]; then
    tu_kind=s
  elif [ -p "$1" ]; then
    tu_kind=p
  elif [ -c "$1" ]; then
    tu_kind=c
  elif [ -b "$1" ]; then
    tu_kind=b
  fi
}
tu_divide() {
  tu_small= tu_large= tu_told_mode=
  for tu_word in $tu_stats; do
    if [ -z "$tu_told_mode" ]; then
      tu_told_mode=$tu_word
      continue
    fi
    tu_told_mode=
    [ "$#" -gt 0 ] || return
    if [ "${1%:*}" -eq 0 ]; then
      : # a folder
    elif [ "${#tu_word}" -gt "${#tu_together}" ] || [ "$tu_word" -gt "$tu_together" ]; then
      tu_large="$tu_large ${1#*:} \"\${${1%:*}}\""
    else
      tu_small="$tu_small \"\${${1%:*}}\""
    fi
    shift
  done
  [ "$#" -eq 0 ]
}
tu_far() {
  case $1 in
    "$HOME" | "$HOME"/* | /bin/* | /sbin/* | /lib/* | /etc/* | /usr/* | /opt/* | /var/* | /dev/* | /tmp/* | /nix/*) return 1 ;;
    /System/* | /Library/* | /Applications/* | /private/*) return 1 ;;
    /*) return 0 ;;
    *) return 1 ;;
  esac
}
tu_describe() {
  tu_files= tu_moded= tu_order= tu_aside=
  tu_at=0 tu_number=0
  for tu_one; do
    tu_at=$((tu_at + 1))
    tu_to=
    if [ -n "${tu_patience-}" ]; then
      if ! tu_far "$tu_one" && [ -L "$tu_one" ]; then tu_to=$(readlink "$tu_one"); fi
      if tu_far "$tu_one" || tu_far "$tu_to"; then
        tu_aside="$tu_aside $tu_at \"\${$tu_at}\""
        continue
      fi
    fi
    tu_number=$((tu_number + 1))
    if [ -L "$tu_one" ]; then
      tu_plain "l $tu_one"
      tu_plain "> ${tu_to:-$(readlink "$tu_one")}"
      # What it leads to: the kinds are those of paths.
      if [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
        tu_files="$tu_files \"\${$tu_at}\"" tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order $tu_at:$tu_number"
        echo "~ f"
      elif [ -f "$tu_one" ]; then
        echo "~ u"
      elif [ -d "$tu_one" ]; then
        tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order 0:0"
        echo "~ d"
      elif [ -e "$tu_one" ]; then
        tu_special "$tu_one"
        echo "~ $tu_kind"
      elif tu_gone "$tu_one"; then
        echo "~ a"
      else
        echo "~ u"
      fi
    elif [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
      tu_files="$tu_files \"\${$tu_at}\"" tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order $tu_at:$tu_number"
      tu_plain "f $tu_one"
    elif [ -f "$tu_one" ]; then
      tu_plain "u $tu_one"
    elif [ -d "$tu_one" ]; then
      tu_moded="$tu_moded \"\${$tu_at}\"" tu_order="$tu_order 0:0"
      tu_plain "d $tu_one"
    elif [ -e "$tu_one" ]; then
      tu_special "$tu_one"
      tu_plain "$tu_kind $tu_one"
    elif tu_gone "$tu_one"; then
      tu_plain "a $tu_one"
    else
      tu_plain "u $tu_one"
    fi
  done
  if [ -n "$tu_aside" ]; then
    { eval "tu_apart tu_look $tu_aside" </dev/null 2>/dev/null & } | {
      tu_measure "$@" </dev/null
      echo =apart
      tu_heed
    }
  else
    tu_measure "$@"
  fi
}
tu_measure() {
  echo =modes
  tu_stats= tu_large=
  if [ -n "$tu_moded" ]; then
    eval "tu_modes $tu_moded"
    [ -z "$tu_stats" ] || echo "$tu_stats"
    # shellcheck disable=SC2086 # numbers, one word each
    if [ -n "${tu_patience-}" ] && tu_divide $tu_order; then tu_files=$tu_small; else tu_large=; fi
  fi
  echo =digests
  if [ -n "$tu_large" ]; then
    { eval "tu_apart tu_digest $tu_large" </dev/null 2>/dev/null & } | {
      if [ -n "$tu_files" ]; then eval "tu_sha256 $tu_files"; fi
      echo =large
      tu_heed
    }
  elif [ -n "$tu_files" ]; then
    eval "tu_sha256 $tu_files"
  fi
  echo =end
}
'
eval "$tu_library"
