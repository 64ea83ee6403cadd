/** Everything that can go wrong on our side of the wire, as a closed list; what libvirt itself answers is a `LibvirtError`. */
export type RpcErrorCode =
  /** The caller's signal fired; libvirt may still do what was asked. */
  | "Aborted"
  /** The server wants an authentication that it then refused (polkit). */
  | "AuthRefused"
  /** The server offers only authentication that this client does not speak (SASL). */
  | "AuthUnsupported"
  /** No answer before the call's deadline; libvirt may still do what was asked. */
  | "CallTimeout"
  /** The connection was closed, by either side, or is already. */
  | "ConnectionClosed"
  /** No transport to the server could be opened. */
  | "DialFailed"
  /** A value does not fit the wire's type; nothing was sent. */
  | "EncodeFailed"
  /** The guest agent's answer was not JSON, or was an error of the agent. */
  | "AgentFailed"
  /** The SSH host showed another key than the pinned one. */
  | "HostKeyMismatch"
  /** A command on an SSH host wrote more than its bound allows; it was stopped. */
  | "OutputTooLong"
  /** Pings stayed unanswered: the server or the network is gone. */
  | "KeepaliveTimeout"
  /** The server sent what the protocol does not allow; the connection is closed by it. */
  | "ProtocolError"
  /** QEMU's monitor answered with an error. */
  | "QmpFailed"
  /** Too many calls wait for this connection. */
  | "QueueFull"
  /** A stream's reader took nothing for too long, or its end never came. */
  | "StreamStalled";

/** An error of this client. `code` is for programs, `message` for people, `cause` keeps what was underneath. */
export class RpcError extends Error {
  readonly code: RpcErrorCode;

  constructor(code: RpcErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RpcError";
    this.code = code;
  }
}

/** The host key that was pinned at enrolment is not the one the host shows now: a reinstalled host, or someone in between. */
export class HostKeyMismatch extends RpcError {
  readonly expected: string;
  readonly actual: string;

  constructor(host: string, expected: string, actual: string) {
    super(
      "HostKeyMismatch",
      `${host} shows the host key ${actual}, but ${expected} was approved. If the host was reinstalled, enrol it again; otherwise someone may stand between.`,
    );
    this.name = "HostKeyMismatch";
    this.expected = expected;
    this.actual = actual;
  }
}

/** QEMU's monitor said no. `qmpClass` is QMP's error class, e.g. "CommandNotFound". */
export class QmpError extends RpcError {
  readonly qmpClass: string;
  readonly description: string;

  constructor(command: string, qmpClass: string, description: string) {
    super("QmpFailed", `QMP command ${command}: ${description} (${qmpClass})`);
    this.name = "QmpError";
    this.qmpClass = qmpClass;
    this.description = description;
  }
}

export function isRpcError(error: unknown, ...codes: readonly RpcErrorCode[]): error is RpcError {
  return error instanceof RpcError && (codes.length === 0 || codes.includes(error.code));
}

export function protocolError(message: string, options?: ErrorOptions): RpcError {
  return new RpcError("ProtocolError", message, options);
}

export function aborted(what: string, signal: AbortSignal): RpcError {
  return new RpcError("Aborted", `${what}: stopped by the caller`, { cause: signal.reason });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
