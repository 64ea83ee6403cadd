import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { parseIntoClientConfig } from "pg-connection-string";
import { MigrationAdapter } from "./migration-adapter.mjs";

/** Where the engine leaves the words of a Rust panic; the panic itself shows as a bare "unreachable". */
const panic = { message: "", set_message: (words) => Object.assign(panic, { message: `RuntimeError: ${words}` }) };
export const panicMessage = () => panic.message;

async function loadWasm() {
  const file = createRequire(import.meta.url)
    .resolve("@prisma/schema-engine-wasm/schema_engine_bg")
    .replace(/\.js$/, ".wasm");
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { "./schema_engine_bg.js": bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  globalThis.PRISMA_WASM_PANIC_REGISTRY = panic;
}

/** The engine over the database of `url` (none is needed to compare files), knowing the schema files. */
export async function openEngine(url, schemaFiles) {
  await loadWasm();
  // Prisma's ?schema= is not a parameter of libpq: the adapter takes it as an option of its own.
  const schema = url ? new URL(url).searchParams.get("schema") : null;
  const factory = bindMigrationAwareSqlAdapterFactory(
    new MigrationAdapter(parseIntoClientConfig(url ?? "postgresql://localhost/none"), schema ? { schema } : undefined),
  );
  const datamodels = schemaFiles.map((file) => [file, readFileSync(file, "utf8")]);
  const onLog = (line) => process.env.DEBUG && process.stderr.write(`${line}\n`);
  return bindings.SchemaEngine.new({ datamodels: datamodels.length > 0 ? datamodels : undefined }, onLog, factory);
}
