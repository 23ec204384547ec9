#!/bin/sh
# Runs a command in a mount namespace of its own: what it mounts is seen nowhere else and ends with it.
# usage: private_mounts.sh COMMAND [ARGUMENT...]
propagation=private
# In a chroot whose root is no mount point nothing can be set, and it has to be the chroot's maker who did.
unshare --mount --propagation private true 2>/dev/null || propagation=unchanged
exec unshare --mount --propagation "$propagation" "$@"
