/**
 * `node tools/libvirt-table.ts PROTOCOL.json`: makes the protocol table of lib/libvirt and its TypeScript types from the facts of
 * libvirt's wire protocol (constants, enums, structs, unions, procedures, as JSON). What nobody here would call is left out, by
 * the reasons in `dropped`; everything else is kept.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { typesOf } from "./libvirt-types.ts";

interface Field {
  name: string;
  type: string;
  max?: string | number;
  fixed?: string | number;
}
interface Source {
  constants: Record<string, number | string>;
  types: Record<string, { type: string; optional?: boolean; max?: string; fixed?: string }>;
  structs: Record<string, Field[]>;
  unions: Record<string, { discriminant: string; arms: Record<string, { name: string; type: string }> }>;
  procedures: Record<string, { program: string; number: number; args?: string; ret?: string; msg?: string }>;
  enums: Record<string, Record<string, number>>;
}
interface Procedure {
  program: string;
  number: number;
  args?: string;
  ret?: string;
  event?: string;
}
export interface Table {
  programs: Record<string, { id: number; version: number }>;
  limits: Record<string, number>;
  structs: Record<string, Record<string, string>>;
  unions: Record<string, Record<string, { tag: number; type: string }>>;
  procedures: Record<string, Procedure>;
}

/** Why a procedure is not in our table. The last row: superseded events, whose number only a client older than 1.3 would see. */
const dropped: readonly [reason: string, matches: RegExp][] = [
  ["secrets", /^remote\.(secret_|connect_(num_of|list|list_all)_secrets|connect_secret_event)/],
  ["host network interfaces", /^remote\.(interface_|connect_.*interfaces$)/],
  ["packet filters", /^remote\.(nwfilter_|connect_.*nwfilter)/],
  ["ports of virtual networks", /^remote\.network_(list_all_ports|port_)/],
  ["SASL, which this client does not speak", /^remote\.auth_sasl_/],
  ["file descriptors cannot pass through SSH", /(_with_files|fd_associate|open_graphics(_fd)?)$/],
  ["events without a callback id", /^remote\.connect_domain_event_(de)?register(_any)?$/],
  [
    "events without a callback id",
    /^remote\.domain_event_(lifecycle|reboot|rtc_change|watchdog|io_error|graphics|io_error_reason|control_error|block_job|disk_change|tray_change|pmwakeup|pmsuspend|balloon_change|pmsuspend_disk|device_removed)$/,
  ],
];

/** Constants that the protocol takes from libvirt's public headers. */
const headerConstants: Record<string, number> = {
  VIR_UUID_BUFLEN: 16,
  VIR_SECURITY_MODEL_BUFLEN: 257,
  VIR_SECURITY_LABEL_BUFLEN: 4097,
  VIR_SECURITY_DOI_BUFLEN: 257,
  VIR_TYPED_PARAM_INT: 1,
  VIR_TYPED_PARAM_UINT: 2,
  VIR_TYPED_PARAM_LLONG: 3,
  VIR_TYPED_PARAM_ULLONG: 4,
  VIR_TYPED_PARAM_DOUBLE: 5,
  VIR_TYPED_PARAM_BOOLEAN: 6,
  VIR_TYPED_PARAM_STRING: 7,
};

const uuidTypes = ["remote_uuid", "virNetMessageUUID"];

export function makeTable(source: Source): Table {
  const constant = (name: string | number): number => {
    if (typeof name === "number") return name;
    const value = source.constants[name] ?? headerConstants[name];
    if (value === undefined) throw new Error(`${name} has no value in the source`);
    return constant(value);
  };

  /** One field's type as the table's text; follows typedefs to what is on the wire. */
  const typeText = (type: string, max?: string | number, fixed?: string | number): string => {
    const suffix = max !== undefined ? `<${constant(max)}>` : fixed !== undefined ? `[${constant(fixed)}]` : "";
    if (type === "char" && suffix) return `chars${suffix}`;
    if (uuidTypes.includes(type)) return `uuid${suffix}`;
    if (source.enums[type]) return `int${suffix}`;
    const alias = source.types[type];
    if (!alias) return type + suffix;
    return typeText(alias.type, alias.max, alias.fixed) + (alias.optional ? "?" : "") + suffix;
  };

  const structs: Table["structs"] = {};
  const unions: Table["unions"] = {};
  const keep = (name: string): void => {
    const union = source.unions[name];
    if (union && !unions[name]) {
      unions[name] = Object.fromEntries(
        Object.entries(union.arms).map(([tag, arm]) => {
          const arms = tag.replace("VIR_TYPED_PARAM_", "").toLowerCase();
          return [arms, { tag: constant(tag), type: arms === "boolean" ? "bool" : typeText(arm.type) }];
        }),
      );
    }
    const fields = source.structs[name];
    if (!fields || structs[name]) return;
    structs[name] = {};
    for (const field of fields) {
      const text = typeText(field.type, field.max, field.fixed);
      structs[name][field.name] = text;
      keep(text.replace(/[<[?].*$/, ""));
    }
  };

  const procedures: Table["procedures"] = {};
  for (const [name, { program, number, args, ret, msg }] of Object.entries(source.procedures)) {
    if (dropped.some(([, matches]) => matches.test(name))) continue;
    for (const struct of [args, ret, msg]) if (struct) keep(struct);
    const key = name.replace(/^remote\./, "");
    procedures[key] = { program, number, ...(args && { args }), ...(ret && { ret }), ...(msg && { event: msg }) };
  }
  for (const name of ["remote_error", "virNetStreamHole"]) keep(name);

  return {
    programs: {
      remote: { id: constant("REMOTE_PROGRAM"), version: constant("REMOTE_PROTOCOL_VERSION") },
      qemu: { id: constant("QEMU_PROGRAM"), version: constant("QEMU_PROTOCOL_VERSION") },
      keepalive: { id: constant("KEEPALIVE_PROGRAM"), version: constant("KEEPALIVE_PROTOCOL_VERSION") },
    },
    limits: {
      messageBytes: constant("VIR_NET_MESSAGE_MAX"),
      headerBytes: constant("VIR_NET_MESSAGE_HEADER_MAX"),
      streamPayloadBytes: constant("VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX"),
    },
    structs,
    unions,
    procedures,
  };
}

/** One entry a line, so that a change of the table reads well in a diff. */
export function tableText(table: Table): string {
  const section = (name: string, entries: object) =>
    `"${name}": {\n${Object.entries(entries)
      .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",\n")}\n}`;
  return `{\n${Object.entries(table)
    .map(([name, entries]) => section(name, entries))
    .join(",\n")}\n}\n`;
}

if (import.meta.main) {
  const path = process.argv[2];
  if (!path) {
    console.error("usage: node tools/libvirt-table.ts PROTOCOL.json");
    process.exit(2);
  }
  const table = makeTable(JSON.parse(readFileSync(path, "utf8")));
  const room = new URL("../lib/libvirt/protocol/", import.meta.url);
  writeFileSync(new URL("table.json", room), tableText(table));
  writeFileSync(new URL("generated/types.ts", room), typesOf(table));
  console.log(`${Object.keys(table.procedures).length} procedures, ${Object.keys(table.structs).length} structs`);
}
