import { aboutRepair, answerTo, type Case, messageOf, receivedOf, Wrong } from "../kit.ts";

/** The connection, and what is said over it. */
export const talking: readonly Case[] = [
  {
    name: "says hello with protocol 1 and its key",
    by: "socket",
    async run(kit) {
      const hello = await kit.hello();
      if (hello.instance.length < 8) throw new Wrong("Its instance is no name");
    },
  },
  {
    name: "says that it has each message",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const event = incident.failed();
      await kit.deliver(event);
      await kit.until((one) => receivedOf(one) === event.id || undefined, "It did not say to have received vm.failed");
    },
  },
  {
    name: "answers a proposal before its deadline",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      await kit.deliver(incident.failed());
      await kit.deliver(incident.proposed(2_000));
      const answer = await kit.until(answerTo(incident.repair), "It did not answer a proposal by its deadline", 2_000);
      if (answer.subject !== incident.subject) throw new Wrong("Its answer does not name the incident as its subject");
    },
  },
  {
    name: "keeps two incidents apart that are told at once",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const [a, b] = [kit.incident(), kit.incident()];
      const [a1, b1, a2, b2] = [a.failed(), b.failed(), a.proposed(), b.proposed()];
      for (const event of [b1, a1, a2, b2]) await kit.deliver(event);
      for (const one of [a, b]) {
        const answer = await kit.until(answerTo(one.repair), "It did not answer each of two proposals");
        if (answer.subject !== one.subject) throw new Wrong("It answered in the other incident's thread");
      }
    },
  },
  {
    name: "takes a message that comes twice for one",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const proposal = incident.proposed();
      for (let n = 0; n < 3; n++) await kit.deliver(proposal);
      await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      await kit.deliver(proposal);
      await kit.never((one) => receivedOf(one) === "" || undefined, "", 800);
      const ids = new Set(
        kit
          .said()
          .filter(({ data }) => "repair" in data && data.repair === incident.repair)
          .map(({ id }) => id),
      );
      if (ids.size > 1) throw new Wrong(`It answered one proposal under ${ids.size} ids: each is another message`);
    },
  },
  {
    name: "says after a reconnect what was not taken, under the same id",
    by: "socket",
    async run(kit) {
      const first = await kit.hello();
      kit.provider.answering = "hold";
      const incident = kit.incident();
      const proposal = incident.proposed(20_000);
      await kit.deliver(proposal);
      const answer = await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      const from = kit.mark();
      kit.provider.cut();
      const second = await kit.hello(from);
      if (second.instance !== first.instance) throw new Wrong("It has another instance after a reconnect");
      kit.provider.answering = "take";
      await kit.deliver(proposal);
      const again = await kit.until(
        answerTo(incident.repair),
        "It did not repeat an answer that was never taken",
        8_000,
        from,
      );
      if (again.id !== answer.id) throw new Wrong("It repeated its answer under another id");
    },
  },
  {
    name: "does not repeat what was taken",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      await kit.deliver(incident.proposed(20_000));
      await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      // The frame `taken` is on its way: give it time to arrive before the cut.
      await kit.never(() => undefined, "", 300);
      const from = kit.mark();
      kit.provider.cut();
      await kit.hello(from);
      await kit.never(aboutRepair(incident.repair), "It said again what had been taken", 1_000, from);
    },
  },
  {
    name: "does not repeat what was refused",
    by: "socket",
    async run(kit) {
      await kit.hello();
      kit.provider.answering = "refuse";
      const incident = kit.incident();
      await kit.deliver(incident.proposed(20_000));
      await kit.until(answerTo(incident.repair), "It did not answer the proposal");
      await kit.never(() => undefined, "", 300);
      const from = kit.mark();
      kit.provider.cut();
      await kit.hello(from);
      await kit.never(
        aboutRepair(incident.repair),
        "It said again what had been refused: the repair had ended",
        1_500,
        from,
      );
    },
  },
  {
    name: "passes over kinds of messages and frames that it does not know",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const incident = kit.incident();
      const event = incident.failed();
      const unknown = { ...event, type: "belay.weather.changed.v1", data: { kind: "weather.changed", sky: "grey" } };
      kit.provider.sendRaw(JSON.stringify({ type: "message", message: unknown }));
      kit.provider.sendRaw(JSON.stringify({ type: "weather", sky: "grey" }));
      await kit.until(
        (one) => receivedOf(one) === event.id || undefined,
        "It did not say to have a message of an unknown kind: it will come again for ever",
      );
      await kit.deliver(incident.proposed());
      await kit.until(answerTo(incident.repair), "It does not answer any more after an unknown kind of message");
      if (kit.provider.heard.some(({ is }) => is === "closed"))
        throw new Wrong("It closed the connection over an unknown kind of message");
    },
  },
  {
    name: "goes on after a frame that is none",
    by: "socket",
    async run(kit) {
      await kit.hello();
      kit.provider.sendRaw("{ this is no JSON");
      // It may close the connection and come again, or pass over it.
      await kit.never(() => undefined, "", 1_500);
      const incident = kit.incident();
      const proposal = incident.proposed(10_000);
      await kit.deliver(proposal);
      await kit.until(answerTo(incident.repair), "It does not answer any more after a malformed frame");
    },
  },
  {
    name: "connects again when the provider has gone silent",
    by: "socket",
    async run(kit) {
      await kit.hello();
      const from = kit.mark();
      kit.provider.beating = false;
      await kit.until(
        (one) => (one.is === "closed" || one.is === "connected" ? true : undefined),
        "It keeps a connection over which nothing comes any more",
        12_000,
        from,
      );
      kit.provider.beating = true;
      await kit.hello(from);
    },
  },
  {
    name: "comes again, and not in a rush, while the provider says later",
    by: "socket",
    async run(kit) {
      kit.provider.refuseNext = { times: 3, code: 1013 };
      await kit.hello();
      const tries = kit.provider.heard.flatMap((one) => (one.is === "connected" ? [one.at] : []));
      if (tries.length < 4) throw new Wrong("It did not come again after each `try again later`");
      const took = (tries.at(-1) ?? 0) - (tries[0] ?? 0);
      if (took < 300) throw new Wrong(`It knocked ${tries.length} times within ${took} ms: it has no back-off`);
      await kit.never(messageOf, "It said something unasked", 300);
    },
  },
];
