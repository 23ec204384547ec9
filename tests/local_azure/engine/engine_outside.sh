#!/bin/sh
# What an engine needs of the machine: a bridge and cgroups of its own, process and mount namespaces of its own.
# Everything the engine starts or mounts ends with those namespaces, so that nothing is left however it ends.
# To be started by private_mounts.sh: the machine may have no cgroups mounted.
# usage: engine_outside.sh FOLDER BRIDGE NETWORK... (the first free one is taken; each ends in .0/24)
set -u
folder=$1 bridge=$2
shift 2
here=$(dirname "$0")

# cgroup v1 has a hierarchy for each controller, v2 one for all (https://man7.org/linux/man-pages/man7/cgroups.7.html).
mount_cgroups() {
  if ! grep -q '^[1-9]' /proc/self/cgroup; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; return; fi
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  cut -d: -f2 /proc/self/cgroup | grep . | while read -r controllers; do
    mkdir "/sys/fs/cgroup/$controllers"
    mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$controllers"
  done
}

remove_cgroups() {
  find /sys/fs/cgroup -depth -type d -path "*/$bridge*" -exec rmdir {} + 2>/dev/null
  ! find /sys/fs/cgroup -type d -name "$bridge" | grep -q .
}

# Two bridges may have the same address but not the same route: adding it is how a network is taken for good.
take_network() {
  for network in "$@"; do
    if ip route add "$network" dev "$bridge"; then
      ip address add "${network%.0/24}.1/24" dev "$bridge" noprefixroute
      return
    fi
  done
  return 1
}

mountpoint -q /sys || mount -t sysfs sysfs /sys
mountpoint -q /sys/fs/cgroup || mount_cgroups
ip link add "$bridge" type bridge || exit
status=1
if ip link set "$bridge" up && take_network "$@"; then
  sh "$here/while_owner_lives.sh" flock --no-fork "$folder/alive" \
    unshare --pid --fork --kill-child --mount-proc --propagation unchanged sh "$here/engine_inside.sh" "$folder"
  status=$?
fi
flock "$folder/alive" true # unshare is gone at once, what ran below it holds the lock to its end
ip link delete "$bridge"
tries=0
until remove_cgroups || [ "$tries" = 100 ]; do tries=$((tries + 1)); sleep 0.02; done
exit "$status"
