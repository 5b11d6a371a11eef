/**
 * A person's word on an action whose outcome the gateway does not know. Whether they may say so, and what
 * follows from it, is the mission's decision (shared/mission/decide/reconcile.ts).
 */
import * as z from "zod";
import { MISSION_ID, NODE_ID } from "../../shared/ids.ts";
import { reconcileSchema, reconciliationAnswerSchema } from "../../shared/wire/outcome.ts";
import { commandBase, execute } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { parsePost, readIfMatch } from "../idempotency.ts";
import { problemResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const reconcileRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/nodes/{node}/reconciliation",
  tag: "nodes",
  summary: "Says what became of an action whose outcome is unknown",
  description:
    "`done` takes the node to its exit gate; `not_done` ends the attempt. Only while nobody knows.",
  audience: ["operator"],
  params: z.object({ id: z.string().regex(MISSION_ID), node: z.string().regex(NODE_ID) }),
  body: reconcileSchema,
  etag: true,
  ifMatch: true,
  answers: {
    200: {
      description: "Recorded; `nodeState` is what follows.",
      schema: reconciliationAnswerSchema,
    },
  },
  problems: [
    "mission_unknown",
    "mission_broken",
    "mission_not_active",
    "node_unknown",
    "outcome_not_unknown",
    "reconciliation_not_permitted",
    "evidence_unknown",
  ],
});

export const reconciliationRoutes = createRouter();

reconciliationRoutes.openapi(reconcileRoute, async (c) => {
  const post = await parsePost(c, reconcileSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const ifMatch = readIfMatch(c);
  if (!ifMatch.ok) return problemResponse(c, ifMatch.error);
  const { id, node } = c.req.valid("param");
  const { body, idempotency } = post.value;
  const command = {
    ...commandBase(c, "human"),
    type: "ReconcileOutcome",
    nodeId: node,
    ...body,
  } as const;
  const execution = { missionId: id, command, idempotency, ifMatch: ifMatch.value };
  // The person was heard, whatever the exit gate says after them: the answer is theirs, not the gate's.
  return execute(c, execution, ({ answer }) => c.json(answer, 200));
});
