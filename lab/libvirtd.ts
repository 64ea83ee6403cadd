import { mustOnHost } from "./host/exec.ts";
import { withHost } from "./with-host.ts";

/** The mark that keeps init.sh from starting it again. In /run: it ends with the host's power. */
const mark = "/run/lab/libvirtd-stopped";

/** Kills, and looks that it is gone: a service that init.sh was just about to start again is killed, too. */
const stop = `touch ${mark}
for try in $(seq 100); do
  pids=$(pidof libvirtd) || exit 0
  kill -9 $pids
  sleep 0.05
done
exit 1`;

/** The socket of the one that starts appears within a second: a refused connection is asked again. */
const start = `rm -f ${mark}
kill -USR1 1
for try in $(seq 100); do
  virsh -q -c qemu:///system version > /dev/null 2>&1 && exit 0
  sleep 0.1
done
exit 1`;

/**
 * Kills a host's libvirtd (SIGKILL) so that it stays dead, which init.sh otherwise does not let it: until startLibvirtd, a power
 * cycle, or somebody on the host runs `libvirtd -d`. Its guests run on. Twice is once.
 */
export async function stopLibvirtd(lab: string, host: string): Promise<void> {
  await withHost(lab, host, async () => await mustOnHost(lab, host, ["bash", "-c", stop]));
}

/** Starts it again, watched over by init.sh as before; returns when it answers. Nothing to do where one runs. */
export async function startLibvirtd(lab: string, host: string): Promise<void> {
  await withHost(lab, host, async () => await mustOnHost(lab, host, ["bash", "-c", start]));
}
