/**
 * Coordinates `universe/galaxy/planet/zone/agent`: where in the organisation something stands.
 * Responsibility is fixed at the zone, so four segments are a zone and five an agent in it; anything
 * shorter is a wider place that holds zones. Refuses to guess: a text that is no coordinate is null.
 * Specification: docs/architect.md, "Coordinates".
 */
import { err, ok, type Result } from "../result.ts";

/** The levels from the widest to the narrowest. */
export const COORDINATE_LEVELS = ["universe", "galaxy", "planet", "zone", "agent"] as const;

/** How many segments name a zone: the level at which responsibility is fixed. */
const ZONE_SEGMENTS = 4;
const SEGMENT = /^[^/\s]{1,64}$/u;

/** One to five segments, from the universe down. */
export interface Coordinate {
  readonly segments: readonly string[];
}

/**
 * Reads `universe[/galaxy[/planet[/zone[/agent]]]]`.
 * Errors: `coordinate_malformed` for no or more than five segments, and for a segment that is empty,
 * longer than 64 characters or holds white space.
 */
export function parseCoordinate(
  text: string,
): Result<Coordinate, { reason: "coordinate_malformed"; detail: string }> {
  const segments = text.split("/");
  if (segments.length > COORDINATE_LEVELS.length)
    return err({ reason: "coordinate_malformed", detail: `${text} has more than five segments` });
  const at = segments.findIndex((segment) => !SEGMENT.test(segment));
  if (at !== -1)
    return err({
      reason: "coordinate_malformed",
      detail: `the ${COORDINATE_LEVELS[at]} of ${JSON.stringify(text)} is no name`,
    });
  return ok({ segments });
}

/** The text `parseCoordinate` reads back to the same coordinate. */
export function formatCoordinate(coordinate: Coordinate): string {
  return coordinate.segments.join("/");
}

/** Whether `inner` is `outer` or lies in it: `a/b` contains `a/b/c/d` and itself, not `a/bc`. */
export function containsCoordinate(outer: Coordinate, inner: Coordinate): boolean {
  return outer.segments.every((segment, at) => inner.segments[at] === segment);
}

/**
 * The zone a coordinate is bound to: its first four segments. Null above the zone, where responsibility
 * is not fixed yet, and for a text that is no coordinate.
 */
export function zoneOf(text: string): string | null {
  const parsed = parseCoordinate(text);
  if (!parsed.ok || parsed.value.segments.length < ZONE_SEGMENTS) return null;
  return parsed.value.segments.slice(0, ZONE_SEGMENTS).join("/");
}

/** Whether the text names exactly a zone: four segments. Other texts are labels without boundaries. */
export function isZone(text: string): boolean {
  return zoneOf(text) === text;
}
