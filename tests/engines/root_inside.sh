#!/bin/sh
# Process 1 in a root of its own: runs a command there. When this script ends, the kernel kills what is left.
# usage: root_inside.sh FOLDER COMMAND [ARGUMENT...]
set -eu
umount -l /outside
cd "$1"
shift
status=0
"$@" || status=$?
# Engines whose owner was killed are cleaning up behind them: cgroups are no namespace's.
tries=0
while pgrep -f engine_outside.sh >/dev/null && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
exit "$status"
