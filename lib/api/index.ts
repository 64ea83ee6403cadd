export { type ApiOptions, createApi } from "./app.ts";
export { type Auth, type AuthOptions, createAuth, ensurePerson, peerHeader } from "./auth.ts";
export type { BelayGlobal } from "./global.ts";
export { originsOf, urlOf } from "./origins.ts";
export { viewerSource } from "./viewer.ts";
