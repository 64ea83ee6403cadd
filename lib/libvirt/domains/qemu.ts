import type { Connection } from "../connection.ts";
import { isRpcError, messageOf, QmpError, RpcError } from "../errors.ts";
import { isAgentUnresponsive, isOperationInvalid, isUnsupported } from "../libvirt-error.ts";
import type { CallOptions } from "../session/session.ts";
import { type DomainKey, wireDomain } from "./keys.ts";

/**
 * One command to QEMU's own monitor, past libvirt: its `return` value. Throws QmpError when QEMU refuses. libvirt marks the
 * domain as tainted by it ("custom-monitor").
 */
export async function qmp(
  connection: Connection,
  domain: DomainKey,
  command: string,
  args: object = {},
  options?: CallOptions,
): Promise<unknown> {
  const cmd = JSON.stringify({ execute: command, arguments: args });
  const request = { dom: wireDomain(domain), cmd, flags: 0 };
  const { result } = await connection.call("qemu.domain_monitor_command", request, options);
  const answer = parseAnswer(result);
  if (answer && "return" in answer) return answer.return;
  const error = isObject(answer?.error) ? answer.error : {};
  throw new QmpError(
    command,
    String(error.class ?? "GenericError"),
    String(error.desc ?? `unreadable answer: ${result}`),
  );
}

/** One command for people to QEMU's monitor, as text; QEMU tells errors in the text too. */
export async function hmp(
  connection: Connection,
  domain: DomainKey,
  command: string,
  options?: CallOptions,
): Promise<string> {
  const request = { dom: wireDomain(domain), cmd: command, flags: 1 };
  return (await connection.call("qemu.domain_monitor_command", request, options)).result;
}

export interface AgentOptions extends CallOptions {
  /** How long the guest may take; libvirt itself waits in whole seconds, this side exactly. */
  readonly timeoutMs: number;
}

/**
 * One command to the guest agent: its `return` value. Throws LibvirtError (`isAgentUnresponsive`: no agent there), RpcError
 * `CallTimeout`, or `AgentFailed` when the agent refuses.
 */
export async function agentCommand(
  connection: Connection,
  domain: DomainKey,
  command: string,
  args: object | undefined,
  options: AgentOptions,
): Promise<unknown> {
  const cmd = JSON.stringify({ execute: command, ...(args && { arguments: args }) });
  const timeout = Math.max(1, Math.ceil(options.timeoutMs / 1000));
  const request = { dom: wireDomain(domain), cmd, timeout, flags: 0 };
  const { result } = await connection.call("qemu.domain_agent_command", request, options);
  const answer = result === null ? undefined : parseAnswer(result);
  if (answer && "return" in answer) return answer.return;
  throw new RpcError("AgentFailed", `guest agent, ${command}: ${result ?? "no answer"}`);
}

/** Whether the guest's agent answers in time. Throws only where that cannot be said: a lost connection, an unknown domain. */
export async function agentAnswers(connection: Connection, domain: DomainKey, options: AgentOptions): Promise<boolean> {
  try {
    await agentCommand(connection, domain, "guest-ping", undefined, options);
    return true;
  } catch (error) {
    if (isAgentUnresponsive(error) || isUnsupported(error) || isOperationInvalid(error)) return false;
    if (isRpcError(error, "CallTimeout", "AgentFailed")) return false;
    throw error;
  }
}

function parseAnswer(text: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) ? answer : undefined;
  } catch (cause) {
    throw new RpcError("ProtocolError", `an answer that is not JSON: ${messageOf(cause)}`, { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
