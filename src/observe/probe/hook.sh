# The raw material of a repository's hooks, printed a line each; what it amounts to is for `quality` to say.
#
# Runs in the repository's top folder, behind the list of its settings (tu_listed). Needs tu_hook_names. A walk from the hooks
# and the files of their managers to what these name, level by level: of each file mode, size, content and digest as it
# lies there, and as HEAD has it, which is all that a fresh worktree has. Nothing but regular files is opened.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2317 # the runtime sets some variables, some only count rounds

# tu_hook_see PATH: what stands where git looks for a hook, and what a script's first line asks for.
tu_hook_see() {
  if [ -f "$1" ]; then
    if [ ! -r "$1" ]; then
      echo "shut $1"
    elif [ -x "$1" ]; then
      echo "runs $1"
      tu_hook_line "$1"
    else
      echo "idle $1"
    fi
  elif [ -d "$1" ]; then
    echo "folder $1"
  elif [ -e "$1" ]; then
    if [ -x "$1" ]; then echo "special $1"; fi
  elif [ -L "$1" ] && ! tu_gone "$1"; then
    echo "shut $1"
  fi
}

# tu_hook_look FOLDER: what stands in a folder where git looks, or would look elsewhere.
tu_hook_look() {
  for tu_name in $tu_hook_names; do
    tu_hook_see "$1/$tu_name"
    tu_hook_want "$1/$tu_name"
    tu_hook_want "$1/$tu_name.legacy"
  done
}

# tu_hook_line PATH: tells whether the program is there that a script's first line names.
tu_hook_line() {
  tu_line=
  IFS= read -r tu_line 2>/dev/null <"$1" || [ -n "$tu_line" ] || return 0
  case $tu_line in '#!'*) ;; *) return 0 ;; esac
  tu_line=${tu_line#??}
  set -f
  # shellcheck disable=SC2086 # words of the line
  set -- "$1" $tu_line
  set +f
  [ "$#" -ge 2 ] || return 0
  tu_script=$1
  tu_line=$2
  case $2 in
    */env)
      [ -x "$2" ] || { echo "lacks $2	$tu_script"; return 0; }
      shift 2
      while [ "$#" -gt 0 ]; do
        case $1 in
          -* | *=*) shift ;;
          *) break ;;
        esac
      done
      [ "$#" -gt 0 ] || return 0
      tu_line=$1
      command -v "$1" >/dev/null || echo "lacks $1	$tu_script"
      ;;
    *) if [ ! -f "$2" ] || [ ! -x "$2" ]; then echo "lacks $2	$tu_script"; fi ;;
  esac
}

# tu_hook_want PATH: puts a path into the next level of the walk, once.
tu_hook_want() {
  case $tu_newline$tu_wanted$tu_newline in
    *"$tu_newline$1$tu_newline"*) ;;
    *)
      tu_wanted=$tu_wanted$tu_newline$1
      tu_queue=$tu_queue$tu_newline$1
      ;;
  esac
}

