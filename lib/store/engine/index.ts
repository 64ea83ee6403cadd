import type { EngineStore } from "../../engine/ports.ts";
import type { Parts } from "../parts.ts";
import { engineAllocations } from "./allocations.ts";
import { engineCheckpoints } from "./checkpoints.ts";
import { engineCollaboration } from "./collaboration.ts";
import { engineFence } from "./fence.ts";
import { engineHostIncidents } from "./host-incidents.ts";
import { engineHosts } from "./hosts.ts";
import { engineIncidents } from "./incidents.ts";
import { engineIntents } from "./intents.ts";
import { engineMaintenance } from "./maintenance.ts";
import { engineRelocation } from "./relocation.ts";
import { engineRepairs } from "./repairs.ts";
import { engineRetention } from "./retention.ts";
import { engineVms } from "./vms.ts";
import { engineWishes } from "./wishes.ts";

/** The store as the engine sees it. */
export const engineStore = (parts: Parts): EngineStore => ({
  ...engineHosts(parts),
  ...engineVms(parts),
  ...engineIncidents(parts),
  ...engineRepairs(parts),
  ...engineIntents(parts),
  ...engineFence(parts),
  ...engineHostIncidents(parts),
  ...engineRelocation(parts),
  ...engineMaintenance(parts),
  ...engineCheckpoints(parts),
  ...engineRetention(parts),
  ...engineWishes(parts),
  ...engineCollaboration(parts),
  ...engineAllocations(parts),
});
