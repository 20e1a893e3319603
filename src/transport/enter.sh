# The beginning of everything that runs in a container: whoever is started there by an engine has neither the login
# shell in SHELL nor, with some engines, the home in HOME, and stands in the image's working folder.
# shellcheck shell=sh
tu_user=$(id -un 2>/dev/null) || tu_user=
while IFS=: read -r tu_name _ _ _ _ tu_home tu_shell; do
  if [ -n "$tu_user" ] && [ "$tu_name" = "$tu_user" ]; then
    case ${HOME:-/} in
      /) HOME=${tu_home:-/} ;;
    esac
    SHELL=${SHELL:-$tu_shell}
  fi
done </etc/passwd
unset tu_user tu_name tu_home tu_shell
HOME=${HOME:-/} SHELL=${SHELL:-/bin/sh}
export HOME SHELL
cd || cd /
