import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import type { z } from "zod";
import {
  type CustomerEvent,
  eventType,
  type ManagerFrame,
  type ProviderEvent,
  protocolVersion,
  providerFrame,
  type sensorsBody,
} from "../../../lib/contract/index.ts";
import { type CustomerMessage, idSource } from "../../../lib/model/index.ts";

/** A message as it came, and when. */
export interface Arrival {
  readonly at: number;
  readonly event: ProviderEvent;
}

export interface Talker {
  readonly arrivals: readonly Arrival[];
  say(message: CustomerMessage, thread: string | undefined): void;
  report(report: z.infer<typeof sensorsBody>): void;
  close(): void;
}

const ids = idSource(Date.now, Math.random);
const openWithinMs = 10_000;

/**
 * The smallest customer's manager that a measurement needs: it says that it has each message, and `react` may answer. It keeps nothing, so it
 * is no manager to use.
 */
export async function talk(options: {
  readonly url: string;
  readonly key: string;
  readonly name: string;
  react(event: ProviderEvent, say: (message: CustomerMessage) => void): void;
}): Promise<Talker> {
  const socket = new WebSocket(`${options.url.replace(/^http/, "ws")}/manager`, {
    headers: { authorization: `Bearer ${options.key}` },
  });
  const arrivals: Arrival[] = [];
  let epoch = 0;
  const send = (frame: ManagerFrame) => socket.send(JSON.stringify(frame));
  const say = (data: CustomerMessage, subject: string | undefined) => {
    const message = {
      specversion: "1.0",
      id: ids.next("msg"),
      source: `belay:manager/${options.name}`,
      type: eventType(data.kind),
      ...(subject !== undefined && { subject }),
      time: new Date().toISOString(),
      datacontenttype: "application/json",
      epoch,
      data,
    } as CustomerEvent;
    send({ type: "message", message });
  };
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no welcome of the server in time")), openWithinMs);
    socket.on("error", reject);
    socket.on("close", (code, reason) => reject(new Error(`the socket was closed: ${code} ${reason.toString()}`)));
    socket.on("open", () =>
      send({
        type: "hello",
        protocol: protocolVersion,
        instance: `bench-${randomUUID()}`,
        name: options.name,
        version: "bench",
      }),
    );
    socket.on("message", (data) => {
      const at = Date.now();
      const frame = providerFrame.parse(JSON.parse(data.toString()));
      if (frame.type === "welcome" || frame.type === "standing") {
        epoch = frame.epoch;
        clearTimeout(timer);
        resolve();
      }
      if (frame.type === "refused") throw new Error(`refused: ${JSON.stringify(frame.error)}`);
      if (frame.type !== "message") return;
      arrivals.push({ at, event: frame.message });
      send({ type: "received", id: frame.message.id });
      options.react(frame.message, (message) => say(message, frame.message.subject));
    });
  });
  const report: Talker["report"] = (now) => socket.readyState === socket.OPEN && send({ type: "sensors", ...now });
  return { arrivals, say, report, close: () => socket.close() };
}
