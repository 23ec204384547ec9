#!/bin/sh
# Process 1 of an engine's namespaces: hides the machine's own Docker, then runs dockerd. All mounts are private.
# usage: engine_inside.sh FOLDER
set -eu
folder=$1

# A dockerd joins a containerd it finds under /run/containerd, and keeps a key under /etc/docker.
private() {
  mkdir -p "$1"
  mount -t tmpfs -o mode=755 tmpfs "$1"
}

private /run/docker
private /run/containerd
private /etc/docker
# By this way in every folder may be entered by all, which remapped users need.
mkdir -p "$folder/data" /run/docker/data
mount --bind "$folder/data" /run/docker/data
if [ -e "$folder/subordinates" ]; then
  # Said here, since runc would not: https://man7.org/linux/man-pages/man2/unshare.2.html, EPERM
  unshare --user true || { echo "no remapped users: the kernel allows no user namespace here (as in a chroot)"; exit 1; }
  for names in /etc/subuid /etc/subgid; do
    [ -e "$names" ] || touch "$names"
    mount --bind "$folder/subordinates" "$names"
  done
fi
# Not exec: as process 1 this shell also buries the orphans, which dockerd would not.
dockerd --config-file "$folder/daemon.json" &
wait "$!"
