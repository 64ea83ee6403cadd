/**
 * A key that no other request has: 128 random bits in hex. (`crypto.randomUUID` exists only on https and localhost;
 * Belay is also opened by address on a machine room's network.)
 */
export const freshKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
