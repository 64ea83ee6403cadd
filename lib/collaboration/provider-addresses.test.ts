import { expect, test } from "vitest";
import { checkUrl } from "./checked-url.ts";
import { providerAddresses } from "./provider-addresses.ts";

const byName = "qemu+ssh://root@hv1.example/system";

/** A DNS that says what the test says; a name that it does not know is an error. */
function dns(names: Record<string, readonly string[]>) {
  let nowMs = 0;
  const asked: string[] = [];
  const lookup = async (name: string) => {
    asked.push(name);
    return names[name] ?? Promise.reject(new Error("ENOTFOUND"));
  };
  const addresses = providerAddresses({ lookup, monotonicMs: () => nowMs });
  return {
    ...{ names, asked, addresses },
    at: (ms: number) => {
      nowMs = ms;
    },
  };
}

test("an endpoint at a host of the provider's that is given by name is refused", async () => {
  const { addresses } = dns({ "hv1.example": ["93.184.216.34", "2606:4700::1"] });
  const own = await addresses([
    byName,
    "qemu+ssh://root@93.184.216.99/system",
    "qemu+ssh://root@[2606:4700::2]/system",
  ]);
  expect(own).toEqual(["93.184.216.34", "2606:4700::1", "93.184.216.99", "2606:4700::2"]);
  const check = (url: string) => checkUrl(url, { allowed: [], own }, async () => []);
  await expect(check("https://93.184.216.34/belay")).rejects.toThrow("the provider's own network");
  await expect(check("https://93.184.216.35/belay")).resolves.toBeDefined();
});

test("a name is looked up once a minute, and what the DNS said last holds where it is away", async () => {
  const it = dns({ "hv1.example": ["93.184.216.34"] });
  for (let n = 0; n < 5; n++) expect(await it.addresses([byName])).toEqual(["93.184.216.34"]);
  expect(it.asked).toHaveLength(1);
  delete it.names["hv1.example"];
  it.at(60_000);
  expect(await it.addresses([byName])).toEqual(["93.184.216.34"]);
  expect(await it.addresses([byName])).toEqual(["93.184.216.34"]);
  expect(it.asked).toHaveLength(2);
});

test("a host that is enrolled during a round is looked up before anything is said of it", async () => {
  const it = dns({ "hv1.example": ["93.184.216.34"], "hv2.example": ["93.184.216.35"] });
  const both = [byName, "qemu+ssh://root@hv2.example/system"];
  const [first, second] = await Promise.all([it.addresses([byName]), it.addresses(both)]);
  expect(first).toContain("93.184.216.34");
  expect(second).toEqual(["93.184.216.34", "93.184.216.35"]);
});

test("a name that the DNS does not know is no host, and is not asked for at each check", async () => {
  const it = dns({});
  expect(await it.addresses([byName])).toEqual([]);
  expect(await it.addresses([byName])).toEqual([]);
  expect(it.asked).toHaveLength(1);
});
