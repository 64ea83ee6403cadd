import { type Agent, sayError } from "../agent/index.ts";
import { isPassing, reportSensors, sayToProvider } from "../api/index.ts";
import { startWebhook } from "../link/index.ts";
import { ManagerError } from "../servers.ts";
import type { Opened } from "../work/index.ts";
import type { Channel } from "./channel.ts";
import { standByPost } from "./stand-by-post.ts";
import { version } from "./version.ts";

const sayAgainMs = 1_000;

/** Another manager acts, as the provider says. It may be said again once this one does. */
const isAnothersTurn = (error: unknown) =>
  error instanceof ManagerError && error.code === "conflict" && error.field === "epoch";

/**
 * Messages come to an address of the manager's own, signed; what it says, and what its sensors say, is POSTed, and so it asks whether it is
 * the one that may act. A message is taken also while it stands by: it came here, and nobody else gets it.
 */
export async function byWebhook(
  { api, instance, description }: Pick<Opened, "api" | "instance" | "description">,
  agent: Agent,
  log: (words: string) => void,
  { listen, secret }: { readonly listen: string; readonly secret: string | undefined },
): Promise<Channel> {
  if (!secret)
    throw new ManagerError({
      code: "no-secret",
      message: "There is no secret to check the provider's deliveries with.",
      cure: "Set BELAY_WEBHOOK_SECRET to what the page Manager showed when the address was set.",
    });
  const colon = listen.lastIndexOf(":");
  const host = colon < 0 ? "127.0.0.1" : listen.slice(0, colon);
  const hook = await startWebhook({
    ...{ port: Number(listen.slice(colon + 1)), host, secret, log },
    ears: { message: (event) => agent.feed({ is: "message", event }) },
  });
  log(`Messages are taken at http://${host}:${hook.port}/`);
  const name = `belay-manager for ${description.application.name}`.slice(0, 80);
  const standing = standByPost(api, { instance, name, version }, agent, log);
  let reporting = false;
  let refused = "";
  /** One for all that was refused: each sends all of it again. */
  let sayingAgain: NodeJS.Timeout | undefined;
  function sayAgain(): void {
    sayingAgain ??= setTimeout(() => {
      sayingAgain = undefined;
      agent.sendAgain();
    }, sayAgainMs).unref();
  }
  return {
    say(message) {
      sayToProvider(api, message).then(
        () => void agent.feed({ is: "taken", id: message.id }).catch(() => {}),
        (error: unknown) => {
          const isLost = isAnothersTurn(error);
          const again = isPassing(error) || isLost;
          log(`The provider refused what was said: ${sayError(error)}`);
          if (isLost) standing.lost();
          agent.feed({ is: "refused", id: message.id, again }).catch(() => {});
          if (again) sayAgain();
        },
      );
      return true;
    },
    /** One at a time: where the provider is slow, the next look is told instead. */
    report(applicationId, sensors) {
      if (reporting) return;
      reporting = true;
      reportSensors(api, { applicationId, sensors })
        .then(
          () => {
            refused = "";
          },
          (error: unknown) => {
            const words = sayError(error);
            if (words !== refused) log(`The provider did not take what the sensors say: ${words}`);
            refused = words;
          },
        )
        .finally(() => {
          reporting = false;
        });
    },
    clockAheadMs: () => 0,
    async close() {
      clearTimeout(sayingAgain);
      standing.close();
      await hook.close();
    },
  };
}
