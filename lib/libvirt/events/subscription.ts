import type { Procedures } from "../protocol/generated/types.ts";
import { type MessageName, procedure } from "../protocol/table.ts";
import type { CallOptions, Session } from "../session/session.ts";
import { BoundedQueue, type Overflow } from "./bounded-queue.ts";
import type { EventHub } from "./hub.ts";

/**
 * Events as they come, for one reader. Ends when it or its connection is closed by this side; throws the connection's RpcError
 * when the connection is lost. Leaving a `for await` closes it.
 */
export interface Subscription<T extends object> extends AsyncIterable<T | Overflow, undefined>, AsyncDisposable {
  /** Also tells libvirt to send no more, as far as the connection still can. May be called again. */
  close(): Promise<void>;
}

export interface SubscribeOptions extends CallOptions {
  /** Events kept for a slow reader before they are dropped and counted. Default 1024. */
  readonly bufferSize?: number;
}

/** One registration with libvirt. */
export interface Registration<T> {
  readonly register: "connect_domain_event_callback_register_any" | "qemu.connect_domain_monitor_event_register";
  readonly deregister: "connect_domain_event_callback_deregister_any" | "qemu.connect_domain_monitor_event_deregister";
  readonly args: Procedures[Registration<T>["register"]]["args"];
  readonly message: MessageName;
  readonly decode: (message: unknown) => T;
}

export async function subscribe<T extends object>(
  session: Session,
  hub: EventHub,
  registrations: readonly Registration<T>[],
  options: SubscribeOptions,
): Promise<Subscription<T>> {
  const queue = new BoundedQueue<T>(options.bufferSize ?? 1024);
  const registered: { readonly registration: Registration<T>; readonly callbackID: number }[] = [];

  const deregister = async () => {
    stopHearing();
    queue.finish();
    const undone = registered.splice(0);
    for (const { registration, callbackID } of undone) hub.remove(registration.message, callbackID);
    // What cannot be taken back any more ends with the connection.
    await Promise.allSettled(
      undone.map(({ registration, callbackID }) => session.request(procedure(registration.deregister), { callbackID })),
    );
  };
  const stopHearing = hub.whenEnded((error) => (error ? queue.fail(error) : queue.finish()));

  hub.registrationBegins();
  const results = await Promise.allSettled(
    registrations.map((registration) =>
      session.request(procedure(registration.register), registration.args, options, {
        sync: (outcome) => {
          if (!outcome.ok) return;
          const callbackID = callbackIdOf(outcome.value);
          registered.push({ registration, callbackID });
          hub.add(registration.message, callbackID, (message) => queue.push(registration.decode(message)));
        },
      }),
    ),
  );
  hub.registrationEnds();
  const failed = results.find((result) => result.status === "rejected");
  if (failed) {
    await deregister();
    throw failed.reason;
  }

  return {
    close: deregister,
    [Symbol.asyncDispose]: deregister,
    [Symbol.asyncIterator]: () => ({
      next: () => queue.next(),
      return: async () => {
        await deregister();
        return { done: true, value: undefined };
      },
    }),
  };
}

function callbackIdOf(value: unknown): number {
  // Both register procedures answer { callbackID: int }, by the table.
  return (value as Procedures["connect_domain_event_callback_register_any"]["ret"]).callbackID;
}
