import { defaultLab } from "../index.ts";

/** What the commands that print no table say: what is so now, and what a person may type next. */

interface Deed {
  readonly said: (hosts: string) => string;
  /** What it leads to, in a few words, and the command. */
  readonly next: readonly [words: string, command: (hosts: string) => string];
}

const status = ["look at all of it", () => "status"] as const;

const deeds = {
  "power on": { said: (host) => `${host} has power; its sshd and libvirtd answer.`, next: status },
  "power off": {
    said: (host) => `${host} has lost its power, and all that ran on it is gone.`,
    next: ["give it back", (host) => `power on ${host}`],
  },
  "power cycle": {
    said: (host) => `${host} lost its power and has it again; its sshd and libvirtd answer.`,
    next: status,
  },
  cut: {
    said: (host) => `The cable of ${host} is out: it and its guests run on, and nobody reaches them.`,
    next: ["put it back", (host) => `mend ${host}`],
  },
  mend: { said: (host) => `The cable of ${host} is in.`, next: status },
  isolate: {
    said: (hosts) => `This machine is cut off from ${hosts}; hosts go on seeing each other.`,
    next: ["take that back", (hosts) => `rejoin ${hosts}`],
  },
  rejoin: { said: (hosts) => `This machine reaches ${hosts} again.`, next: status },
  "bmc dark": {
    said: (host) => `The power controller of ${host} answers its fence agent no more.`,
    next: ["let it answer again", (host) => `bmc lit ${host}`],
  },
  "bmc lit": { said: (host) => `The power controller of ${host} answers its fence agent.`, next: status },
  "libvirtd stop": {
    said: (host) => `libvirtd on ${host} is dead and stays so; the guests run on.`,
    next: ["start it again", (host) => `libvirtd start ${host}`],
  },
  "libvirtd start": { said: (host) => `libvirtd on ${host} answers.`, next: status },
} satisfies Readonly<Record<string, Deed>>;
export type DeedName = keyof typeof deeds;

/** A command of the lab as it can be typed. */
export const typed = (command: string, lab: string): string =>
  `npm run lab -- ${command}${lab === defaultLab ? "" : ` --lab ${lab}`}`;

export const nextLine = (words: string, command: string, lab: string): string =>
  `Next: ${words}  ${typed(command, lab)}`;

export function deedLines(name: DeedName, hosts: readonly string[], lab: string): string {
  const { said, next }: Deed = deeds[name];
  const [words, command] = next;
  return `${said(hosts.join(", "))}\n${nextLine(words, command(hosts.join(" ")), lab)}`;
}
