#!/bin/sh
# Makes ROOT this machine's root, for the mount namespace that this script was started in, and goes on there: by
# pivot_root, since in a chroot the kernel allows no user namespaces (EPERM of clone, https://man7.org/linux/man-pages/man2/clone.2.html).
# usage: root_outside.sh ROOT TEMPORARY CHECKOUT [FOLDER...] -- COMMAND [ARGUMENT...]
set -eu
root=$1 temporary=$2 checkout=$3
shift 2

# The network, and whom to trust there, are this machine's; so is the base image of the local Azure, which is known by
# the name of the system.
shared="/etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/pip.conf /etc/os-release"

bind() {
  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "${2%/*}"; [ -e "$2" ] || touch "$2"; fi
  mount --bind "$1" "$2"
}

mount --rbind "$root" "$root"
for folder in /dev /sys; do mount --rbind "$folder" "$root$folder"; done
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
bind "$temporary" "$root/tmp"
for file in $shared; do if [ -e "$file" ]; then bind "$file" "$root$file"; fi; done
while [ "$1" != -- ]; do bind "$1" "$root$1"; shift; done
shift

mkdir -p "$root/outside"
cd "$root"
pivot_root . outside
export HOME=/root PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV TMPDIR
exec chroot . /bin/sh "$checkout/tests/engines/root_inside.sh" "$checkout" "$@"
