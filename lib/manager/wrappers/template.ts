import { type Addresses, type Description, portOf, serverNamed } from "../description/index.ts";
import { ManagerError } from "../servers.ts";

export interface TemplateContext {
  readonly description: Description;
  readonly addresses: Addresses;
  readonly secretOf: (name: string) => string;
}

/**
 * `{{address SERVER}}`, `{{port SERVER}}`, `{{secret NAME}}`, `{{server}}` (this one's name), `{{vm}}` (of this one). Anything else between
 * the braces is an error, so that a mistyped name is not deployed.
 */
export function fillIn(text: string, self: string, context: TemplateContext): string {
  const own = serverNamed(context.description, self);
  return text.replace(
    /\{\{\s*([a-z]+)(?:\s+([a-z0-9-]+))?\s*\}\}|\{\{[^}]*\}\}/g,
    (found, word?: string, name?: string) => {
      if (word === "server" && name === undefined) return self;
      if (word === "vm" && name === undefined) return own.vm;
      if (word === "secret" && name !== undefined) return context.secretOf(name);
      if ((word === "address" || word === "port") && name !== undefined) {
        const server = context.description.servers.find((one) => one.name === name);
        if (server === undefined) throw unknown(self, found, `There is no server ${name}.`);
        if (word === "port") return String(portOf(server));
        const address = context.addresses.of(server.vm);
        if (address !== undefined) return address;
        throw new ManagerError({
          code: "noAddress",
          message: `${server.vm} has no address yet, and ${self} names it.`,
        });
      }
      throw unknown(self, found, "Known are address SERVER, port SERVER, secret NAME, server, vm.");
    },
  );
}

const unknown = (server: string, found: string, cure: string) =>
  new ManagerError({ code: "unknownTemplate", message: `${server}: ${found} cannot be filled in.`, cure });
