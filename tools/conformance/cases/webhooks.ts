import { application } from "../ids.ts";
import { answerTo, type Case, type Kit, messageOf, Wrong } from "../kit.ts";
import type { Heard } from "../provider.ts";
import type { Signed } from "../run-cases.ts";

const signed = (kit: Kit & Partial<Signed>): Signed => {
  if (kit.post === undefined) throw new Error("this case is run over webhooks");
  return { post: kit.post };
};
const other = `whsec_${Buffer.from("a secret of somebody else's").toString("base64")}`;

const reportOf = (one: Heard) => (one.is === "reported" ? one.report : undefined);

/** Messages as signed POSTs to the manager's own address; its answers as POSTs to the provider's API. */
export const webhooks: readonly Case[] = [
  {
    name: "webhook: confirms a signed message and answers by POST",
    by: "webhook",
    async run(kit) {
      const incident = kit.incident();
      await kit.deliver(incident.proposed());
      await kit.until(answerTo(incident.repair), "It did not POST its answer");
    },
  },
  {
    name: "webhook: refuses a signature of another secret",
    by: "webhook",
    async run(kit) {
      const status = await signed(kit).post(kit.incident().proposed(), { secret: other });
      if (status < 400 || status > 499) throw new Wrong(`It answered ${status} to a message that somebody else signed`);
      await kit.never(messageOf, "It acted on a message that somebody else signed");
    },
  },
  {
    name: "webhook: refuses an old message that is played again",
    by: "webhook",
    async run(kit) {
      const at = new Date(Date.now() - 10 * 60_000);
      const status = await signed(kit).post(kit.incident().proposed(), { at });
      if (status < 400 || status > 499) throw new Wrong(`It answered ${status} to a message signed ten minutes ago`);
      await kit.never(messageOf, "It acted on a message that was played again");
    },
  },
  {
    name: "webhook: takes a message that is delivered twice for one",
    by: "webhook",
    async run(kit) {
      const incident = kit.incident();
      const proposal = incident.proposed();
      await Promise.all([kit.deliver(proposal), kit.deliver(proposal)]);
      await kit.until(answerTo(incident.repair), "It did not POST its answer");
      await kit.deliver(proposal);
      await kit.never(() => undefined, "", 800);
      if (new Set(kit.said().map(({ id }) => id)).size !== 1)
        throw new Wrong("It answered a message twice, under two ids");
    },
  },
  {
    name: "webhook: POSTs what its sensors say, again and again",
    by: "webhook",
    async run(kit) {
      const first = await kit.until(reportOf, "It did not POST what its sensors say", 15_000);
      if (first.applicationId !== application.id) throw new Wrong("Its report names another application");
      const from = kit.mark();
      await kit.until(reportOf, "It reported its sensors once, and a report says nothing after 15 s", 15_000, from);
    },
  },
  {
    name: "webhook: asks whether it may act, and says nothing while another one does",
    by: "webhook",
    async run(kit) {
      kit.provider.greeting = { standing: "standby", epoch: 0 };
      const stood = (standing: "active" | "standby") => (one: Heard) => one.is === "stood" && one.standing === standing;
      await kit.until(
        stood("standby"),
        "It did not ask for the right to act (POST /api/v1/collaboration/standing)",
        15_000,
      );
      await kit.never(() => undefined, "", 300);
      const from = kit.mark();
      const incident = kit.incident();
      await kit.deliver(incident.proposed(20_000));
      await kit.never(messageOf, "It spoke while another manager is the active one", 1_200, from);
      kit.provider.greeting = { standing: "active", epoch: 7 };
      const answer = await kit.until(answerTo(incident.repair), "It did not answer once it was the active one", 15_000);
      if (answer.epoch !== undefined && answer.epoch !== 7)
        throw new Wrong("It speaks with an epoch that was not given to it");
    },
  },
  {
    name: "webhook: says again what the provider could not take, under the same id",
    by: "webhook",
    async run(kit) {
      kit.provider.postStatus = 503;
      const incident = kit.incident();
      await kit.deliver(incident.proposed(15_000));
      const first = await kit.until(answerTo(incident.repair), "It did not POST its answer");
      const from = kit.mark();
      kit.provider.postStatus = 202;
      const second = await kit.until(
        answerTo(incident.repair),
        "It did not POST again what was not taken",
        10_000,
        from,
      );
      if (second.id !== first.id) throw new Wrong("It repeated its answer under another id");
    },
  },
];
