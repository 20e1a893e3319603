# The runtime of every observation: asks all questions side by side and prints one frame for each answer.
#
# The program arrives on stdin, is parsed whole, and then gives stdin up, so that nothing it starts can read it. Stages
# of a ring run at the same time; a token passed from stage to stage lets them print one after the other, so frames
# never mix and nothing needs a file. A frame is "NONCE NUMBER LENGTH", LENGTH bytes and a newline: what a tool prints
# is counted, never searched, and cannot forge one.
#
# Needs tu_nonce, tu_mark (inherited by all that a question starts) and the functions of processes.sh. Descriptor 9 is
# the way to the controller, 8 the way from it, which ends only when the controller or the connection is gone.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # some variables are set before this text, some only count rounds
# shellcheck disable=SC2317 # stages are called by rings, which are text

# What is changed below, as it was in the shell context, for the questions that are about just that. Not exported.
for tu_name in \
  CDPATH ENV BASH_ENV TMOUT GREP_OPTIONS GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY \
  GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_NAMESPACE LC_ALL \
  GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT GIT_PAGER HOMEBREW_NO_AUTO_UPDATE HOMEBREW_NO_ANALYTICS NO_UPDATE_NOTIFIER \
  NO_COLOR npm_config_update_notifier npm_config_logs_dir npm_config_cache PYTHONDONTWRITEBYTECODE DISABLE_AUTOUPDATER; do
  eval "tu_was_$tu_name=\${$tu_name-} tu_is_$tu_name=\${$tu_name+set}"
done

# tu_original NAME: sets tu_value to what a variable held in the shell context, tu_kept to whether that is known from
# above, and tells whether it was there.
tu_original() {
  eval "tu_kept=\${tu_is_$1+yes} tu_value=\${tu_was_$1-\${$1-}} tu_is=\${tu_is_$1-\${$1+set}}"
  [ "$tu_is" = set ]
}

unset CDPATH ENV BASH_ENV GREP_OPTIONS
# With it, some shells stop reading from pipes too, and one of them also where it is unset.
TMOUT=0
# Started from a hook, these would lead every git to that hook's repository. GIT_CONFIG_COUNT and its like stay: they are
# settings that agents see too.
unset GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
unset GIT_COMMON_DIR GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_NAMESPACE
IFS=' 	
'
LC_ALL=C
GIT_OPTIONAL_LOCKS=0
GIT_TERMINAL_PROMPT=0
GIT_PAGER='cat'
HOMEBREW_NO_AUTO_UPDATE=1
HOMEBREW_NO_ANALYTICS=1
NO_UPDATE_NOTIFIER=1
NO_COLOR=1
npm_config_update_notifier=false
npm_config_logs_dir=/dev/null
npm_config_cache=/dev/null
PYTHONDONTWRITEBYTECODE=1
DISABLE_AUTOUPDATER=1
export LC_ALL GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT GIT_PAGER HOMEBREW_NO_AUTO_UPDATE HOMEBREW_NO_ANALYTICS
export NO_UPDATE_NOTIFIER NO_COLOR npm_config_update_notifier npm_config_logs_dir npm_config_cache
export PYTHONDONTWRITEBYTECODE DISABLE_AUTOUPDATER

# Some shells have no printf of their own, and what a program gets as one argument has an end at 128 KiB.
case ${KSH_VERSION-} in
  *MIRBSD* | *LEGACY* | *'PD KSH'*) tu_put() { print -nr -- "$1"; } ;;
  *) tu_put() { printf %s "$1"; } ;;
esac

tu_newline='
'
tu_mark=$tu_mark.$$

# How answers are written, and how many characters of that a byte takes. yash keeps characters of its locale and not
# bytes; there, digits stand for stdout, and again for the whole.
tu_form=
tu_width=1
tu_over="over $tu_nonce."
if [ -n "${YASH_VERSION-}" ]; then
  tu_form=' hex'
  tu_width=2
  tu_over=$(printf %s "$tu_over" | od -An -v -tx1 | tr -d ' \t\n')
