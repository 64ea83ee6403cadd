import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

test("try", async () => {
  const rig = await createRig();
  rig.cloud.world.onHappening((h) => console.log(h.at % 1e6, "world", h.words));
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  await rig.act({ do: "kill-qemu", vm: "web-1" });
  await rig.clock.advance(10000);
  console.log(
    rig.store
      .events()
      .map((e) => `${e.at % 1e6} ${e.words}`)
      .join("\n"),
  );
  console.log(rig.log);
  console.log(rig.belay.calls().length);
  rig.close();
  await rig.clock.advance(0);
  expect(rig.clock.pending()).toBe(0);
});
