import { access, constants } from "node:fs/promises";
import path from "node:path";
import type { FaultAt } from "./fault.ts";
import type { Description } from "./schema.ts";

/** Files that the description names and that cannot be read here. */
export async function missingFiles(description: Description, directory: string): Promise<readonly FaultAt[]> {
  const named: { readonly path: FaultAt["path"]; readonly file: string }[] = [];
  const add = (file: string | undefined, ...at: FaultAt["path"]): void => {
    if (file !== undefined) named.push({ path: at, file });
  };
  add(description.ssh.privateKey, "ssh", "privateKey");
  for (const [name, { file }] of Object.entries(description.archives)) add(file, "archives", name, "file");
  for (const [name, { file }] of Object.entries(description.secrets)) add(file, "secrets", name, "file");
  description.servers.forEach((server, at) => {
    server.files.forEach(({ from }, n) => {
      add(from, "servers", at, "files", n, "from");
    });
    if (server.kind === "mariadb")
      server.options.load.forEach((file, n) => {
        add(file, "servers", at, "options", "load", n);
      });
  });
  const faults: FaultAt[] = [];
  for (const { path: at, file } of named) {
    const whole = path.resolve(directory, file);
    const readable = await access(whole, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!readable)
      faults.push({
        path: at,
        message: `${whole} cannot be read.`,
        cure: "Put it there, or correct the name: it is seen from this file's directory.",
      });
  }
  return faults;
}
