#!/bin/sh
# Runs a command in a mount namespace of its own: what it mounts is seen nowhere else and ends with it.
# usage: private_mounts.sh COMMAND [ARGUMENT...]
if unshare --mount --propagation private true 2>/dev/null; then
  exec unshare --mount --propagation private "$@"
fi
# In a chroot the root may be no mount point, and then neither we nor dockerd can keep mounts private: make it one.
exec unshare --mount --propagation unchanged sh -euc '
  mount --rbind / /mnt
  exec chroot /mnt sh -euc "mount --make-rprivate /; cd \"\$0\"; exec \"\$@\"" "$PWD" "$@"
' sh "$@"
