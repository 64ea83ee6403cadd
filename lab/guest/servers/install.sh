#!/bin/sh
# Installs Debian packages into a file system, with nothing started, and makes MariaDB's data directory. Runs in mount and PID namespaces
# of its own, so that no mount outlives it. Arguments: the file system, the Debian mirror, the packages.
set -e
root=$1 mirror=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm" "$root/dev/pts"

cat /etc/resolv.conf > "$root/etc/resolv.conf"
echo "deb $mirror bookworm main" > "$root/etc/apt/sources.list"
# Debian's way to say that packages must not start what they bring.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial"
chroot "$root" apt-get -q update
chroot "$root" apt-get -q -y -o Dpkg::Options::=--force-unsafe-io --no-install-recommends install "$@"
chroot "$root" apt-get -q clean
rm "$root/usr/sbin/policy-rc.d"

# The packages' own is for a bigger machine; what is set here lies in conf.d, so that a server started without it still finds its files.
rm -rf "$root/var/lib/mysql"
echo "Making MariaDB's data directory"
chroot "$root" mariadb-install-db --no-defaults --force --user=mysql --datadir=/var/lib/mysql --skip-name-resolve \
  --skip-test-db --auth-root-authentication-method=socket --innodb-log-file-size=16M > /dev/null
