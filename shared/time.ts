/**
 * The two spellings of a moment: milliseconds since the epoch inside, RFC 3339 UTC text outside.
 * The only file of the core that touches Date, and only as a formatter: the clock is never read here,
 * times come in as arguments.
 */
import { invariant } from "./invariant.ts";

/** Milliseconds since 1970-01-01T00:00:00Z, whole. */
export type UnixMs = number;

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const YEAR_ZERO_MS = -62_167_219_200_000;
const YEAR_9999_END_MS = 253_402_300_799_999;

/** Formats as `YYYY-MM-DDTHH:MM:SS.mmmZ`; breaches outside the years 0000 to 9999 or off the millisecond. */
export function unixMsToIso(ms: UnixMs): string {
  invariant(
    Number.isInteger(ms) && ms >= YEAR_ZERO_MS && ms <= YEAR_9999_END_MS,
    "a time is a whole number of milliseconds in the years 0000 to 9999",
  );
  return new Date(ms).toISOString();
}

/** Reads exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`; null for any other spelling and for impossible dates. */
export function isoToUnixMs(text: string): UnixMs | null {
  if (!ISO.test(text)) return null;
  const date = new Date(text);
  const ms = date.getTime();
  // Date rolls 02-30 and 24:00 over to a later day; only a text whose day stayed was real.
  const isReal = !Number.isNaN(ms) && date.getUTCDate() === Number(text.slice(8, 10));
  return isReal ? ms : null;
}

/** The moment as a Date, for an evaluator that knows no other; null where the text is no moment. */
export function isoToDate(text: string): Date | null {
  const ms = isoToUnixMs(text);
  return ms === null ? null : new Date(ms);
}
