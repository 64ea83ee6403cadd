import { setTimeout as pause } from "node:timers/promises";
import { powerOff, powerOn } from "../power.ts";
import { readLab } from "../status.ts";
import { LabError } from "../system/error.ts";
import type { LabHost, LabState } from "../types.ts";
import { metadataXml } from "./metadata.ts";
import { type FenceRequest, parseOptions } from "./options.ts";

export interface FenceAnswer {
  /** 0: done, or "on" for status; 1: failed; 2: "off" for status. */
  code: 0 | 1 | 2;
  stdout: string;
  stderr: string;
}

const maxInputBytes = 64 * 1024;
/** How long an agent of the family tries to log in before it gives up, about. */
const darkMs = 20_000;

export interface FenceOptions {
  /** How long a dark BMC is asked: 20 s unless told. */
  darkMs?: number;
  signal?: AbortSignal;
}

/** Standard input as text, to its end. */
export async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = "";
  for await (const piece of input) {
    text += typeof piece === "string" ? piece : Buffer.from(piece).toString();
    if (text.length > maxInputBytes) throw new LabError(`more than ${maxInputBytes} bytes of options`);
  }
  return text;
}

/** One call of the agent: options in, exit code and words out. Never throws for what a caller can get wrong. */
export async function runFence(input: string, defaultLab: string, options: FenceOptions = {}): Promise<FenceAnswer> {
  try {
    const request = parseOptions(input, defaultLab);
    const warnings = request.warnings.map((warning) => `${warning}\n`).join("");
    const answer = await act(request, defaultLab, options);
    return { ...answer, stderr: `${warnings}${answer.stderr ?? ""}` };
  } catch (error) {
    if (!(error instanceof LabError || error instanceof RangeError)) throw error;
    return { code: 1, stdout: "", stderr: `Failed: ${error.message}\n` };
  }
}

async function act(
  request: FenceRequest,
  defaultLab: string,
  options: FenceOptions,
): Promise<Omit<FenceAnswer, "stderr"> & { stderr?: string }> {
  const { action, lab, plug } = request;
  if (action === "metadata") return { code: 0, stdout: metadataXml(defaultLab) };
  const state = await readLab(lab);
  const rows = (line: (host: LabHost) => string) => state.hosts.map((host) => `${line(host)}\n`).join("");
  // These ask the plug's BMC. Nothing is locked meanwhile: a caller that loses patience and kills us leaves nothing held.
  if (
    plug !== "" &&
    ["monitor", "status", "on", "off", "reboot"].includes(action) &&
    find(state, plug).bmc === "dark"
  ) {
    await pause(options.darkMs ?? darkMs, undefined, options.signal ? { signal: options.signal } : {});
    throw new LabError("no answer from the BMC");
  }
  switch (action) {
    case "list":
      return { code: 0, stdout: rows((host) => `${host.name},${host.address}`) };
    case "list-status":
      return { code: 0, stdout: rows((host) => `${host.name},${host.address},${host.power}`) };
    case "monitor":
      // Reading the lab's state is all that the device is; a plug is not needed for it, but one named must answer.
      return { code: 0, stdout: "" };
    case "validate-all":
      if (plug !== "") find(state, plug);
      return { code: 0, stdout: "" };
    case "status": {
      const { power } = find(state, plug);
      return { code: power === "on" ? 0 : 2, stdout: `Status: ${power.toUpperCase()}\n` };
    }
    case "on":
      return { ...(await switchTo(lab, find(state, plug).name, "on")), stdout: "Success: Powered ON\n" };
    case "off":
      return { ...(await switchTo(lab, find(state, plug).name, "off")), stdout: "Success: Powered OFF\n" };
    case "reboot": {
      const host = find(state, plug).name;
      await switchTo(lab, host, "off");
      // As in the other agents: once the host was off it is fenced, whether it comes back or not.
      const back = await switchTo(lab, host, "on").catch((error: unknown) => error);
      const warning = back instanceof LabError ? `Warning: ${host} stays off: ${back.message}\n` : "";
      return { code: 0, stdout: "Success: Rebooted\n", stderr: warning };
    }
  }
}

/** Switches a host and looks that it is so: success is what is, not what was asked for. */
async function switchTo(lab: string, host: string, wanted: "on" | "off"): Promise<{ code: 0 }> {
  await { on: powerOn, off: powerOff }[wanted](lab, host);
  const { power } = find(await readLab(lab), host);
  if (power !== wanted) throw new LabError(`${host} is ${power} after it was switched ${wanted}`);
  return { code: 0 };
}

function find(state: LabState, plug: string): LabHost {
  if (plug === "") throw new LabError("You have to enter plug number or machine identification");
  const host = state.hosts.find((one) => one.name === plug);
  if (!host) throw new LabError(`there is no plug "${plug}" in lab "${state.name}"; see action=list`);
  return host;
}
