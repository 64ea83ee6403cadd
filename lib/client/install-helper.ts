import { errorBody, type InstallLine, installLine } from "../contract/index.ts";
import type { HostId } from "../model/index.ts";

/** An installation that takes longer is taken for lost; it can be asked for again. */
const deadlineMs = 120_000;

const lost: InstallLine = {
  kind: "failed",
  message: "The connection to the server broke off.",
  cure: "Try again: what is there already is kept.",
};

/** Installs the host's helper, and says each step as it is done. Never throws: what goes wrong is a line. */
export async function installHelper(host: HostId, tell: (line: InstallLine) => void): Promise<void> {
  let ended = false;
  try {
    const response = await fetch(`/api/v1/hosts/${host}/helper`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(deadlineMs),
    });
    if (!response.ok || response.body === null) {
      const { error } = errorBody.parse(await response.json());
      return tell({ kind: "failed", message: error.message, cure: error.cure ?? "" });
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (rest + read.value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const said = installLine.parse(JSON.parse(line));
        ended ||= said.kind !== "step";
        tell(said);
      }
    }
  } catch {
    // said below, as an answer that ends in the middle
  }
  if (!ended) tell(lost);
}
