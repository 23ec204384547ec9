#!/bin/sh
# Runs a command for as long as its owner keeps the other end of standard input open, and kills it then: also when the
# owner was killed itself and could say nothing. (A death signal from the kernel would not do alone: it comes when the
# *thread* that started the command ends, https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html.)
# usage: while_owner_lives.sh COMMAND [ARGUMENT...]
exec 3<&0

setpriv --pdeathsig KILL "$@" </dev/null 3<&- &
command=$!
{ read -r _ <&3; kill -KILL "$command"; } &
watch=$!

wait "$command"
status=$?
kill "$watch" 2>/dev/null
exit "$status"
