import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";

const unstickMs = 20_000;

/**
 * A background snapshot that failed leaves the guest's memory write-protected (QEMU 7.2 at least): the guest hangs, and with it QEMU's
 * monitor, so that nobody can ask QEMU to end it. But its userfaultfd can be borrowed (pidfd_getfd) and the protection taken off. Node has
 * no such calls; perl is on every Debian, Ubuntu, and nearly every other. 434 and 438 are the numbers on all architectures.
 */
const script = `
my ($pid, $fd) = @ARGV;
my $p = syscall(434, $pid + 0, 0); die "pidfd_open: $!" if $p < 0;
my $u = syscall(438, $p, $fd + 0, 0); die "pidfd_getfd: $!" if $u < 0;
open(my $h, "+<&=", $u) or die "fd: $!";
open(my $s, "<", "/proc/$pid/smaps") or die "smaps: $!";
my ($from, $to) = (0, 0);
while (<$s>) {
  if (/^([0-9a-f]+)-([0-9a-f]+) /) { ($from, $to) = (hex $1, hex $2) }
  elsif (/^VmFlags:.* uw\\b/) {
    my $w = pack("QQQ", $from, $to - $from, 0);
    ioctl($h, 0xC018AA06, $w) or warn "UFFDIO_WRITEPROTECT: $!";
    my $r = pack("QQ", $from, $to - $from);
    ioctl($h, 0x8010AA01, $r) or warn "UFFDIO_UNREGISTER: $!";
  }
}`;

/** The file descriptors of this process that write-protect its memory. */
async function protectors(pid: string): Promise<string[]> {
  const found: string[] = [];
  for (const fd of await readdir(`/proc/${pid}/fdinfo`).catch(() => [])) {
    const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8").catch(() => "");
    if (/^pending:\s*\d+/m.test(info) && /^API:/m.test(info)) found.push(fd);
  }
  return found;
}

/** QEMU's process, by the UUID on its command line. */
async function qemuOf(uuid: string): Promise<string | undefined> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (argv[argv.indexOf("-uuid") + 1] === uuid && argv.includes("-uuid")) return pid;
  }
  return undefined;
}

/** Whether this guest's memory is write-protected by a snapshot. */
export async function isProtected(uuid: string): Promise<boolean> {
  const pid = await qemuOf(uuid);
  return pid !== undefined && (await protectors(pid)).length > 0;
}

/** Takes the write protection off that a failed background snapshot has left. Only where none is going on. Twice is once. */
export async function unstick(uuid: string): Promise<boolean> {
  const pid = await qemuOf(uuid);
  const fds = pid === undefined ? [] : await protectors(pid);
  for (const fd of fds)
    await new Promise<void>((resolve, reject) => {
      execFile("perl", ["-e", script, pid ?? "", fd], { timeout: unstickMs }, (error, _, stderr) => {
        if (error) reject(new Error(`The guest's memory stays write-protected: ${stderr || error.message}`));
        else resolve();
      });
    });
  return fds.length > 0;
}
