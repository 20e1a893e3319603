# What agents' commands find around them, a line each: a word, a blank, and what the machine tells about it.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the runtime sets tu_value, and lines have words that nobody asks for

printf 'umask '
umask
printf 'nofile '
# shellcheck disable=SC3045 # every sh that there is knows it
ulimit -n
for tu_name in LC_ALL LC_CTYPE LC_COLLATE LC_MESSAGES LANG; do
  if tu_original "$tu_name"; then printf '%s %s\n' "$tu_name" "$(tu_plain "$tu_value")"; fi
done
# The zone's file may have several names, of which /etc/timezone may have another than the link, which is there on every
# system. All names of UTC are one, and these need no process.
# shellcheck disable=SC3013 # every sh that there is knows -ef
if tu_original TZ; then
  printf 'timezone %s\n' "$(tu_plain "$tu_value")"
elif [ /etc/localtime -ef /usr/share/zoneinfo/UTC ]; then
  echo 'timezone UTC'
elif [ -L /etc/localtime ]; then
  printf 'timezone %s\n' "$(readlink /etc/localtime)"
elif [ -f /etc/localtime ] && [ -r /etc/timezone ]; then
  read -r tu_zone </etc/timezone
  printf 'timezone %s\n' "$tu_zone"
elif [ -f /etc/localtime ]; then
  # The last line of a zone's file is its rule.
  printf 'timezone %s\n' "$(tail -n 1 /etc/localtime)"
else
  echo 'timezone UTC'
fi

if [ -r /proc/sys/kernel/ostype ]; then
  read -r tu_kernel </proc/sys/kernel/ostype
else
  tu_kernel=$(uname -s)
fi
if [ "$tu_kernel" = Linux ]; then
  if tu_libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) && [ -n "$tu_libc" ]; then
    printf 'libc %s\n' "$tu_libc"
  else
    tu_libc=
    for tu_loader in /lib/ld-musl-*.so.1 /lib/ld-linux*.so.* /lib64/ld-linux*.so.*; do
      if [ -x "$tu_loader" ]; then
        # musl's tells about itself where it is given nothing to load.
        tu_libc=$("$tu_loader" --version 2>&1 | tr '\n' ' ')
        break
      fi
    done
    printf 'libc %s\n' "${tu_libc:-none}"
  fi
else
  echo 'libc none'
fi

# The user's own entry: most stand in the machine's own list, the others are asked for.
tu_user=
if [ -r /proc/self/status ]; then
  while read -r tu_line tu_real tu_user tu_rest; do
    [ "$tu_line" != Uid: ] || break
  done </proc/self/status
fi
[ -n "$tu_user" ] || tu_user=$(id -u)
tu_entry=
# A Mac's file is about its own users, and says otherwise than it does.
if [ -r /proc/self/status ] && [ -r /etc/passwd ]; then
  while IFS=: read -r tu_name tu_word tu_id tu_rest || [ -n "$tu_name" ]; do
    if [ "$tu_id" = "$tu_user" ]; then
      tu_entry=$tu_rest
      break
    fi
  done </etc/passwd
fi
if [ -n "$tu_entry" ]; then
  :
elif command -v getent >/dev/null; then
  tu_entry=$(getent passwd "$tu_user")
elif command -v dscl >/dev/null; then
  tu_entry=:$(dscl . -read "/Users/$(id -un)" UserShell | sed 's/^UserShell: //')
fi
printf 'shell %s\n' "${tu_entry##*:}"

[ ! -e /.dockerenv ] || echo 'container docker'
[ ! -e /run/.containerenv ] || echo 'container podman'
if [ -r /run/systemd/container ]; then
  read -r tu_line </run/systemd/container
  printf 'container %s\n' "$tu_line"
fi
if tu_original container; then printf 'container %s\n' "$(tu_plain "$tu_value")"; fi
if tu_original KUBERNETES_SERVICE_HOST; then echo 'container kubernetes'; fi
if [ -r /proc/1/cgroup ]; then
  while read -r tu_line; do
    case $tu_line in
      *kubepods*) echo 'container kubernetes' ;;
      */docker* | */libpod* | */lxc/* | */lxc.*) tu_line=${tu_line##*:/} && printf 'container %s\n' "${tu_line%%[/.-]*}" ;;
    esac
  done </proc/1/cgroup
fi

tu_clocks=
if [ ! -e /sys/class/dmi/id/sys_vendor ] && [ -r /sys/devices/system/clocksource/clocksource0/available_clocksource ]; then
  read -r tu_clocks </sys/devices/system/clocksource/clocksource0/available_clocksource
fi
if case $tu_clocks in *kvm-clock*) ;; *) false ;; esac; then
  # Without firmware to tell more, systemd would know no more than this either.
  echo 'vm kvm'
elif command -v systemd-detect-virt >/dev/null; then
  printf 'vm %s\n' "$(systemd-detect-virt --vm)"
elif [ -r /sys/class/dmi/id/sys_vendor ] && [ -r /sys/class/dmi/id/product_name ]; then
  read -r tu_line </sys/class/dmi/id/sys_vendor
  read -r tu_product </sys/class/dmi/id/product_name
  printf 'dmi %s %s\n' "$tu_line" "$tu_product"
  if grep -q -m 1 '^flags.* hypervisor' /proc/cpuinfo; then echo 'hypervisor yes'; fi
elif [ -r /proc/cpuinfo ]; then
  if grep -q -m 1 '^flags.* hypervisor' /proc/cpuinfo; then echo 'hypervisor yes'; else echo 'hypervisor no'; fi
elif command -v sysctl >/dev/null; then
  if [ "$(sysctl -n kern.hv_vmm_present 2>/dev/null)" = 1 ]; then
    printf 'dmi %s\n' "$(sysctl -n hw.model)"
    echo 'hypervisor yes'
  else
    echo 'hypervisor no'
  fi
fi
if [ -r /proc/sys/kernel/osrelease ]; then
  read -r tu_line </proc/sys/kernel/osrelease
  case $tu_line in *[Mm]icrosoft*) echo 'vm wsl' ;; esac
fi
echo end
