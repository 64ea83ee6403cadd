import type { Ears, Socket } from "./live.ts";

/** The server's live connection for this page's own host. */
export function openBrowserSocket(ears: Ears): Socket {
  const { protocol, host } = window.location;
  const socket = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}/ws`);
  socket.onopen = () => ears.opened();
  socket.onmessage = ({ data }) => ears.said(data);
  socket.onclose = ({ code }) => ears.closed(code); // `error` is always followed by it, and says less
  return socket;
}
