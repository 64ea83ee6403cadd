import { z } from "zod";
import { customerTechniqueNames, proposableTechnique } from "../../contract/index.ts";
import { commandOptions, haproxyOptions, httpdOptions, mariadbOptions, phpOptions } from "./kinds.ts";
import { ownSensor } from "./own-sensors.ts";
import {
  archiveName,
  fileMode,
  imageName,
  line,
  localFile,
  path,
  port,
  seconds,
  secretName,
  serverName,
  vmName,
} from "./words.ts";

/** The description of an application: what is on which VM, and what may be done about it. Published as docs/application.schema.json. */

const archive = z
  .strictObject({
    file: localFile.optional().describe("Seen from this file's directory."),
    url: z.url({ protocol: /^https?$/ }).optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: "must be 64 hex digits" })
      .describe("What `sha256sum` prints of it."),
  })
  .describe("A tar.gz that is unpacked at / of a VM whose image does not have the server.");

const secret = z
  .strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .optional()
      .describe("Read from this variable of the manager's environment."),
    file: localFile.optional().describe("Read from this file."),
    generate: z
      .literal(true)
      .optional()
      .describe("Made up at the first use, and kept in the manager's state directory."),
  })
  .describe("One of env, file and generate.");

const vm = z.strictObject({
  name: vmName,
  image: imageName.describe("A name under `images`."),
  memoryMiB: z.int().min(64).max(1_048_576),
  vcpus: z.int().min(1).max(256).default(1),
  apart: line(60).optional().describe("VMs that name the same group are kept on different hosts."),
});

const file = z.strictObject({
  from: localFile.optional().describe("A file or a directory, seen from this file's directory."),
  content: z.string().max(200_000).optional(),
  to: path,
  mode: fileMode.default("0644"),
  template: z.boolean().default(false).describe("Whether `{{…}}` in it is replaced."),
});

const server = {
  name: serverName,
  vm: vmName.describe("The VM that carries it."),
  state: z.enum(["stateless", "stateful"]).default("stateless"),
  rollback: z
    .enum(["tolerated", "never"])
    .optional()
    .describe("Whether it bears to go back to an older state. By default a stateless one does, a stateful one never."),
  port: port.optional().describe("Where it listens. By default its kind's usual one."),
  uses: z.array(serverName).default([]).describe("Servers that it needs; they are started before it."),
  balances: z.array(serverName).default([]).describe("Servers that it spreads work over: its back ends."),
  archive: archiveName.optional().describe("A name under `archives`."),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]*$/)).default([]),
  files: z.array(file).default([]),
  withinSeconds: z
    .strictObject({
      deploy: seconds.default(120),
      start: seconds.default(60),
      synchronise: seconds.default(300),
    })
    .prefault({})
    .describe("How long each part may take."),
};

const servers = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("httpd"), ...server, options: httpdOptions }),
  z.strictObject({ kind: z.literal("haproxy"), ...server, options: haproxyOptions }),
  z.strictObject({ kind: z.literal("mariadb"), ...server, options: mariadbOptions }),
  z.strictObject({ kind: z.literal("php"), ...server, options: phpOptions }),
  z.strictObject({ kind: z.literal("command"), ...server, options: commandOptions }),
]);

const answers = z
  .strictObject({
    prefer: z
      .array(proposableTechnique)
      .default([])
      .describe(
        "Of the techniques that the provider proposes the first of these is chosen; without one its own choice.",
      ),
    decline: z.array(vmName).default([]).describe("VMs that the provider shall not repair: the manager does it alone."),
    postpone: z
      .strictObject({ vms: z.array(vmName).min(1), seconds })
      .optional()
      .describe("VMs whose repair waits that long first, where the provider allows it."),
    maintenance: z
      .enum(["wait", "begin", "stop"])
      .default("wait")
      .describe("What is said where the provider announces work on a VM's host."),
  })
  .prefault({});

const alone = z
  .strictObject({
    allow: z.array(z.enum(customerTechniqueNames)).default(["restart-server"]),
    restartsBeforeMore: z
      .int()
      .min(1)
      .max(10)
      .default(2)
      .describe("So often a server is restarted within ten minutes before its VM is made anew, where that is allowed."),
    saveEverySeconds: seconds
      .default(300)
      .describe(
        "How often a database that may be replayed is saved, and a server with the commands `save` and `restore`.",
      ),
  })
  .prefault({});

export const descriptionSchema = z.strictObject({
  application: z.strictObject({
    name: line(80).describe("As the provider knows it, or shall know it."),
  }),
  belay: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }).optional() })
    .prefault({})
    .describe("Where the provider's Belay is. BELAY_URL overrides it. The key is BELAY_KEY, and never written here."),
  ssh: z
    .strictObject({
      user: z
        .string()
        .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
        .default("root"),
      privateKey: localFile
        .optional()
        .describe("A private key in OpenSSH's form. Without one the manager makes one and keeps it with its state."),
      port: port.default(22),
    })
    .prefault({}),
  images: z.record(imageName, line(80)).describe("Our names for the provider's images."),
  archives: z.record(archiveName, archive).default({}),
  secrets: z.record(secretName, secret).default({}),
  vms: z.array(vm).min(1).max(200),
  servers: z.array(servers).min(1).max(500),
  sensors: z
    .strictObject({
      everySeconds: z.number().min(0.2).max(3600).default(2),
      own: z.array(ownSensor).default([]),
      off: z.array(serverName).default([]).describe("Servers that get none of the sensors of their kind."),
    })
    .prefault({}),
  answers,
  alone,
});

export type Description = z.output<typeof descriptionSchema>;
export type ServerSpec = Description["servers"][number];
export type ServerOf<K extends ServerSpec["kind"]> = Extract<ServerSpec, { kind: K }>;
export type VmSpec = Description["vms"][number];
export type ArchiveSpec = Description["archives"][string];
export type SecretSpec = Description["secrets"][string];
