/**
 * Starts a host's libvirt daemon, by whatever watches over services there; a daemon that hangs is killed first. Guests are other
 * processes and run on. The last line on standard output says how; nothing is done where the daemon answers.
 */
export const restartScript = `
answers() { timeout 3 virsh -q -c qemu:///system version >/dev/null 2>&1; }
if ! command -v virsh >/dev/null 2>&1; then
  answers() { [ -S /run/libvirt/libvirt-sock ] && pidof libvirtd virtqemud >/dev/null 2>&1; }
fi
wait_for() { tries=0; while [ $tries -lt 40 ]; do answers && return 0; tries=$((tries + 1)); sleep 0.2; done; return 1; }
if answers; then echo answers; exit 0; fi
if [ -d /run/systemd/system ]; then
  for unit in libvirtd virtqemud; do
    systemctl cat "$unit.service" >/dev/null 2>&1 || continue
    systemctl reset-failed "$unit.service" 2>/dev/null
    systemctl restart "$unit.service" >&2 && wait_for && { echo "systemd ($unit)"; exit 0; }
  done
  exit 1
fi
daemon=libvirtd
command -v libvirtd >/dev/null 2>&1 || daemon=virtqemud
command -v "$daemon" >/dev/null 2>&1 || { echo "There is no libvirt daemon on the host." >&2; exit 1; }
pids=$(pidof "$daemon") && kill -9 $pids
[ -x /sbin/openrc-run ] && service "$daemon" restart >&2 && wait_for && { echo "its service ($daemon)"; exit 0; }
answers || "$daemon" -d >&2
wait_for && { echo "$daemon -d"; exit 0; }
echo "$daemon does not answer." >&2
exit 1
`;
