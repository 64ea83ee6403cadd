export { type ApiOptions, createApi } from "./app.ts";
export { type Auth, type AuthOptions, createAuth, ensurePerson, peerHeader } from "./auth.ts";
export type { BelayGlobal } from "./global.ts";
export { newPassword } from "./new-password.ts";
export { originsOf, urlOf } from "./origins.ts";
export { createPeople } from "./people.ts";
export { viewerSource } from "./viewer.ts";
