import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";

export const roles = ["web", "engine", "store"] as const;
export type Role = (typeof roles)[number];

export interface BootOptions {
  /** Keys, tokens, accounts and, unless `databaseUrl` is given, the database. */
  readonly dataDir: string;
  /** A PostgreSQL of the operator's. Without it Belay runs its own in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly roles: ReadonlySet<Role>;
  readonly simulated: boolean;
  /** The first start makes the demo's customers beside the provider's administrator. */
  readonly demo: boolean;
  /** Where saved states of VMs are kept; the first is the home. With the role store they are opened, else found by what runs it here. */
  readonly checkpointDirs: readonly string[];
  /** Whose saved states are encrypted: of these organizations, by id or name as they were written, or all. undefined: nobody's. */
  readonly checkpointEncrypted: "all" | readonly string[] | undefined;
  /** A file with 32 bytes in base64, the server's key. What was encrypted with it can be read by nobody without it. */
  readonly checkpointKeyFile: string;
  /** The most that saved states may take; undefined: what the disks have. */
  readonly checkpointMostBytes: number | undefined;
  /** Further origins whose pages may use their cookies: addresses in front of a proxy. */
  readonly origins: readonly string[];
}

/** A setting that cannot be used: which one, and how it would be. */
export class BadSetting extends Error {
  override readonly name = "BadSetting";
  readonly cure: string;
  constructor(message: string, cure: string) {
    super(message);
    this.cure = cure;
  }
}

const origin = z.url({ protocol: /^https?$/ });

function read<T>(name: string, value: string, schema: z.ZodType<T>, cure: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadSetting(`${name} is ${JSON.stringify(value)}.`, cure);
}

const gibibyte = 1024 ** 3;
const positive = z.coerce.number().positive();
const list = (text: string) => text.split(",").map((part) => part.trim());

/** The settings of a server, from its arguments and environment. `dev` is the server's own: pages compiled as they are opened. */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): BootOptions & { readonly dev: boolean } {
  const parsed = (() => {
    try {
      const options = { role: { type: "string" }, dev: { type: "boolean" } } as const;
      return parseArgs({ args: [...args], options, strict: true }).values;
    } catch (error) {
      throw new BadSetting(
        error instanceof Error ? error.message : String(error),
        "The server takes --role web,engine,store and --dev; everything else is set by the environment.",
      );
    }
  })();
  const role = z.array(z.enum(roles)).min(1);
  const chosen = parsed.role ?? roles.join(",");
  const port = env.PORT || "3000";
  const origins = env.BELAY_ORIGINS || "";
  const simulated = env.BELAY_SIMULATED === "1";
  const found = new Set(
    read(
      "--role",
      chosen,
      z.string().transform(list).pipe(role),
      "Name web, engine, store, or several: --role web,engine,store.",
    ),
  );
  if (simulated && found.size < roles.length)
    throw new BadSetting(
      `--role ${chosen} cannot be simulated: the simulated cloud lives in one process.`,
      "Leave --role out, or unset BELAY_SIMULATED.",
    );
  const encrypted = env.BELAY_CHECKPOINT_ENCRYPT || (env.BELAY_CHECKPOINT_KEY ? "all" : "");
  const dataDir = path.resolve(env.BELAY_DATA || ".data/belay");
  const checkpointDirs = env.BELAY_CHECKPOINTS ? list(env.BELAY_CHECKPOINTS) : [path.join(dataDir, "checkpoints")];
  return {
    dev: parsed.dev ?? false,
    dataDir,
    checkpointDirs: checkpointDirs.map((directory) => path.resolve(directory)),
    checkpointEncrypted:
      encrypted === ""
        ? undefined
        : encrypted === "all"
          ? encrypted
          : read(
              "BELAY_CHECKPOINT_ENCRYPT",
              encrypted,
              z
                .string()
                .transform(list)
                .pipe(z.array(z.string().min(1))),
              "Set it to all, or to names or ids of organizations, with commas between them.",
            ),
    checkpointKeyFile: path.resolve(env.BELAY_CHECKPOINT_KEY || path.join(dataDir, "checkpoint-key")),
    checkpointMostBytes: env.BELAY_CHECKPOINT_MOST_GIB
      ? gibibyte *
        read("BELAY_CHECKPOINT_MOST_GIB", env.BELAY_CHECKPOINT_MOST_GIB, positive, "Set it to a number above 0.")
      : undefined,
    databaseUrl: env.DATABASE_URL || undefined,
    host: env.HOST || "127.0.0.1",
    port: read("PORT", port, z.coerce.number().int().min(1).max(65535), "Set it to a number from 1 to 65535."),
    roles: found,
    simulated,
    demo: env.BELAY_DEMO === "1",
    origins:
      origins === ""
        ? []
        : read(
            "BELAY_ORIGINS",
            origins,
            z.string().transform(list).pipe(z.array(origin)),
            "Set it to addresses such as https://belay.example, with commas between them.",
          ),
  };
}
