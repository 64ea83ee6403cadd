import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { WebSocket } from "ws";
import { type CustomerEvent, messageId, type ProviderEvent, providerFrame } from "../../../lib/contract/index.ts";

/**
 * A small manager of the protocol, right but for what `faults` says: what the kit must catch. It knows nothing of Belay's own manager.
 */
export interface Faults {
  /** A message that comes again is answered again, under a new id. */
  readonly answersTwice?: boolean;
  readonly actsWhileStandby?: boolean;
  /** `received` goes out at once, what it says is written down seconds later. */
  readonly acknowledgesEarly?: boolean;
  readonly ignoresDeadlines?: boolean;
}

interface Kept {
  instance: string;
  seen: string[];
  outbox: CustomerEvent[];
  /** Repairs that are to be finished, with their generation; null: ended. */
  finishing: Record<string, { generation: number; finishBy: number; subject: string | undefined } | null>;
}

const phases = ["deploying", "starting", "synchronising"] as const;
const phaseMs = 200;

export function runWrongManager(stateDir: string, faults: Faults): void {
  const file = path.join(stateDir, "state.json");
  const kept = read(file);
  // Whole or not at all: it is killed while it writes, too.
  const save = () => {
    writeFileSync(`${file}.new`, JSON.stringify(kept));
    renameSync(`${file}.new`, file);
  };
  save();
  let socket: WebSocket | undefined;
  let active = false;
  let epoch = 0;
  let attempt = 0;
  let heardAt = Date.now();
  const running = new Set<string>();

  const send = (frame: unknown) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  const mayAct = () => active || faults.actsWhileStandby === true;
  const utter = (message: CustomerEvent) =>
    send({ type: "message", message: { ...message, ...(epoch > 0 && { epoch }) } });

  function say(key: string, data: CustomerEvent["data"], subject?: CustomerEvent["subject"]): void {
    const salt = faults.answersTwice ? String(Math.random()) : "";
    const id = idOf(`${kept.instance} ${key} ${salt}`);
    if (kept.outbox.some((one) => one.id === id)) return;
    const message: CustomerEvent = {
      ...{ specversion: "1.0", id, source: "wrong", type: `belay.${data.kind}.v1`, time: new Date().toISOString() },
      ...{ datacontenttype: "application/json", data },
      ...(subject !== undefined && { subject }),
    };
    kept.outbox.push(message);
    save();
    if (mayAct()) utter(message);
  }

  function finish(repair: string): void {
    const work = kept.finishing[repair];
    if (!work || running.has(repair)) return;
    running.add(repair);
    const { generation } = work;
    let at = 0;
    const step = () => {
      const now = kept.finishing[repair];
      if (
        !now ||
        now.generation !== generation ||
        !mayAct() ||
        (!faults.ignoresDeadlines && Date.now() >= now.finishBy)
      ) {
        running.delete(repair);
        if (now && now.generation !== generation) finish(repair);
        return;
      }
      const phase = phases[at++];
      const id = repairOf(repair);
      if (phase === undefined) {
        running.delete(repair);
        kept.finishing[repair] = null;
        return say(`${repair} ${generation} completed`, { kind: "repair.completed", repair: id, words: "All works." });
      }
      say(`${repair} ${generation} ${phase}`, { kind: "repair.phase", repair: id, phase, percent: null, words: phase });
      setTimeout(step, phaseMs);
    };
    step();
  }
  const repairIds = new Map<string, Extract<CustomerEvent["data"], { repair: unknown }>["repair"]>();
  const repairOf = (repair: string) => repairIds.get(repair) ?? JSON.parse(JSON.stringify(repair));

  function take(event: ProviderEvent): void {
    if (!mayAct()) return;
    const { data } = event;
    const before = kept.seen.includes(event.id);
    const keep = () => {
      kept.seen.push(event.id);
      if (data.kind === "vm.restarted" && kept.finishing[data.repair] !== null)
        kept.finishing[data.repair] = { generation: data.generation, finishBy: data.finishBy, subject: event.subject };
      if (data.kind === "repair.changed") {
        if (data.state === "fallback") delete kept.finishing[data.repair];
        else if (data.state !== "agreed" && data.state !== "waiting") kept.finishing[data.repair] = null;
      }
      save();
    };
    if (faults.acknowledgesEarly && data.kind === "vm.restarted") {
      send({ type: "received", id: event.id });
      setTimeout(() => {
        keep();
        finish(data.repair);
      }, 700);
      return;
    }
    if (!before) keep();
    send({ type: "received", id: event.id });
    if (before && !faults.answersTwice) return;
    if ("repair" in data) repairIds.set(data.repair, data.repair);
    if (data.kind === "repair.proposed" && kept.finishing[data.repair] === undefined)
      if (faults.ignoresDeadlines || Date.now() < data.answerBy)
        say(`${event.id} answer`, { kind: "repair.accepted", repair: data.repair }, event.subject);
    if (data.kind === "diagnosis.asked")
      say(
        `${event.id} looked`,
        {
          kind: "diagnosis.answered",
          question: event.id,
          customer: { reached: "by-all", processes: "running", service: "answers" },
        },
        event.subject,
      );
    if (data.kind === "vm.restarted") finish(data.repair);
  }

  function stand(standing: "active" | "standby", given: number): void {
    active = standing === "active";
    epoch = given;
    if (!mayAct()) return;
    for (const message of kept.outbox) utter(message);
    for (const repair of Object.keys(kept.finishing)) finish(repair);
  }

  function open(): void {
    const url = new URL("/manager", process.env.BELAY_URL);
    url.protocol = "ws:";
    const mine = new WebSocket(url, { headers: { authorization: `Bearer ${process.env.BELAY_KEY}` } });
    socket = mine;
    mine.on("error", () => {});
    mine.on("open", () => {
      heardAt = Date.now();
      send({ type: "hello", protocol: 1, instance: kept.instance, name: "wrong", version: "0" });
    });
    mine.on("message", (text) => {
      heardAt = Date.now();
      hear(String(text));
    });
    mine.on("close", () => {
      if (socket === mine) setTimeout(open, 200 * 2 ** Math.min(4, attempt++));
    });
  }

  function hear(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return;
    }
    const frame = providerFrame.safeParse(value).data;
    if (frame === undefined) {
      const id = /"id":"(msg_[^"]*)"/.exec(text)?.[1];
      if (id !== undefined && mayAct()) send({ type: "received", id });
    } else if (frame.type === "welcome" || frame.type === "standing") {
      attempt = 0;
      stand(frame.standing, frame.epoch);
    } else if (frame.type === "message") take(frame.message);
    else if (frame.type === "taken" || frame.type === "refused") {
      kept.outbox = kept.outbox.filter(({ id }) => id !== frame.id);
      save();
    }
  }

  setInterval(() => {
    if (Date.now() - heardAt > 4_000) socket?.terminate();
  }, 500);
  open();
}

function idOf(words: string) {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  let hash = 7n;
  for (const letter of words) hash = (hash * 1_099_511_628_211n + BigInt(letter.codePointAt(0) ?? 0)) % (1n << 100n);
  let text = "";
  for (let n = 0; n < 20; n++, hash >>= 5n) text += alphabet[Number(hash & 31n)];
  return messageId.parse(`msg_${text}`);
}

function read(file: string): Kept {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { instance: `wrong-${process.pid}-${Date.now()}`, seen: [], outbox: [], finishing: {} };
  }
}
