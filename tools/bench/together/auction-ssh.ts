import { readFile } from "node:fs/promises";
import path from "node:path";
import { Client } from "ssh2";

const withinMs = 30_000;

/** A connection into a VM of the auction with the manager's key: for looking at it from outside of Belay and of the manager. */
export interface VmConnection {
  run(command: string): Promise<string>;
  /** Statements on the database of this name, as its root: rows of columns. */
  sql(server: string, statements: string): Promise<readonly (readonly string[])[]>;
  close(): void;
}

export async function connectVm(stateDir: string, address: string): Promise<VmConnection> {
  const privateKey = await readFile(path.join(stateDir, "id_ed25519"), "utf8");
  const client = new Client();
  await new Promise<void>((resolve, reject) => {
    client.on("error", reject);
    client.on("close", () => reject(new Error(`${address} closed the connection`)));
    client.once("ready", () => resolve());
    client.connect({ host: address, username: "root", privateKey, readyTimeout: withinMs });
  });
  const run = (command: string) =>
    new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => {
        client.destroy();
        reject(new Error(`${address}: no answer within ${withinMs} ms`));
      }, withinMs);
      client.exec(command, (error, channel) => {
        if (error) {
          clearTimeout(late);
          return reject(error);
        }
        let [said, wrong] = ["", ""];
        channel.on("data", (chunk: Buffer) => {
          said += chunk.toString("utf8");
        });
        channel.stderr.on("data", (chunk: Buffer) => {
          wrong += chunk.toString("utf8");
        });
        channel.once("close", (code: number | null) => {
          clearTimeout(late);
          if (code === 0) resolve(said);
          else reject(new Error(`${address}: "${command.slice(0, 80)}" ended with ${code}: ${wrong.slice(0, 500)}`));
        });
      });
    });
  return {
    run,
    async sql(server, statements) {
      const quoted = `'${statements.replaceAll("'", "'\\''")}'`;
      const said = await run(`mariadb --defaults-file=/etc/belay/${server}/my.cnf -N -B -e ${quoted}`);
      return said
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("\t"));
    },
    close: () => client.end(),
  };
}

/** One use of a connection. */
export async function inVm<T>(stateDir: string, address: string, use: (vm: VmConnection) => Promise<T>): Promise<T> {
  const vm = await connectVm(stateDir, address);
  try {
    return await use(vm);
  } finally {
    vm.close();
  }
}
