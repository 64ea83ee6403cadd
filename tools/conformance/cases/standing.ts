import { vms } from "../ids.ts";
import { aboutRepair, answerTo, type Case, messageOf, ofKind, receivedOf, Wrong } from "../kit.ts";

/** Who may act. */
export const standing: readonly Case[] = [
  {
    name: "says and takes nothing while it stands by",
    by: "socket",
    async run(kit) {
      kit.provider.greeting = { standing: "standby", epoch: 0 };
      await kit.hello();
      const incident = kit.incident();
      const proposal = incident.proposed(20_000);
      await kit.deliver(proposal);
      await kit.never(messageOf, "It spoke while it stood by", 1_200);
      if (kit.provider.heard.some((one) => receivedOf(one) === proposal.id))
        throw new Wrong("It said to have a message while it stood by: the active manager would never get it");
      kit.provider.send({ type: "standing", standing: "active", epoch: 7 });
      await kit.deliver(proposal);
      const answer = await kit.until(answerTo(incident.repair), "It did not answer once it was the active one");
      if (answer.epoch !== undefined && answer.epoch !== 7)
        throw new Wrong("It speaks with an epoch that was not given to it");
    },
  },
  {
    name: "stops its work when it no longer is the active one",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      await kit.deliver(incident.restarted());
      await kit.until(ofKind("repair.phase"), "It did not tell a phase after vm.restarted");
      kit.provider.send({ type: "standing", standing: "standby", epoch: 0 });
      await kit.never(() => undefined, "", 300);
      const from = kit.mark();
      await kit.never(messageOf, "It went on speaking although another manager is the active one", 2_000, from);
    },
  },
  {
    name: "speaks with the epoch that it was given last",
    by: "socket",
    async run(kit) {
      await kit.hello();
      kit.provider.send({ type: "standing", standing: "standby", epoch: 0 });
      kit.provider.send({ type: "standing", standing: "active", epoch: 11 });
      const incident = kit.incident(vms.two);
      await kit.deliver(incident.proposed());
      const answer = await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      if (answer.epoch !== undefined && answer.epoch !== 11)
        throw new Wrong(`It speaks with the stale epoch ${answer.epoch}`);
    },
  },
  {
    name: "answers what its sensors say, before the deadline",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const question = incident.asked(3_000);
      await kit.deliver(question);
      const answer = await kit.until(
        ofKind("diagnosis.answered"),
        "It did not answer diagnosis.asked by its deadline",
        3_000,
      );
      if (answer.data.kind !== "diagnosis.answered" || answer.data.question !== question.id)
        throw new Wrong("Its answer does not name the question");
      await kit.never(aboutRepair(incident.repair), "It spoke of a repair that nobody proposed", 300);
    },
  },
];