fi

# A ring is text: stages that pass a token on. tu_long and tu_brief LIMIT NUMBER CAP put a question into the ring of its
# time limit; the first is for answers that may be long, the other for those that are a few lines as a rule.
tu_long() {
  eval "tu_ring$1=\"\${tu_ring$1-}tu_stage $2 tu_ask$2 $3 | \""
}
if [ -n "$tu_form" ]; then
  tu_brief() { tu_long "$@"; }
else
  tu_brief() {
    eval "tu_ring$1=\"\${tu_ring$1-}tu_ask tu_ask$2 $3 | tu_tell $2 $3 | \""
  }
fi

# tu_glance LIMIT NUMBER CAP: the same for a question whose answer is what one command says (tu_listen). It takes two
# processes less and no reading byte by byte, since the shell that starts the command holds its answer, and would hold a
# flood too; so it is for shells that end where they may have no more memory, and for kernels that count all of it.
tu_glance() { tu_brief "$@"; }
if [ -r /proc/self/stat ] && [ -r /proc/sys/kernel/osrelease ] && [ -z "$tu_form${KSH_VERSION-}" ]; then
  read -r tu_kernel </proc/sys/kernel/osrelease
  case $tu_kernel in
    [0-3].* | 4.[0-6].*) ;;
    *)
      # shellcheck disable=SC3045 # every shell that this is for knows it
      if tu_data=$(ulimit -S -d) && tu_core=$(ulimit -S -c); then
        tu_glance() {
          eval "tu_ring$1=\"\${tu_ring$1-}tu_regard $2 tu_ask$2 $3 | \""
        }
      fi
      ;;
  esac
fi

# tu_regard NUMBER FUNCTION CAP: the stage of such an answer. The child ends with 0, unless the watch ended it, or it had no
# more memory.
tu_regard() {
  tu_all=$(tu_glimpse "$2" 2>/dev/null 9>&-)
  case $? in
    0) if [ "${#tu_all}" -gt "$3" ]; then tu_all=$tu_over; fi ;;
    137) tu_all= ;;
    *) tu_all=$tu_over ;;
  esac
  tu_deliver "$1" "$tu_all."
}

# tu_glimpse FUNCTION: asks as tu_answer does. What the function itself says on stderr is not heard.
tu_glimpse() {
  TRUEUP_PROBE=$tu_mark.$tu_limit.
  export TRUEUP_PROBE
  tu_alone=yes
  tu_heard=
  "$1" </dev/null
  tu_heard="$tu_heard$tu_newline$? $tu_nonce."
  tu_put "$tu_heard$tu_newline${#tu_heard} $tu_nonce"
}

# tu_listen FUNCTION: what the command that the function ends in says, without the blank lines at its end, and its exit code.
# Where it fails, or nothing on stdout could be a version, the command runs once more for its stderr; if it then ends otherwise,
# what the two have said belongs to different stories.
tu_alone=
tu_listen() {
  if [ -z "$tu_alone" ]; then
    ("$1")
    return
  fi
  tu_bound 65536 0
  tu_said=$(
    tu_bound "$tu_data" "$tu_core"
    "$1"
  )
  set -- "$1" "$?"
  if [ -n "$tu_said" ]; then tu_put "$tu_said$tu_newline"; fi
  case $2$tu_said in
    0*[0-9]*) ;;
    *)
      tu_heard=$(
        tu_bound "$tu_data" "$tu_core"
        "$1" 2>&1 >/dev/null
      )
      if [ "$?" -ne "$2" ]; then
        tu_heard='asked twice, it ended in different ways'
        set -- "$1" 126
      fi
      if [ -n "$tu_heard" ]; then tu_heard=$tu_heard$tu_newline; fi
      ;;
  esac
  tu_bound "$tu_data" "$tu_core"
  return "$2"
}

