import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { typesOf } from "../../../tools/libvirt-types.ts";
import { errorDomains, errorNumbers } from "./error-names.ts";
import table from "./table.json" with { type: "json" };
import { codecOf, limits, procedure, procedureByNumber, programs, structNames } from "./table.ts";

describe("the protocol table", () => {
  it("knows the programs and limits of libvirt's wire protocol", () => {
    expect(programs).toEqual({
      remote: { id: 0x20008086, version: 1 },
      qemu: { id: 0x20008087, version: 1 },
      keepalive: { id: 0x6b656570, version: 1 },
    });
    expect(limits).toEqual({ messageBytes: 33_554_432, headerBytes: 24, streamPayloadBytes: 262_120 });
  });

  it.each([
    ["connect_open", 1],
    ["domain_get_state", 212],
    ["connect_list_all_domains", 273],
    ["connect_domain_event_callback_register_any", 316],
    ["domain_event_callback_lifecycle", 318],
    ["connect_get_all_domain_stats", 344],
    ["domain_backup_begin", 421],
    ["qemu.domain_monitor_command", 1],
  ] as const)("numbers %s as %i", (name, number) => {
    const found = procedure(name);
    expect(found.number).toBe(number);
    expect(procedureByNumber(found.program, number)).toBe(found);
  });

  it("has a codec for every type", () => {
    expect(structNames.length).toBeGreaterThan(500);
    for (const name of structNames) expect(codecOf(name).minBytes).toBeGreaterThan(0);
  });

  it("has the TypeScript types that its tool makes of it", () => {
    const generated = readFileSync(new URL("generated/types.ts", import.meta.url), "utf8");
    expect(generated).toBe(typesOf(table));
  });

  it("names libvirt's errors by their number", () => {
    expect(errorNumbers[42]).toBe("NO_DOMAIN");
    expect(errorNumbers[55]).toBe("OPERATION_INVALID");
    expect(errorNumbers[86]).toBe("AGENT_UNRESPONSIVE");
    expect(errorNumbers[110]).toBe("MULTIPLE_DOMAINS");
    expect(errorDomains[10]).toBe("QEMU");
    expect(errorDomains[72]).toBe("CH");
  });
});
