import { Readable } from "node:stream";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { readAll, runFence } from "./agent.ts";
import { metadataXml } from "./metadata.ts";
import { actions, parseOptions } from "./options.ts";

describe("options of the fence agent", () => {
  it("takes the names that cluster managers use for the same thing", () => {
    for (const name of ["plug", "port", "nodename", "node"])
      expect(parseOptions(`action=off\n${name}=host-1\n`, "belay")).toMatchObject({
        action: "off",
        plug: "host-1",
        lab: "belay",
      });
    expect(parseOptions("option=ON\nport = host-2\nlab=ci", "belay")).toMatchObject({
      action: "on",
      plug: "host-2",
      lab: "ci",
    });
  });

  it("reboots unless told otherwise, as all agents of the family", () => {
    expect(parseOptions("plug=host-1", "belay").action).toBe("reboot");
  });

  it("leaves out blank lines and comments, warns of unknown names, keeps = in values", () => {
    const found = parseOptions("# from the cluster\n\naction=status\nverbose=1\ncolour=blue\nplug=a=b\n", "belay");
    expect(found).toMatchObject({ plug: "a=b", warnings: ["Parse error: Ignoring unknown option 'colour=blue'"] });
  });

  it("refuses an action that is none", async () => {
    expect(() => parseOptions("action=explode", "belay")).toThrow("Unrecognised action 'explode'");
    expect(await runFence("action=explode", "belay")).toEqual({
      code: 1,
      stdout: "",
      stderr: "Failed: Unrecognised action 'explode'\n",
    });
  });

  it("fails for a lab that is not there, without throwing", async () => {
    const answer = await runFence("action=status\nplug=host-1\nlab=no-such-lab\n", "belay");
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no lab "no-such-lab"') });
  });

  it("takes input in pieces, and only so much of it", async () => {
    expect(await readAll(Readable.from(["action=", Buffer.from("list")]))).toBe("action=list");
    await expect(readAll(Readable.from(["x".repeat(70_000)]))).rejects.toThrow("bytes of options");
  });
});

describe("metadata", () => {
  it("is the document that describes every action and parameter", () => {
    const parsed: unknown = new XMLParser({ ignoreAttributes: false }).parse(metadataXml("belay"));
    expect(parsed).toMatchObject({
      "resource-agent": {
        "@_name": "fence_belay_lab",
        parameters: {
          parameter: expect.arrayContaining([expect.objectContaining({ "@_name": "plug", "@_required": "1" })]),
        },
        actions: { action: actions.map((name) => expect.objectContaining({ "@_name": name })) },
      },
    });
  });

  it("needs no lab", async () => {
    expect(await runFence("action=metadata", "belay")).toEqual({ code: 0, stdout: metadataXml("belay"), stderr: "" });
  });
});
