#!/bin/bash
# PID 1 of one lab host. Started by host/board.sh under unshare (net, pid, mount, uts, ipc); nothing here is visible outside.
# Environment: HOST_DIR SHARED_DIR IMAGES_DIR HOST_NAME ADDRESS PREFIX GATEWAY BRIDGE_MAC KVM WATCHDOG_SECONDS
# Standard output: one line "pid"; standard input: one line "go" once the network card is in. If the command that started us dies
# before that, the read ends and so do we: nothing half-built stays behind.
set -eu

# /proc is still the outer one, so this is our number as the machine sees it. Recorded by ourselves: no window in which we run unrecorded.
read -r -a stat < /proc/self/stat
read -r boot_id < /proc/sys/kernel/random/boot_id
record() {
  printf '{"pid":%d,"startTime":"%s","bootId":"%s","plugged":%s}\n' "${stat[0]}" "${stat[21]}" "$boot_id" "$1" > "$HOST_DIR/run.json.new"
  mv "$HOST_DIR/run.json.new" "$HOST_DIR/run.json"
}
record false
echo "${stat[0]}"
read -r -t 30 go
[ "$go" = go ]
record true
exec < /dev/null > /dev/null

# Our directories are reachable under /run/lab, whatever is mounted over the rest afterwards.
mount -t tmpfs -o mode=755,size=256m run /run
mkdir -p /run/lab/host /run/lab/shared /run/lab/images /run/lock /run/sshd /run/libvirt
mount --bind "$HOST_DIR" /run/lab/host
mount --bind "$SHARED_DIR" /run/lab/shared
mount --bind "$IMAGES_DIR" /run/lab/images
mount -o remount,bind,ro /run/lab/images
files=/run/lab/host/files

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
hostname "$HOST_NAME"

# A /dev of our own. Without a usable KVM there must be no /dev/kvm at all: an unusable one makes libvirt probe again at each start.
mkdir -p /run/lab/dev
mount -t tmpfs -o mode=755,size=16m dev /run/lab/dev
mkdir -p /run/lab/dev/net /run/lab/dev/pts /run/lab/dev/shm
nodes="null zero full random urandom tty net/tun"
[ "$KVM" = yes ] && nodes="$nodes kvm"
for node in $nodes; do
  : > "/run/lab/dev/$node"
  mount --bind "/dev/$node" "/run/lab/dev/$node"
done
for node in watchdog watchdog0; do
  : > "/run/lab/dev/$node"
  mount --bind /run/lab/host/watchdog "/run/lab/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts /run/lab/dev/pts
mount -t tmpfs -o mode=1777 shm /run/lab/dev/shm
ln -s pts/ptmx /run/lab/dev/ptmx
ln -s /proc/self/fd /run/lab/dev/fd
ln -s /proc/self/fd/0 /run/lab/dev/stdin
ln -s /proc/self/fd/1 /run/lab/dev/stdout
ln -s /proc/self/fd/2 /run/lab/dev/stderr
mount --move /run/lab/dev /dev

# How long the watchdog waits. Where the kernel knows watchdogs, also at the place where programs look, over the machine's own.
echo "$WATCHDOG_SECONDS" > /run/watchdog-timeout
if [ -d /sys/class/watchdog ]; then
  mount -t tmpfs -o mode=755,size=64k watchdog /sys/class/watchdog
  mkdir /sys/class/watchdog/watchdog0
  echo "$WATCHDOG_SECONDS" > /sys/class/watchdog/watchdog0/timeout
  echo "Belay lab" > /sys/class/watchdog/watchdog0/identity
fi

for dir in etc/libvirt etc/ssh var/lib/libvirt var/log/libvirt var/cache/libvirt root tmp; do
  mount --bind "$files/$dir" "/$dir"
done
for file in etc/hosts etc/hostname etc/machine-id etc/shadow; do
  if [ -e "/$file" ]; then mount --bind "$files/$file" "/$file"; fi
done
mount -t tmpfs -o mode=755,size=1m srv /srv
mkdir -p /srv/belay-shared /srv/belay-images
mount --bind /run/lab/shared /srv/belay-shared
mount --rbind /run/lab/images /srv/belay-images
find /tmp -mindepth 1 -delete

# A bridge that holds the network card and the guests' taps. No forwarding delay: a tap must carry at once.
if [ -w /proc/sys/net/ipv6/conf/default/disable_ipv6 ]; then
  echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
  echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
fi
ip link set lo up
ip link add br0 address "$BRIDGE_MAC" type bridge stp_state 0 forward_delay 0 mcast_snooping 0
ip link set eth0 master br0
ip link set eth0 up
ip link set br0 up
ip addr add "$ADDRESS/$PREFIX" dev br0
ip route add default via "$GATEWAY"

cd /
sshd_pid= libvirtd_pid=
libvirtd_stopped=/run/lab/libvirtd-stopped
start_sshd() { /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config & sshd_pid=$!; }
start_libvirtd() { /usr/sbin/libvirtd & libvirtd_pid=$!; }
start_sshd
start_libvirtd

# `lab libvirtd start` removes the mark and sends this. Nothing to do where somebody has started one by hand meanwhile.
wake() { [ -e "$libvirtd_stopped" ] || [ -n "$libvirtd_pid" ] || pidof libvirtd > /dev/null || start_libvirtd; }
trap wake USR1

# As PID 1 we must reap every orphan (bash does, in wait), else libvirt waits 40 s for each probe it has killed.
# A service that dies is started again after a moment, as systemd does. The pause is in the child: reaping goes on.
set +e
while :; do
  wait -n -p gone
  [ -n "${gone:-}" ] || continue
  case $gone in
    "$sshd_pid") (sleep 0.2; exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config) & sshd_pid=$! ;;
    "$libvirtd_pid")
      libvirtd_pid=
      if [ ! -e "$libvirtd_stopped" ]; then
        (sleep 0.2; [ -e "$libvirtd_stopped" ] || exec /usr/sbin/libvirtd) & libvirtd_pid=$!
      fi
      ;;
  esac
done
