/**
 * Rebuilding the index: reconstructs the team's rows in D1 from the missions' journals and the team's
 * object, one bounded step per request. Changes nothing that a decision depends on.
 */
import { rebuildSchema, rebuildStepSchema } from "../../shared/wire/index-views.ts";
import { defineRoute } from "../contract.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parsePost } from "../idempotency.ts";
import { orUnavailable, problemResponse } from "../problems.ts";
import { REBUILD_START, rebuildStep, type RebuildPlace } from "../read-model/rebuild.ts";
import { createRouter } from "../router.ts";

const rebuildRoute = defineRoute({
  method: "post",
  path: "/v1/index/rebuild",
  tag: "index",
  summary: "Rebuilds the team's lists from its missions, one step per request",
  description: "Post `{}` to begin, then `{ cursor: nextCursor }` until `nextCursor` is null.",
  audience: ["admin"],
  body: rebuildSchema,
  answers: { 200: { description: "The step is done.", schema: rebuildStepSchema } },
});

export const readModelRoutes = createRouter();

readModelRoutes.openapi(rebuildRoute, async (c) => {
  // No answer is kept for the idempotency key: a step may be taken any number of times.
  const post = await parsePost(c, rebuildSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { team } = c.get("principal");
  const place = readPlace(team, post.value.body.cursor);
  if (place === null) {
    const errors = [{ pointer: "/cursor", detail: "not a cursor of this rebuild" }];
    return problemResponse(c, { code: "request_invalid", errors });
  }
  const { next, ...done } = await orUnavailable("the index", rebuildStep(c.env, team, place));
  const nextCursor = next === null ? null : encodeCursor(team, [next.phase, String(next.after)]);
  return c.json({ ...done, nextCursor }, 200);
});

function readPlace(team: string, cursor: string | null): RebuildPlace | null {
  if (cursor === null) return REBUILD_START;
  const [phase, after] = decodeCursor(team, cursor, 2) ?? [];
  if (phase === "missions" && after !== undefined) return { phase, after };
  const number = Number(after);
  return phase === "incidents" && Number.isSafeInteger(number) && number >= 0
    ? { phase, after: number }
    : null;
}
