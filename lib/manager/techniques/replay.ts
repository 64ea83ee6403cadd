import type { ServerSpec } from "../description/index.ts";
import { type Act, type HandsContext, ManagerError, type ServerHands } from "../servers.ts";

/**
 * `replay-server` (paper, section III-A-1): the last save, then every modification request that was recorded since, up to the last one that
 * was acknowledged; then it gets work again. Where the server has a mirror that works, its synchronisation reads from that.
 */
export async function replayServer(
  { hands }: HandsContext & { readonly hands: ServerHands },
  server: ServerSpec,
  act: Act,
): Promise<void> {
  if (server.state !== "stateful")
    throw new ManagerError({
      code: "noState",
      message: `${server.name} is stateless: there is nothing to replay.`,
      cure: "Restart it instead.",
    });
  act.progress(null, "stopped");
  await hands.stop(server, act);
  await hands.deploy(server, act);
  await hands.configure(server, act);
  act.progress(null, "started, closed to all others");
  await hands.start(server, act);
  act.progress(null, "its last save is restored, and what was recorded since is replayed");
  await hands.restore(server, act);
  await hands.synchronise(server, act);
}
