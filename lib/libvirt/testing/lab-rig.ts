import { afterAll, beforeAll } from "vitest";
import { createGuest, type LabHost, type LabState, labDown, labUp, runOnHost } from "../../../lab/index.ts";
import { type Connection, connect, type DomainRef, findDomain, SshConnection, sshDialer } from "../index.ts";

/** The lab of this room's tests: two hosts, one guest on the first, and our connection to that. */
export interface LabRig {
  readonly lab: LabState;
  readonly host: LabHost;
  /** A second host, without guests. */
  readonly other: LabHost;
  readonly ssh: SshConnection;
  readonly connection: Connection;
  readonly guest: DomainRef;
  sshTo(host: LabHost, hostKeySha256?: string): SshConnection;
  /** Runs a command from the host's own console. */
  onHost(...argv: string[]): Promise<string>;
}

/** Brings the lab up before the tests of a file and down after them. To be called at the top of the file. */
export function labRig(guestName: string): LabRig {
  const name = "lv";
  let rig: LabRig | undefined;
  const ready = (): LabRig => {
    if (!rig) throw new Error("the lab is not up");
    return rig;
  };

  beforeAll(async () => {
    const lab = await labUp({ name, hosts: 2 });
    const [host, other] = lab.hosts;
    if (!host || !other) throw new Error("the lab has too few hosts");
    await createGuest(name, { name: guestName, host: host.name });
    const sshTo = (to: LabHost, hostKeySha256 = to.hostKeySha256) =>
      new SshConnection({
        host: to.address,
        username: "root",
        hostKeySha256,
        privateKey: { file: lab.identityFile },
      });
    const ssh = sshTo(host);
    const connection = await connect({ dialer: sshDialer(ssh) });
    const guest = await findDomain(connection, { name: guestName });
    if (!guest) throw new Error(`${guestName} is not there`);
    const onHost = async (...argv: string[]) => {
      const { code, stdout, stderr } = await runOnHost(name, host.name, argv);
      if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
      return stdout.trim();
    };
    rig = { lab, host, other, ssh, connection, guest, sshTo, onHost };
  });
  afterAll(async () => {
    await rig?.connection.close();
    rig?.ssh.close();
    await labDown(name);
  });

  return {
    get lab() {
      return ready().lab;
    },
    get host() {
      return ready().host;
    },
    get other() {
      return ready().other;
    },
    get ssh() {
      return ready().ssh;
    },
    get connection() {
      return ready().connection;
    },
    get guest() {
      return ready().guest;
    },
    sshTo: (host, hostKeySha256) => ready().sshTo(host, hostKeySha256),
    onHost: (...argv) => ready().onHost(...argv),
  };
}
