#!/bin/bash
# The watchdog of one host: watchdog.sh HOST_DIR LINK SECONDS BOARD. Reads what the host writes to its /dev/watchdog, a FIFO that
# both see. As the kernel's: the first byte arms it, each further one feeds it, V disarms it (the magic close), and a program that
# dies or closes without V leaves it running out. Unlike the kernel's, V counts at once and not at the close, which a FIFO hides.
# We die with BOARD, our parent, which ends with the host: the kernel sees to it (pdeathsig).
host_dir=$1 link=$2 seconds=$3 board=$4
export LC_ALL=C
[ "$PPID" = "$board" ] || exit 0
# For reading and writing: the host's opening never waits for us, nor does ours for the host's.
exec 3<> "$host_dir/watchdog" || exit 1

# One byte; a zero byte ends the reading as an empty word, which is as good as any other.
next() { IFS= read -r -d '' -n 1 -u 3 "$@" byte; }

last=
while next; do
  # `echo V` writes a line's end, too, which the kernel takes as part of the same write.
  if [ "$byte" = V ] || [ "$last$byte" = $'V\n' ]; then
    last=$byte
    continue
  fi
  : > "$host_dir/watchdog-armed"
  while next -t "$seconds"; do
    [ "$byte" = V ] && break
  done
  if [ "$byte" != V ]; then
    # As `halt` in boot.ts: the cable first, so that nothing of the dying host gets out.
    ip link set dev "$link" down
    echo "not fed for $seconds s" > "$host_dir/watchdog-reset"
    echo "watchdog: not fed for $seconds s: reset" >&2
    kill -9 "$board"
    exit
  fi
  last=V
  rm -f "$host_dir/watchdog-armed"
done
