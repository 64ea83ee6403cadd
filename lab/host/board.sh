#!/bin/bash
# What a host has outside itself, as a mainboard: a watchdog that ends with it. Then becomes the host: `unshare` is this process.
# Environment: HOST_DIR LINK WATCHDOG_SECONDS, and what init.sh wants.
set -eu
here=${0%/*}
rm -f "$HOST_DIR/watchdog" "$HOST_DIR/watchdog-armed"
mkfifo -m 600 "$HOST_DIR/watchdog"
setpriv --pdeathsig KILL bash "$here/watchdog.sh" "$HOST_DIR" "$LINK" "$WATCHDOG_SECONDS" $$ < /dev/null > /dev/null &
exec unshare --net --pid --mount --uts --ipc --fork --kill-child bash "$here/init.sh"