# tu_bound DATA CORE: how much memory this shell may have, in KiB, and how large what it leaves may be when it ends by that. A
# shell that may not have as much anyway keeps what it has.
tu_bound() {
  # shellcheck disable=SC3045 # every shell that this is for knows it
  { ulimit -S -d "$1"; ulimit -S -c "$2"; } 2>/dev/null
}

# tu_ask FUNCTION CAP | tu_tell NUMBER CAP: the stage of a brief answer, in as few processes as its two streams can be
# kept apart with. The first asks, and tells a line that is the nonce behind the answer, and the token behind that; the
# second reads up to there, so that it does not wait for whoever else still has the streams open. It has to let all of a
# flood pass to get there, which may last until the question's time is over.
tu_ask() {
  exec 9>&-
  # In some shells what follows is partly done in this process, and this is what frees it.
  trap 'tu_pass; exit' TERM
  tu_answer "$1" "$2"
  tu_pass
}

tu_pass() {
  trap '' TERM
  tu_put "$tu_newline$tu_nonce$tu_newline"
  read -r tu_token || tu_token=lost
  tu_put "$tu_token$tu_newline"
}

tu_tell() {
  trap '' TERM
  tu_held=
  tu_part=
  while IFS= read -r tu_line; do
    [ "$tu_line" != "$tu_nonce" ] || break
    # In parts, since each time it is added to, all of it is copied.
    tu_part=$tu_part$tu_line$tu_newline
    if [ "${#tu_part}" -ge 4096 ]; then
      tu_held=$tu_held$tu_part
      tu_part=
      if [ "${#tu_held}" -gt "$2" ]; then
        tu_drain
        break
      fi
    fi
  done
  read -r tu_token || tu_token=lost
  tu_held=$tu_held$tu_part
  if [ "${#tu_held}" -gt "$2" ]; then tu_held=$tu_over; else tu_held=${tu_held%"$tu_newline"}.; fi
  tu_frame "$1" "$tu_held" ''
  tu_put "$tu_token$tu_newline"
}

# tu_drain: lets a flood pass, mostly up to the end of the pipe. The watch ends what lets it pass as it ends the flood, and
# there may be much left in the pipe by then. Who holds the pipe open beyond that costs the answer: the signal for those that have
# none ends this too.
tu_drain() {
  trap - TERM
  until cat >/dev/null; do
    if [ "$?" -le 128 ]; then
      # It could not be started.
      while read -r tu_line && [ "$tu_line" != "$tu_nonce" ]; do :; done
      break
    fi
  done
  trap '' TERM
}

# tu_stage NUMBER FUNCTION CAP: the stage of any answer. What holds the answer's streams is a child of the stage: ended,
# it gives the stage its end of file, whoever else still has those streams open.
tu_stage() {
  # stderr is short as a rule.
  tu_most=$(($3 + 65536 * tu_width))
  tu_all=$(tu_answer "$2" "$3" 9>&- | tu_draw "$tu_most")
  if [ "${#tu_all}" -gt "$((tu_most * tu_width))" ]; then tu_all=$tu_over; fi
  tu_deliver "$1" "$tu_all"
}

# tu_answer FUNCTION CAP: asks. Prints stdout as it comes, then stderr, a newline, the exit code, a space, the nonce, a dot,
# a newline, the length of stderr to dot, a space and the nonce. The dot comes after what the reader lets through of stderr;
# a nonce comes from each of the two that this takes when it has told all, so that no half of an answer passes for a whole.
# "over" and the nonce stand for what was more than the cap.
tu_answer() {
  {
    {
      TRUEUP_PROBE=$tu_mark.$tu_limit.
      export TRUEUP_PROBE
      "$1" 2>&1 1>&3 3>&- </dev/null
      tu_put "$tu_newline$? $tu_nonce"
    } | {
      tu_sip "$2"
      if [ "${#tu_held}" -gt "$(($2 * tu_width))" ]; then
        tu_put "over $tu_nonce"
      else
        tu_put "$tu_held$tu_newline${#tu_held} $tu_nonce"
      fi
    }
  } 3>&1
}

