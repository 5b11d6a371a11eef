/**
 * The hours in which a person approves, by the clock on the wall where they live. An hour that summer time
 * leaves out does not exist, one that it repeats counts twice. Denying is not bound to hours.
 * Specification: docs/approvals.md, "Approval hours".
 */
import * as z from "zod";
import type { UnixMs } from "../time.ts";

const wallClockSchema = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, "must be hh:mm");

/** Days 1 (Monday) to 7 (Sunday); `to` is exclusive, and at or before `from` it is of the next day. */
export const approvalHoursSchema = z.strictObject({
  timeZone: z.string().min(1).max(64).refine(isTimeZone, "is no IANA time zone"),
  days: z
    .array(z.int().min(1).max(7))
    .min(1)
    .max(7)
    .refine((days) => new Set(days).size === days.length, "names a day twice"),
  from: wallClockSchema,
  to: wallClockSchema,
});

export type ApprovalHours = z.output<typeof approvalHoursSchema>;

/** Whether the moment lies within the hours. A time zone nobody knows has no hours. */
export function isWithinHours({ timeZone, days, from, to }: ApprovalHours, at: UnixMs): boolean {
  const wall = wallClockAt(timeZone, at);
  if (wall === null) return false;
  const { day, time } = wall;
  if (from < to) return days.includes(day) && from <= time && time < to;
  // Over midnight the early hours belong to the day before.
  const dayBefore = day === 1 ? 7 : day - 1;
  return (time >= from && days.includes(day)) || (time < to && days.includes(dayBefore));
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/** A zone's rules are looked up once; there are about 600 names. */
const formats = new Map<string, Intl.DateTimeFormat>();

function wallClockAt(
  timeZone: string,
  at: UnixMs,
): { readonly day: number; readonly time: string } | null {
  const format = formatOf(timeZone);
  if (format === null) return null;
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = WEEKDAYS.indexOf(parts.get("weekday") ?? "") + 1;
  return { day, time: `${parts.get("hour")}:${parts.get("minute")}` };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const kept = formats.get(timeZone);
  if (kept) return kept;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
    return format;
  } catch {
    return null;
  }
}

/** Offsets (`+01:00`) are refused: they know no summer time. */
function isTimeZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && formatOf(name) !== null;
}
