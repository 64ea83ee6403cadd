import { aboutRepair, answerTo, type Case, messageOf, ofKind, receivedOf, Wrong } from "../kit.ts";

const order = ["deploying", "starting", "synchronising"];

/** A repair together, and what may happen to it. */
export const repairing: readonly Case[] = [
  {
    name: "finishes a VM that was brought back, phase by phase",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      await kit.deliver(incident.failed());
      await kit.deliver(incident.proposed());
      await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      await kit.deliver(incident.changed("agreed"));
      await kit.deliver(incident.restarted());
      await kit.until(
        ofKind("repair.completed", "repair.failed"),
        "It did not say how its part of the repair ended",
        15_000,
      );
      const phases = kit
        .said()
        .flatMap(({ data }) => (data.kind === "repair.phase" ? [order.indexOf(data.phase)] : []));
      if (phases.length === 0) throw new Wrong("It told no phase");
      if (phases.some((phase, at) => phase < (phases[at - 1] ?? 0))) throw new Wrong("It told its phases out of order");
      await kit.deliver(incident.changed("repaired"));
      const from = kit.mark();
      await kit.never(aboutRepair(incident.repair), "It spoke of a repair that had ended", 1_000, from);
    },
  },
  {
    name: "does not answer a proposal whose deadline has passed",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const late = incident.proposed(-1_000);
      await kit.deliver(late);
      await kit.until((one) => receivedOf(one) === late.id || undefined, "It did not say to have a late proposal");
      await kit.never(answerTo(incident.repair), "It answered after the deadline: the fallback had begun", 1_200);
    },
  },
  {
    name: "says nothing more once the time to finish has passed",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const event = incident.restarted(250);
      await kit.deliver(event);
      await kit.never(() => undefined, "", 1_000);
      const from = kit.mark();
      await kit.never(
        aboutRepair(incident.repair),
        "It went on after finishBy: the provider's fallback had begun",
        2_500,
        from,
      );
    },
  },
  {
    name: "does nothing for a repair that has ended, whatever comes late",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const [proposal, restarted, ended] = [incident.proposed(), incident.restarted(), incident.changed("cleared")];
      await kit.deliver(ended);
      await kit.deliver(restarted);
      await kit.deliver(proposal);
      await kit.until((one) => receivedOf(one) === proposal.id || undefined, "It did not say to have each message");
      await kit.never(aboutRepair(incident.repair), "It acted on messages that an end had overtaken", 1_500);
    },
  },
  {
    name: "begins anew when the VM is brought back a second time",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      await kit.deliver(incident.restarted(30_000, { generation: 2 }));
      await kit.until(ofKind("repair.phase"), "It did not tell a phase after vm.restarted");
      const from = kit.mark();
      await kit.deliver(incident.changed("fallback"));
      await kit.deliver(incident.restarted(30_000, { generation: 3, from: "own-disk" }));
      await kit.until(
        ofKind("repair.completed", "repair.failed"),
        "It did not finish the VM that the fallback brought back",
        15_000,
        from,
      );
    },
  },
  {
    name: "has written down what it says to have, before it says so",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const event = incident.restarted();
      await kit.deliver(event);
      await kit.until(
        (one) => receivedOf(one) === event.id || undefined,
        "It did not say to have received vm.restarted",
      );
      await kit.manager.kill();
      const from = kit.mark();
      kit.manager.start();
      await kit.hello(from);
      // The provider does not send again what it was told to be there.
      await kit.until(
        ofKind("repair.completed", "repair.failed"),
        "Killed after it had said to have vm.restarted, it knew nothing of it: it had not been written down",
        15_000,
        from,
      );
    },
  },
  {
    name: "goes on after kill -9 in the middle of a repair",
    by: "socket",
    async run(kit) {
      const first = await kit.hello();
      const incident = kit.incident();
      await kit.deliver(incident.proposed());
      const answer = await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      const restarted = incident.restarted();
      await kit.deliver(restarted);
      await kit.until(ofKind("repair.phase"), "It did not tell a phase after vm.restarted");
      await kit.manager.kill();
      const from = kit.mark();
      kit.manager.start();
      const second = await kit.hello(from);
      if (second.instance !== first.instance)
        throw new Wrong("It has another instance after it was killed: its journal is another one");
      await kit.deliver(restarted);
      await kit.until(
        ofKind("repair.completed", "repair.failed"),
        "It did not go on after it was killed",
        15_000,
        from,
      );
      const again = kit.said(from).find(({ id, data }) => id !== answer.id && data.kind === answer.data.kind);
      if (again !== undefined) throw new Wrong("It answered the proposal a second time, under another id");
    },
  },
  {
    name: "speaks only of what it was told",
    by: "socket",
    async run(kit) {
      await kit.hello();
      await kit.never(messageOf, "It said something unasked", 1_500);
    },
  },
];
