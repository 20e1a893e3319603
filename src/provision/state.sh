# Where the generations of backups lie. Sets tu_state.
#
# Only a folder below the home is this home's own: where a machine stands for several homes, as a sandbox does that was
# started in trueup's own environment, they would share XDG_STATE_HOME, and one's rollback would undo another's apply.
# shellcheck shell=sh
# shellcheck disable=SC2034 # tu_state is read after this text

case ${XDG_STATE_HOME:-} in
  "$HOME"/*) tu_state=$XDG_STATE_HOME/trueup/generations ;;
  *) tu_state=$HOME/.local/state/trueup/generations ;;
esac
