/** What the installer runs on a host: `sh -c SCRIPT sh ARGUMENTS`. Each may run twice. */

/** The unit of a host with systemd. It comes before libvirt: guests that start by themselves at boot are then already looked after. */
export const unit = (node: string, dir: string) => `[Unit]
Description=Belay host helper: holds this host's lease
Before=libvirtd.service virtqemud.service libvirt-guests.service
StartLimitIntervalSec=0

[Service]
ExecStart=${node} ${dir}/belay-host.mjs run --config ${dir}/belay-host.json
Restart=always
RestartSec=200ms
TimeoutStopSec=5
OOMScoreAdjust=-900
Nice=-10

[Install]
WantedBy=multi-user.target
`;

/** $1: node, $2: the directory. Ends an older helper, whose watchdog waits armed for this one, and starts this one. */
export const start = `
set -e
node=$1 dir=$2
"$node" "$dir/belay-host.mjs" version --config "$dir/belay-host.json" >/dev/null # or the older one, which works, would be ended for nothing
"$node" "$dir/belay-host.mjs" stop --keep-armed --config "$dir/belay-host.json" >/dev/null 2>&1 || true
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable --quiet belay-host.service
  systemctl restart belay-host.service
  echo systemd
  exit 0
fi
if [ -s "$dir/pid" ] && grep -qF belay-host.mjs "/proc/$(cat "$dir/pid")/cmdline" 2>/dev/null; then
  kill -9 "$(cat "$dir/pid")" || true
fi
setsid sh -c 'echo $$ > "$1/pid"; exec "$0" "$1/belay-host.mjs" run --config "$1/belay-host.json"' "$node" "$dir" \\
  </dev/null >>"$dir/log" 2>&1 &
echo "a process of its own"`;

/** $1: the directory. Ends the helper as it should end, and takes away what was installed. */
export const uninstall = `
dir=$1
said=
if [ -e "$dir/belay-host.mjs" ]; then
  node=$(sed -n 's/^ExecStart=\\([^ ]*\\) .*/\\1/p' /etc/systemd/system/belay-host.service 2>/dev/null)
  [ -d /run/systemd/system ] && systemctl disable --quiet belay-host.service 2>/dev/null
  said=$("\${node:-node}" "$dir/belay-host.mjs" stop --config "$dir/belay-host.json" 2>&1) || true
  [ -d /run/systemd/system ] && systemctl stop belay-host.service 2>/dev/null
fi
rm -f /etc/systemd/system/belay-host.service
[ -d /run/systemd/system ] && systemctl daemon-reload
rm -f "$dir/belay-host.mjs" "$dir/belay-host.json" "$dir/pid" "$dir/log" "$dir/bound.json" /run/belay-host/lease.json /run/belay-host/socket
rmdir "$dir" /run/belay-host 2>/dev/null
echo "\${said:-There was no helper.}"`;
