import type { Case } from "../kit.ts";
import { calling } from "./calling.ts";
import { repairing } from "./repairing.ts";
import { standing } from "./standing.ts";
import { talking } from "./talking.ts";
import { webhooks } from "./webhooks.ts";

export const allCases: readonly Case[] = [...talking, ...standing, ...repairing, ...webhooks, ...calling];
