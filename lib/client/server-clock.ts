/**
 * A stopwatch that runs from the server's `tp` to the browser's now is wrong by the difference of the two clocks. HTTP's Date header
 * tells it to a second; differences that small are left alone, for they may be the header's rounding.
 */
const roundingMs = 1_500;
let offsetMs = 0;

/** `date` is a Date header (RFC 9110, section 6.6.1), or null where a reply had none. */
export function noteServerDate(date: string | null, browserNow: number = Date.now()): void {
  const server = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = server + 500 - browserNow;
  offsetMs = Math.abs(difference) <= roundingMs ? 0 : difference;
}

/** Milliseconds since 1970 by the server's clock, as well as the browser knows it. */
export const serverNow = (): number => Date.now() + offsetMs;