# tu_draw LIMIT: passes on at most LIMIT bytes and a dot, and then stops listening.
# tu_sip LIMIT: leaves as much of stdin in tu_held, and a dot. It is for what is a few lines as a rule: these need no
# process. A shell reads a pipe byte by byte, so what turns out long is left to tu_draw, and an endless line grows slowly
# until its time is up.
if [ -n "$tu_form" ]; then
  tu_draw() { head -c "$1" | od -An -v -tx1 | tr -d ' \t\n'; echo 2e; }
  tu_sip() { tu_held=$(tu_draw "$1"); }
else
  tu_draw() { head -c "$1"; echo .; }
  tu_sip() {
    tu_sipped=
    while IFS= read -r tu_line; do
      tu_sipped=$tu_sipped$tu_line$tu_newline
      [ "${#tu_sipped}" -lt 2048 ] || break
      tu_line=
    done
    if [ "${#tu_sipped}" -lt 2048 ]; then
      tu_held=$tu_sipped$tu_line.
    elif [ "${#tu_sipped}" -lt "$1" ]; then
      tu_held=$tu_sipped$(tu_draw "$(($1 - ${#tu_sipped}))")
    else
      tu_held=$tu_sipped.
    fi
  }
fi

# What a question holds that printed nothing and succeeded.
tu_nothing="${tu_newline}0 $tu_nonce."
tu_nothing="$tu_nothing$tu_newline${#tu_nothing} $tu_nonce."

# tu_frame NUMBER HELD FORM: prints a frame.
tu_frame() {
  tu_put "$tu_nonce $1 ${#2}$3$tu_newline$2$tu_newline" >&9
}

# tu_deliver NUMBER HELD: waits for the token, prints the frame, passes the token on.
tu_deliver() {
  trap '' TERM # from here on there is an answer to deliver
  read -r tu_token || tu_token=lost
  tu_frame "$1" "$2" "$tu_form"
  tu_put "$tu_token$tu_newline"
}

# tu_group SECONDS RING: runs a ring of stages, which is text, under one time limit.
tu_group() {
  tu_limit=$1
  tu_whoami
  tu_watch "$1" "$tu_pid" </dev/null >/dev/null 2>&1 8<&- 9>&- &
  tu_dog=$!
  exec 8<&-
  eval "$2 { read -r tu_token; tu_put \"\$tu_token\$tu_newline\"; }"
  kill "$tu_dog" 2>/dev/null
  wait "$tu_dog" 2>/dev/null
}

# tu_watch SECONDS GROUP: ends what the group's stages have started and not finished in time.
tu_watch() {
  tu_nap=
  # It waits too, so that the last look for marked processes does not find one that is just about to be gone.
  trap 'if [ -n "$tu_nap" ]; then kill "$tu_nap"; wait "$tu_nap"; fi; exit 0' TERM
  tu_doze "$1"
  tu_whoami
  tu_end "$2" "$tu_pid" 2
  tu_sweep "$tu_mark.$1."
  # Where a stage and what holds its answer are one process, it may still wait for the end of a stream that somebody
  # holds who cannot be found. The stages that have their answers ignore this signal.
  tu_doze 1
  # shellcheck disable=SC2046 # process ids, one word each
  kill $(tu_table | tu_below "$2" "$tu_pid" 1)
}

tu_doze() {
  sleep "$1" &
  tu_nap=$!
  wait "$tu_nap"
  tu_nap=
}

# tu_guard: waits until the way from the controller is cut, which it holds open for as long as it listens; then ends
# this program and all that it has started.
tu_guard() {
  while read -r tu_line; do :; done
  tu_whoami
  tu_end "$$" "$tu_pid" 1
  tu_sweep "$tu_mark."
  kill -9 "$$"
}
