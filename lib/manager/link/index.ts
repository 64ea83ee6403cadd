export { messageIdOf } from "./message-id.ts";
export { type Ears, type Link, startLink } from "./socket.ts";
export { startWebhook, type WebhookEars, type WebhookLink } from "./webhook.ts";
