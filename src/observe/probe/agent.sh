# The files from which an agent takes its settings, hooks and instructions, in the folder of a repository or in the home.
#
# Needs tu_agent_files, a path a line, relative to the working folder, and tu_agent_root, the folder that hooks call the
# project's. Of each file there its digest and text; what is named in settings as a command or script is looked for.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317 # the runtime sets some variables, some only count rounds

# tu_agent_tell FILE…: digests, then texts behind a bar a line.
tu_agent_tell() {
  echo '=digests'
  tu_sha256 "$@" || return
  awk '
    FNR == 1 { print "=text " FILENAME; held = 0 }
    { held += length($0) + 1; if (held <= 1048576) print "|" $0 }
    END { print "=end" }' "$@" | tr '\000' '\001'
}

# tu_agent_named FILE…: what settings name as commands: paths, and behind a question mark words.
tu_agent_named() {
  awk '
    {
      line = $0
      while (match(line, /"(command|args)"[ \t]*:[ \t]*/)) {
        line = substr(line, RSTART + RLENGTH)
        told = line
        if (told ~ /^"/) { sub(/^"/, "", told) ; gsub(/\\"/, "", told); sub(/".*/, "", told) }
        gsub(/[$][{]CLAUDE_PROJECT_DIR[}]/, "CLAUDE_PROJECT_DIR", told)
        gsub(/[$][{]HOME[}]/, "HOME", told)
        gsub(/[^A-Za-z0-9_.\/@+~-]+/, " ", told)
        count = split(told, words, " ")
        for (place = 1; place <= count; place++) {
          word = words[place]
          sub(/^CLAUDE_PROJECT_DIR\//, "", word)
          if (word ~ /^HOME\//) sub(/^HOME/, "~", word)
          if (length(word) > 300 || seen[word]++ || ++told_all > 300) continue
          if (word ~ /\//) print word
          else if (word ~ /^[A-Za-z][A-Za-z0-9_.+-]*$/) { print "?" word; if (word ~ /\./) print word }
        }
      }
    }' "$@"
}

# tu_agent_taken FILE…: what texts of instructions take in by `@` and a path, from their own folder.
tu_agent_taken() {
  awk '
    {
      for (place = 1; place <= NF; place++) {
        if ($place !~ /^@[A-Za-z0-9_.\/~-]*[.\/][A-Za-z0-9_.\/~-]+/) continue
        word = substr($place, 2)
        sub(/[,;:)]+$/, "", word)
        if (length(word) > 300 || ++told > 100) continue
        folder = FILENAME
        if (word ~ /^[~\/]/ || !sub(/\/[^\/]*$/, "", folder)) folder = ""
        sub(/^\.\//, "", word)
        print folder == "" ? word : folder "/" word
      }
    }' "$@"
}

tu_spaces=$IFS
tu_one=$(cd && pwd -P)
for tu_one in "home $HOME" "home $tu_one" "root $PWD" "root $(pwd -P)"; do tu_plain "$tu_one"; done
if [ -n "${CLAUDE_CONFIG_DIR-}" ]; then printf 'config %s\n' "$(tu_plain "$CLAUDE_CONFIG_DIR")"; fi
set -f
IFS=$tu_newline
# shellcheck disable=SC2086 # a path a line
set -- $tu_agent_files
set +f
IFS=$tu_spaces
tu_count=$#
while [ "$tu_count" -gt 0 ]; do
  tu_count=$((tu_count - 1))
  tu_one=$1
  shift
  if [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
    set -- "$@" "$tu_one"
    echo "file $tu_one"
  elif [ -f "$tu_one" ] || { [ ! -e "$tu_one" ] && ! tu_gone "$tu_one"; }; then
    echo "shut $tu_one"
  fi
done
if [ "$#" -gt 0 ]; then
  tu_agent_tell "$@" || return
  tu_agent_texts=
  tu_count=$#
  while [ "$tu_count" -gt 0 ]; do
    tu_count=$((tu_count - 1))
    case $1 in
      *.json) set -- "$@" "$1" ;;
      *.md) tu_agent_texts=$tu_agent_texts$1$tu_newline ;;
    esac
    shift
  done
  if [ "$#" -gt 0 ]; then tu_tokens=$(tu_agent_named "$@"); else tu_tokens=; fi
  if [ -n "$tu_agent_texts" ]; then
    set -f
    IFS=$tu_newline
    # shellcheck disable=SC2086 # a path a line
    set -- $tu_agent_texts
    set +f
    IFS=$tu_spaces
    tu_tokens=$tu_tokens$tu_newline$(tu_agent_taken "$@")
  fi
  set --
  set -f
  IFS=$tu_newline
  for tu_one in $tu_tokens; do
    IFS=$tu_spaces
    case $tu_one in
      '?'*)
        if command -v "${tu_one#?}" >/dev/null; then echo "have ${tu_one#?}"; fi
        continue
        ;;
      "~"/*) tu_one=$HOME/${tu_one#??} ;;
    esac
    if [ -f "$tu_one" ]; then
      if [ -x "$tu_one" ]; then echo "able $tu_one"; fi
      case $tu_one in
        /bin/* | /usr/* | /sbin/* | /opt/*) ;;
        *) if [ -r "$tu_one" ]; then
          set -- "$@" "$tu_one"
          echo "file $tu_one"
        else
          echo "shut $tu_one"
        fi ;;
      esac
    fi
  done
  IFS=$tu_spaces
  set +f
  if [ "$#" -gt 0 ]; then
    echo '=digests'
    tu_sha256 "$@" || return
    echo '=end'
  fi
fi
echo 'done'
