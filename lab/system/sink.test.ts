import { describe, expect, it } from "vitest";
import { routesInto } from "./sink.ts";

const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010011AC	0003	0	0	0	00000000	0	0	0
bly0	000012C6	00000000	0001	0	0	0	00FCFFFF	0	0	0
bly0void	0B0012C6	00000000	0005	0	0	0	FFFFFFFF	0	0	0
bly1void	0C0412C6	00000000	0005	0	0	0	FFFFFFFF	0	0	0
`;

describe("the routing table", () => {
  it("names the addresses that lead nowhere, each lab its own", () => {
    expect(routesInto(table, "bly0void")).toEqual(["198.18.0.11"]);
    expect(routesInto(table, "bly1void")).toEqual(["198.18.4.12"]);
    expect(routesInto(table, "bly0")).toEqual([]);
    expect(routesInto("", "bly0void")).toEqual([]);
  });
});
