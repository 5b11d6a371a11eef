/** Where the members of an event's data stand, as dotted places: what a list of members names, and what a value holds. */
import { THINGS } from "./event-members.ts";
import type { Members } from "./member-types.ts";

/** Dotted places of an event type's data, lists left out; those of a thing begin with its name. */
export function placesOf(members: Members, at: string): readonly string[] {
  if (members === true) return [at];
  if (typeof members === "string") return [at];
  return Object.entries(members).flatMap(([name, inner]) => placesOf(inner, `${at}.${name}`));
}

/** The places that a value of this shape holds; what stands inside a thing is told under its name. */
export function placesIn(value: unknown, members: Members, at: string): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((one) => placesIn(one, members, at));
  if (typeof members === "string") return [at, ...placesIn(value, THINGS[members], members)];
  if (members === true || value === null || typeof value !== "object") return [at];
  return Object.entries(members).flatMap(([name, inner]) =>
    placesIn((value as Readonly<Record<string, unknown>>)[name], inner, `${at}.${name}`),
  );
}