# tu_hook_level PATH…: one level. Leaves what it names in tu_tokens.
tu_hook_level() {
  tu_count=$#
  tu_rooted=
  tu_at=0
  while [ "$tu_count" -gt 0 ]; do
    tu_count=$((tu_count - 1))
    tu_one=$1
    shift
    case $tu_one in /* | ../* | .git/*) ;; *) tu_rooted=$tu_rooted$tu_newline$tu_one ;; esac
    if [ -f "$tu_one" ] && [ -r "$tu_one" ]; then
      case $tu_one in /*) set -- "$@" "$tu_one" ;; *) set -- "$@" "./$tu_one" ;; esac
      if [ -x "$tu_one" ]; then echo "able $tu_one"; fi
      echo "file $tu_one"
    elif [ -f "$tu_one" ]; then
      echo "shut $tu_one"
    fi
  done
  tu_small=
  if [ "$#" -gt 0 ]; then
    tu_modes "$@" || return
    printf '=modes\n%s\n=digests\n' "$tu_stats"
    tu_sha256 "$@" || return
    echo '=end'
    tu_size=
    for tu_word in $tu_stats; do
      if [ -z "$tu_size" ]; then
        tu_size=next
        continue
      fi
      tu_size=
      tu_at=$((tu_at + 1))
      if [ "${#tu_word}" -le 6 ] && [ "$tu_word" -le 131072 ]; then tu_small="$tu_small \"\${$tu_at}\""; fi
    done
    if [ -n "$tu_small" ]; then eval "tu_hook_text $tu_small"; fi
  fi
  tu_blobs=
  if [ -n "$tu_rooted" ] && [ -n "$tu_head" ]; then tu_hook_tree; fi
  tu_tokens=$(tu_put "$tu_blobs" | eval "tu_hook_tokens $tu_small -")
}

# tu_hook_text FILE…: their lines, behind a bar each. A NUL, which not every shell can hold, is told as byte 1.
tu_hook_text() {
  awk '
    FNR == 1 { print "=text " FILENAME }
    { held += length($0) + 1; if (held <= 1048576) print "|" $0 }
    END { print "=end" }' "$@" | tr '\000' '\001'
}

# tu_hook_tree: what HEAD has of tu_rooted: as git lists it, and the contents of what is no larger than others that are read.
tu_hook_tree() {
  set -f
  IFS=$tu_newline
  # shellcheck disable=SC2086 # a path a line
  set -- $tu_rooted
  set +f
  IFS=$tu_spaces
  tu_entries=$(git -c core.quotePath=false ls-tree -l HEAD -- "$@") || return
  [ -n "$tu_entries" ] || return 0
  printf '=tree\n%s\n=end\n' "$tu_entries"
  tu_blobs=$(
    tu_put "$tu_entries$tu_newline" |
      awk '$2 == "blob" && $4 <= 131072 { path = $0; sub(/^[^\t]*\t/, "", path); print $3 " " path }' |
      git cat-file --batch='%(objectsize) %(rest)' | tr '\000' '\001' |
      awk '
        !left && / missing$/ { next }
        !left { left = $1 + 1; path = $0; sub(/^[^ ]* /, "", path); print "=blob " path; next }
        { left -= length($0) + 1; held += length($0) + 1; if (held <= 1048576) print "|" $0 }
        END { print "=end" }'
  )
  tu_put "$tu_blobs$tu_newline"
}

# tu_hook_tokens FILE… -: what these files name that may be a path, relative to the top, to themselves and to folders that they
# go into; a mark in front of what needs a look: a question mark before words that may be commands, an exclamation mark before
# what is a path only if it is there, an equals sign before modules of JavaScript, a percent sign before those of Python, an
# asterisk before patterns of settings that others extend. Comments name nothing.
tu_hook_tokens() {
  awk '
    function tidy(path,   count, place, kept, parts, out) {
      count = split(path, parts, "/")
      kept = 0
      for (place = 1; place <= count; place++) {
        if (parts[place] == "." || (parts[place] == "" && place > 1)) continue
        if (parts[place] == ".." && kept > 0 && out[kept] != "..") { kept--; continue }
        out[++kept] = parts[place]
      }
      path = out[1]
      for (place = 2; place <= kept; place++) path = path "/" out[place]
      return path
    }
    function add(path) {
      path = tidy(path)
      if (path != "" && !seen[path]++ && ++told <= 400) print path
    }
    function guess(mark, path) {
      path = tidy(path)
      if (path != "" && !seen[mark path]++ && ++guesses <= 400) print mark path
    }
    function pattern(path,   above, last) {
      guess("*", path)
      last = path
      sub(/^.*\//, "", last)
      above = substr(path, 1, length(path) - length(last))
      if (gsub(/\/[*]/, "/.[!.]*", above) + sub(/^[*]/, ".[!.]*", above)) guess("*", above last)
    }
    function here(path,   place) {
      add(path)
      for (place = 1; place <= bases; place++) add(base[place] "/" path)
      if (++paths <= 100) path_of[paths] = path
    }
    function into(path,   place) {
      if (path ~ /^[-\/~]/ || bases >= 8) return
      base[++bases] = path
      for (place = 1; place <= paths && place <= 100; place++) add(path "/" path_of[place])
    }
    function module(mark, path,   place) {
      guess(mark, path)
      for (place = 1; place <= bases; place++) guess(mark, base[place] "/" path)
    }
    function python(name, where,   count, place, parts, path) {
      count = split(name, parts, ".")
      path = where
      for (place = 1; place <= count; place++) {
        if (parts[place] == "") continue
        path = path parts[place]
        module("%", path)
        path = path "/"
      }
      return path
    }
    function imports(line,   count, place, parts, name, where, path) {
      gsub(/[(),;]/, " ", line)
      count = split(line, parts, " ")
      if (parts[1] == "import") {
        for (place = 2; place <= count; place++) {
          if (parts[place] == "as") { place++; continue }
          python(parts[place], folder "/")
          python(parts[place], "")
        }
        return
      }
      name = parts[2]
      if (name ~ /^\./) {
        where = folder "/"
        for (sub(/^\./, "", name); name ~ /^\./; sub(/^\./, "", name)) where = where "../"
        path = python(name, where)
        for (place = 4; place <= count; place++) module("%", path parts[place])
        return
      }
      path = python(name, folder "/")
      for (place = 4; place <= count; place++) module("%", path parts[place])
      path = python(name, "")
      for (place = 4; place <= count; place++) module("%", path parts[place])
    }
    function enter(name) {
      file = name
      sub(/^\.\//, "", file)
      folder = file
      if (!sub(/\/[^\/]*$/, "", folder)) folder = "."
      is_package = file ~ /(^|\/)package\.json$/
      is_settings = !is_package && file ~ /\.(yml|yaml|toml|json|jsonc)$/ && file !~ /(^|\/)\.?(pre-commit-|prek[.-]|simple-git-)[^\/]*$/
      is_python = file ~ /\.py$/
      is_script = file ~ /\.[cm]?[jt]sx?$/
      inside = extends = bases = paths = 0
      first = 1
      before = ran = ""
    }
    BEGIN {
      split("GNUmakefile makefile Makefile", files_of_make, " ")
      split("justfile .justfile Justfile", files_of_just, " ")
      split("Taskfile.yml taskfile.yml Taskfile.yaml taskfile.yaml Taskfile.dist.yml taskfile.dist.yml Taskfile.dist.yaml taskfile.dist.yaml", files_of_task, " ")
      split("rakefile Rakefile rakefile.rb Rakefile.rb", files_of_rake, " ")
    }
    FILENAME != last { last = FILENAME; if (FILENAME != "-") enter(FILENAME) }
    FILENAME == "-" {
      if (/^=blob /) { enter(substr($0, 7)); next }
      if (!/^\|/) next
      $0 = substr($0, 2)
    }
    first {
      first = 0
      if (/^#!.*python/) is_python = 1
      if (/^#!.*(node|deno|bun|tsx)/) is_script = 1
    }
    is_package && /"scripts"[ \t]*:/ { inside = 1 }
    is_package && !inside { next }
    /^[ \t]*#/ { next }
    is_python && /^[ \t]*(import|from)[ \t]/ { imports($0); next }
    is_settings {
      if (/(extends|configs?|source_dir|source_dir_local)["]?[ \t]*[:=]/) extends = 1
      else if (/[:=]/) extends = 0
      if (extends) {
        line = $0
        gsub(/[^A-Za-z0-9_.\/@+~*?-]+/, " ", line)
        count = split(line, words, " ")
        for (place = 1; place <= count; place++) {
          word = words[place]
          if (length(word) > 300) continue
          if (before ~ /^source_dir/) pattern(word "/*/*")
          else if (word ~ /\.(yml|yaml|toml|json|jsonc)$/ || word ~ /[*?]/) {
            pattern(word)
            if (folder != "." && word !~ /^\//) pattern(folder "/" word)
          }
          before = word
        }
        before = ""
      }
    }
    {
      line = $0
      gsub(/[$]HOME\/|[$][{]HOME[}]\//, "~/", line)
      gsub(/[^A-Za-z0-9_.\/@+~-]+/, " ", line)
      count = split(line, words, " ")
      for (place = 1; place <= count; place++) {
        word = words[place]
        if (length(word) > 300 || word == "-") continue
        named = before
        before = word
        if (named == "cd" || (is_settings && named == "root")) into(word)
        if (named ~ /^(-m|from|import)$/ && word ~ /^[A-Za-z_]/) python(word, "")
        if (ran != "" && word !~ /^-/ && word != "run") {
          module("=", word)
          ran = ""
        }
        if (word ~ /^(node|nodejs|tsx|ts-node|bun|deno)$/) ran = word
        if (word ~ /^g?make$/) for (at in files_of_make) here(files_of_make[at])
        if (word == "just") for (at in files_of_just) here(files_of_just[at])
        if (word ~ /^(go-)?task$/) for (at in files_of_task) here(files_of_task[at])
        if (word == "rake") for (at in files_of_rake) here(files_of_rake[at])
        if (named ~ /^(-C|-d|--directory|--dir)$/ && word !~ /^-/) into(word)
        if (named ~ /^(-[cfpt]|--(config|config-file|config-path|configuration|project|rcfile|rc-file|ignore-path|settings|settings-file|file|makefile|justfile|taskfile|rakefile)|[.]|source|include)$/ && word !~ /^-/) {
          if (word ~ /^~\//) guess("!", ENVIRON["HOME"] substr(word, 2))
          else if (word ~ /^\//) guess("!", word)
          else {
            here(word)
            if (named ~ /^(-p|--project)$/) here(word "/tsconfig.json")
          }
        }
        if (word ~ /\// || word ~ /\.(sh|bash|zsh|js|cjs|mjs|ts|mts|cts|py|rb|pl|php|lua|yml|yaml|toml)$/) {
          if (word ~ /^\//) add(word)
          if (word ~ /^~\//) { add(ENVIRON["HOME"] substr(word, 2)); continue }
          bare = word
          sub(/^\/+/, "", bare)
          here(bare)
          add(folder "/" bare)
          if (is_script && word ~ /^\.\.?\//) module("=", folder "/" word)
        } else if (!is_package && word ~ /^[A-Za-z][A-Za-z0-9_.+-]*$/ && !met[word]++ && ++words_told <= 400) {
          print "?" word
        }
      }
    }
    is_package && /}/ { inside = 0 }' "$@"
}

# tu_hook_want_any PATH…: puts those of them that are files into the next level.
tu_hook_want_any() {
  for tu_found in "$@"; do
    if [ -f "$tu_found" ]; then tu_hook_want "$tu_found"; fi
  done
}

# tu_hook_pattern PATTERN: puts what it matches into the next level, as long as there is one, and says so. What begins with a
# dot is matched as well; clones of shared settings may have the file too.
tu_hook_pattern() {
  [ "$tu_level" -lt 3 ] || return 0
  tu_pattern=$1
  tu_pattern=${tu_pattern#"$PWD"/}
  tu_pattern=${tu_pattern#"$tu_top"/}
  tu_last=${tu_pattern##*/}
  tu_above=${tu_pattern%"$tu_last"}
  tu_hidden=$tu_pattern
  case $tu_last in
    '*'*) tu_hidden=$tu_above.$tu_last ;;
    '?'*) tu_hidden=$tu_above.${tu_last#?} ;;
  esac
  set +f
  IFS=$tu_newline
  # shellcheck disable=SC2086 # patterns
  tu_hook_want_any $tu_pattern $tu_hidden
  case $tu_pattern in
    *'*'* | *'?'*)
      # What HEAD has in that folder.
      case $tu_above in
        /* | ../* | .git/* | *'*'* | *'?'* | '') ;;
        *) tu_hook_want "$tu_above" ;;
      esac
      ;;
    /*) ;;
    *)
      tu_hook_want "$tu_pattern"
      tu_hook_want_any "$tu_common"/info/lefthook-remotes/*/"$tu_pattern"
      ;;
  esac
  IFS=$tu_spaces
  set -f
  echo "globbed $tu_pattern"
}

# tu_hook_follow: what of tu_tokens is there as a command or program, and the paths of the next level.
tu_hook_follow() {
  set -f
  IFS=$tu_newline
  for tu_one in $tu_tokens; do
    IFS=$tu_spaces
    case $tu_one in
      '?'*) if command -v "${tu_one#?}" >/dev/null; then echo "have ${tu_one#?}"; fi ;;
      '*'*) tu_hook_pattern "${tu_one#?}" ;;
      '!'*)
        tu_one=${tu_one#?}
        tu_one=${tu_one#"$PWD"/}
        tu_hook_want_any "${tu_one#"$tu_top"/}"
        ;;
      '%'*)
        tu_one=${tu_one#?}
        tu_hook_want_any "$tu_one.py" "$tu_one/__init__.py" "$tu_one/__main__.py"
        ;;
      '='*)
        tu_one=${tu_one#?}
        tu_hook_want_any "$tu_one" "$tu_one.js" "$tu_one.mjs" "$tu_one.cjs" "$tu_one.ts" "$tu_one.mts" "$tu_one.cts" "$tu_one.tsx" \
          "$tu_one.jsx" "$tu_one/index.js" "$tu_one/index.mjs" "$tu_one/index.cjs" "$tu_one/index.ts" "${tu_one%.js}.ts" "${tu_one%.mjs}.mts"
        ;;
      */node_modules/* | node_modules/* | *.venv/* | venv/* | */venv/*)
        if [ -f "$tu_one" ] && [ -x "$tu_one" ]; then echo "able $tu_one"; fi
        ;;
      "$tu_common"/info/lefthook-remotes/*) tu_hook_want_any "$tu_one" ;;
      "$PWD"/* | "$tu_top"/*)
        tu_one=${tu_one#"$PWD"/}
        tu_hook_want "${tu_one#"$tu_top"/}"
        ;;
      "$HOME"/*)
        if [ -f "$tu_one" ]; then
          if [ -x "$tu_one" ]; then echo "able $tu_one"; fi
          tu_hook_want "$tu_one"
        fi
        ;;
      /*) if [ -f "$tu_one" ] && [ -x "$tu_one" ]; then echo "able $tu_one"; fi ;;
      *) tu_hook_want "$tu_one" ;;
    esac
  done
  IFS=$tu_spaces
  set +f
}

# tu_hook_store FOLDER: what pre-commit has made there. Its database is a file of SQLite, in which a row's texts stand one
# behind the other.
tu_hook_store() {
  [ -f "$1/db.db" ] || return 0
  if [ ! -r "$1/db.db" ]; then
    echo "shut $1/db.db"
    return 0
  fi
  echo "=store $1"
  tr -c '[:print:]' '\n' <"$1/db.db" | head -c 1048576 | awk '/repo/ { print "|" $0 }'
  echo '=end'
  for tu_folder in "$1"/repo*; do
    [ -d "$tu_folder" ] || continue
    if [ -f "$tu_folder/.pre-commit-hooks.yaml" ]; then tu_hook_want "$tu_folder/.pre-commit-hooks.yaml"; fi
    echo "made $tu_folder"
    for tu_one in "$tu_folder"/*env-*; do
      [ -d "$tu_one" ] || continue
      tu_state=incomplete
      if [ -f "$tu_one/.install_state_v2" ] || [ -f "$tu_one/.install_state_v1" ]; then tu_state=complete; fi
      case $tu_one in
        */py_env-*) if [ ! -x "$tu_one/bin/python" ]; then tu_state=incomplete; fi ;;
      esac
      echo "$tu_state $tu_one"
    done
  done
}

# tu_hook_prek FOLDER: what prek has made there, which files of its own tell.
tu_hook_prek() {
  for tu_one in "$1"/repos/*/.prek-repo.json; do
    [ -f "$tu_one" ] || continue
    tu_folder=${tu_one%/*}
    tu_hook_want "$tu_one"
    if [ -f "$tu_folder/.pre-commit-hooks.yaml" ]; then tu_hook_want "$tu_folder/.pre-commit-hooks.yaml"; fi
    echo "made $tu_folder"
  done
  for tu_one in "$1"/hooks/*/.prek-hook.json; do
    [ -f "$tu_one" ] || continue
    tu_folder=${tu_one%/*}
    tu_hook_want "$tu_one"
    tu_state=complete
    case $tu_folder in
      */python-*) if [ ! -x "$tu_folder/bin/python" ]; then tu_state=incomplete; fi ;;
    esac
    echo "$tu_state $tu_folder"
  done
}

tu_spaces=$IFS
tu_wanted='' tu_queue='' tu_included=''
# What is not in this clone is not fetched to be looked at.
export GIT_NO_LAZY_FETCH=1
tu_top=$(pwd -P)
tu_said=$(git rev-parse --git-common-dir --git-dir --git-path hooks) || return
tu_common=${tu_said%%"$tu_newline"*}
tu_said=${tu_said#*"$tu_newline"}
tu_dir=${tu_said%%"$tu_newline"*}
tu_hooks=${tu_said#*"$tu_newline"}
case $tu_hooks$tu_common in
  *"$tu_newline"*)
    echo 'a folder on the way to the hooks has a line break in its name' >&2
    return 1
    ;;
esac
tu_hooks=${tu_hooks#./}
case $tu_hooks in */) tu_hooks=${tu_hooks%/} ;; esac
tu_gone "$tu_hooks" || { echo 'the folder of the hooks may not be searched' >&2; return 1; }
if git rev-parse -q --verify 'HEAD^{commit}' >/dev/null; then tu_head=yes; else tu_head=; fi
tu_one=$(cd && pwd -P)
for tu_place in "home $HOME" "home $tu_one" "top $PWD" "top $tu_top"; do tu_plain "$tu_place"; done
printf 'common %s\ndir %s\nhooks %s\nhead %s\n' "$tu_common" "$tu_dir" "$tu_hooks" "$tu_head"
for tu_name in HUSKY SKIP PRE_COMMIT_ALLOW_NO_CONFIG PRE_COMMIT_HOME PREK_SKIP PREK_ALLOW_NO_CONFIG PREK_HOME LEFTHOOK \
  LEFTHOOK_EXCLUDE LEFTHOOK_BIN LEFTHOOK_CONFIG SKIP_SIMPLE_GIT_HOOKS SIMPLE_GIT_HOOKS_RC XDG_CONFIG_HOME XDG_CACHE_HOME \
  GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_NOSYSTEM GIT_CONFIG_COUNT; do
  eval "tu_is=\${$tu_name+set} tu_value=\${$tu_name-}"
  if [ -n "$tu_is" ]; then
    case $tu_value in *"$tu_newline"*) tu_value=$(tu_plain "$tu_value") ;; esac
    tu_put "var $tu_name=$tu_value$tu_newline"
  fi
done
# Where git itself started this, these are its own, and lead nobody else astray.
if ! tu_original GIT_PREFIX; then
  for tu_name in GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_COMMON_DIR GIT_NAMESPACE; do
    if tu_original "$tu_name"; then printf 'var %s=%s\n' "$tu_name" "$(tu_plain "$tu_value")"; fi
  done
fi
case $tu_listed in
  *ooks[Pp]ath* | *ookspath*)
    # Where it is set, and on which line.
    tu_said=$(git config --show-origin --get core.hooksPath)
    case $tu_said in
      file:*)
        tu_said=${tu_said%%	*}
        tu_said=${tu_said#file:}
        tu_line=$(grep -n -i '^[[:space:]]*hookspath[[:space:]]*=' <"$tu_said" | tail -n 1)
        printf 'origin %s:%s\n' "$tu_said" "${tu_line%%:*}"
        ;;
    esac
    ;;
esac
case $tu_listed in
  *includeif.*)
    tu_included=$(git config --show-origin --get-regexp '^includeif\.' | while IFS= read -r tu_line; do
      tu_named=${tu_line##*.path }
      tu_one=$tu_named
      case $tu_named in
        /*) ;;
        "~"/*) tu_one=$HOME/${tu_named#??} ;;
        *)
          tu_one=${tu_line%%	*}
          tu_one=${tu_one#file:}
          case $tu_one in */*) tu_one=${tu_one%/*}/$tu_named ;; *) tu_one=$tu_named ;; esac
          ;;
      esac
      [ -f "$tu_one" ] || continue
      if tu_said=$(git config --includes --file "$tu_one" --get core.hooksPath); then
        printf 'included %s\t%s\n' "$tu_named" "$tu_said"
      fi
    done)
    tu_put "$tu_included${tu_included:+$tu_newline}"
    set -f
    IFS=$tu_newline
    for tu_line in $tu_included; do
      IFS=$tu_spaces
      tu_one=${tu_line##*	}
      case $tu_one in
        "~"/*) tu_hook_look "$HOME/${tu_one#??}" ;;
        *) tu_hook_look "${tu_one#./}" ;;
      esac
    done
    IFS=$tu_spaces
    set +f
    ;;
esac
# HEAD has the hooks behind a folder that is a link by the names that they have there.
tu_linked=
if [ -L "$tu_hooks" ]; then
  tu_hook_want "$tu_hooks"
  tu_linked=$(readlink "$tu_hooks")
  case $tu_linked$tu_hooks in
    /*) ;;
    */*) tu_linked=${tu_hooks%/*}/$tu_linked ;;
  esac
fi
tu_hook_look "$tu_hooks"
if [ "$tu_hooks" != "$tu_common/hooks" ]; then tu_hook_look "$tu_common/hooks"; fi
for tu_name in $tu_hook_names; do
  if [ -n "$tu_linked" ]; then tu_hook_want "$tu_linked/$tu_name"; fi
  case $tu_hooks in
    */_) tu_hook_want "${tu_hooks%/_}/$tu_name" ;;
  esac
done
for tu_one in "$tu_hooks/h" "$tu_hooks/husky.sh" "$tu_hooks/_/husky.sh" "$tu_hooks/_/h" \
  "${XDG_CONFIG_HOME:-$HOME/.config}/husky/init.sh" "$HOME/.huskyrc" "${SIMPLE_GIT_HOOKS_RC:-package.json}" package.json \
  .pre-commit-config.yaml .pre-commit-config.yml prek.toml; do
  tu_hook_want "$tu_one"
done
for tu_one in .husky/pre-commit .husky/commit-msg .husky/pre-push; do
  if [ -f "$tu_one" ]; then tu_hook_want "$tu_one"; fi
done
for tu_name in yml yaml toml json jsonc; do
  for tu_one in lefthook .lefthook .config/lefthook; do
    tu_hook_want "$tu_one.$tu_name"
    tu_hook_want "$tu_one-local.$tu_name"
  done
done
for tu_name in json js cjs mjs; do
  tu_hook_want ".simple-git-hooks.$tu_name"
  tu_hook_want "simple-git-hooks.$tu_name"
done
if [ -n "${LEFTHOOK_CONFIG-}" ]; then tu_hook_want "${LEFTHOOK_CONFIG#./}"; fi
tu_hook_want_any .lefthook/*/* .lefthook-local/*/* "$tu_common"/info/lefthook-remotes/*/lefthook.yml \
  "$tu_common"/info/lefthook-remotes/*/.lefthook/*/*
tu_seek git || return
tu_line=
IFS= read -r tu_line 2>/dev/null <"$tu_path"
# What stands where the system puts its own is the system's.
case $tu_path-$tu_line in
  /usr/bin/git-* | /bin/git-*) ;;
  *-'#!'*)
    echo "wrapper $tu_path"
    tu_hook_want "$tu_path"
    ;;
esac
if [ -f .pre-commit-config.yaml ]; then
  tu_hook_store "${PRE_COMMIT_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/pre-commit}"
fi
if [ -f prek.toml ] || [ -f .pre-commit-config.yaml ] || [ -f .pre-commit-config.yml ]; then
  tu_hook_prek "${PREK_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/prek}"
fi
for tu_one in node_modules/lefthook/bin/index.js node_modules/lefthook-*/bin/lefthook; do
  if [ -f "$tu_one" ]; then echo "able $tu_one"; fi
done
tu_level=0
case $tu_listed in
  *"${tu_newline}hook."*)
    # Hooks that stand in settings are no files.
    echo "version $(git version)"
    tu_tokens=$(tu_put "$tu_listed$tu_newline" | tr '\001' '\t' | awk '
      /^hook\..*\.command\t/ { sub(/^[^\t]*\t/, ""); gsub(/\t/, " "); print "=blob hooks\n|" $0 }' | tu_hook_tokens -)
    tu_hook_follow
    ;;
esac
while [ -n "$tu_queue" ] && [ "$tu_level" -lt 4 ]; do
  set -f
  IFS=$tu_newline
  # shellcheck disable=SC2086 # a path a line
  set -- $tu_queue
  set +f
  IFS=$tu_spaces
  tu_queue=
  tu_hook_level "$@" || return
  tu_hook_follow
  tu_level=$((tu_level + 1))
done
echo 'done'
