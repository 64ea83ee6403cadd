import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Addresses, bindingsOf, type Description, type ServerSpec } from "../description/index.ts";

/** What a server's deployment and configuration follow from: changes of these are what `up` brings, and without one it does nothing. */
export async function digestsOf(
  description: Description,
  directory: string,
  addresses: Addresses,
  server: ServerSpec,
): Promise<{ readonly deploy: string; readonly configure: string }> {
  const deploy = createHash("sha256");
  const life = addresses.generationOf(server.vm);
  const archive = server.archive === undefined ? null : description.archives[server.archive];
  deploy.update(JSON.stringify({ server, life, archive }));
  const locals = [
    ...server.files.flatMap(({ from }) => from ?? []),
    ...(server.kind === "mariadb" ? server.options.load : []),
  ];
  for (const file of locals)
    for (const [name, content] of await contents(path.resolve(directory, file))) {
      deploy.update(`\0${name}\0`);
      deploy.update(content);
    }
  const deployed = deploy.digest("hex");
  const bound = JSON.stringify(bindingsOf(description, addresses, server.name));
  const configure = createHash("sha256").update(deployed).update(bound).digest("hex");
  return { deploy: deployed.slice(0, 20), configure: configure.slice(0, 20) };
}

/** A file, or all files below a directory, in the order of their names. */
async function contents(file: string): Promise<readonly (readonly [string, Buffer])[]> {
  if (!(await stat(file)).isDirectory()) return [[path.basename(file), await readFile(file)]];
  const names = (await readdir(file)).sort();
  return (await Promise.all(names.map((name) => contents(path.join(file, name))))).flat();
}
