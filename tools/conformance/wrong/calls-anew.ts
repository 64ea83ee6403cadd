import { randomUUID } from "node:crypto";

/** Wrong on purpose: calls for a save under a new key each time, and takes 202 for its end. */

const { BELAY_URL = "", BELAY_KEY = "" } = process.env;
const api = async (method: string, route: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${BELAY_URL}/api/v1${route}`, { method, headers: { authorization: `Bearer ${BELAY_KEY}`, ...headers } });

const { vms }: { vms: { id: string; name: string }[] } = await (await api("GET", "/vms")).json();
const vm = vms.find(({ name }) => name === process.argv[2]);
const take = () => api("POST", `/vms/${vm?.id}/checkpoints`, { "idempotency-key": randomUUID() });
for (let left = 10; (await take()).status === 503 && left > 0; left--)
  await new Promise((wake) => setTimeout(wake, 200));
