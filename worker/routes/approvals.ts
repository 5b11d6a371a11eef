/**
 * The approval inbox: what waits for a person, why, how far it would reach, and what exactly to sign.
 * Comes from the index and may lag; the mission checks every signature against its own state.
 */
import * as z from "zod";
import { MISSION_ID, NODE_ID } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { MissionView } from "../../shared/mission/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import { approvalViewSchema } from "../../shared/wire/approval-view.ts";
import { approvalRequestSchema, approvalStateSchema } from "../../shared/wire/index-views.ts";
import { setEtag } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor, encodeCursor } from "../cursor.ts";
import type { Env } from "../env.ts";
import { missionStub } from "../missions.ts";
import { orUnavailable, problemResponse, rejectionResponse } from "../problems.ts";
import { listApprovals, readMissionRows } from "../read-model/queries.ts";
import type { ApprovalRow, MissionRow } from "../read-model/schema.ts";
import { createRouter } from "../router.ts";

/** Missions asked for what lies downstream; a longer page leaves the rest unknown. */
const MISSIONS_ASKED_MAX = 10;

const listRoute = defineRoute({
  method: "get",
  path: "/v1/approvals",
  tag: "approvals",
  summary: "Approval requests, the nearest deadline first",
  audience: ["approver"],
  query: z.strictObject({
    state: approvalStateSchema.default("pending"),
    cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
    limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(50),
  }),
  answers: { 200: { description: "One page.", schema: pageSchema(approvalRequestSchema) } },
});

const readRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/nodes/{node}/approval",
  tag: "approvals",
  summary: "The node's open request: what is asked, who sits, what follows, what changed",
  description:
    "From the mission itself, so never behind. `changes` is against the last revision of this node that somebody approved.",
  audience: ["approver", "operator", "auditor", "admin"],
  params: z.object({ id: z.string().regex(MISSION_ID), node: z.string().regex(NODE_ID) }),
  etag: true,
  answers: { 200: { description: "As it stands at the ETag.", schema: approvalViewSchema } },
  problems: ["mission_unknown", "node_unknown", "approval_not_requested"],
});

export const approvalRoutes = createRouter();

approvalRoutes.openapi(readRoute, async (c) => {
  const { id, node } = c.req.valid("param");
  const { team } = c.get("principal");
  const read = await missionStub(c.env, team, id).approval(team, node);
  if (!read.ok) return rejectionResponse(c, read.error);
  setEtag(c, read.value.head);
  return c.json(read.value.approval, 200);
});

approvalRoutes.openapi(listRoute, async (c) => {
  const { state, cursor, limit } = c.req.valid("query");
  const { team } = c.get("principal");
  const place = cursor === undefined ? [] : decodeCursor(team, cursor, 3);
  if (place === null) return problemResponse(c, CURSOR_REFUSED);
  const [deadlineAt, missionId, nodeId] = place;
  const after =
    deadlineAt === undefined || missionId === undefined || nodeId === undefined
      ? undefined
      : { deadlineAt, missionId, nodeId };
  const rows = await orUnavailable(
    "the index",
    listApprovals(c.env.DB, team, { state, after, limit: limit + 1 }),
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const nextCursor =
    last === undefined ? null : encodeCursor(team, [last.deadlineAt, last.missionId, last.nodeId]);
  return c.json({ items: await describe(c.env, team, page), nextCursor }, 200);
});

async function describe(env: Env, team: string, page: readonly ApprovalRow[]) {
  const ids = [...new Set(page.map((row) => row.missionId))];
  const keys = ids.map((missionId) => ({ team, missionId }));
  const missions = await orUnavailable("the index", readMissionRows(env.DB, keys));
  const missionById = new Map(missions.map((mission) => [mission.id, mission]));
  const asked = ids.slice(0, MISSIONS_ASKED_MAX);
  const views = await Promise.all(asked.map((missionId) => readView(env, team, missionId)));
  const viewById = new Map(asked.map((missionId, index) => [missionId, views[index] ?? null]));
  return page.map((row) => {
    const view = viewById.get(row.missionId) ?? null;
    return toItem(row, missionById.get(row.missionId), view);
  });
}

/** The inbox is worth showing without it, so a mission that does not answer leaves a gap and no error. */
async function readView(env: Env, team: string, missionId: string): Promise<MissionView | null> {
  try {
    const read = await missionStub(env, team, missionId).view(team);
    return read.ok ? read.value.view : null;
  } catch {
    return null;
  }
}

function toItem(row: ApprovalRow, mission: MissionRow | undefined, view: MissionView | null) {
  const action: unknown = row.action === null ? null : JSON.parse(row.action);
  return {
    mission: {
      id: row.missionId,
      title: mission?.title ?? "",
      state: view?.state ?? mission?.state ?? "",
    },
    nodeId: row.nodeId,
    state: row.state,
    title: row.title,
    summary: row.summary,
    requestedAt: row.requestedAt,
    deadlineAt: row.deadlineAt,
    gateDigest: row.gateDigest,
    attempt: row.attempt,
    requirement: { quorum: row.quorum, group: row.groupName },
    have: row.have,
    evidence: JSON.parse(row.evidence) as unknown,
    pauses: view === null ? null : pausesAsked(view, row),
    blastRadius: {
      risk: row.risk,
      action,
      downstream: view === null ? null : countDownstream(view.edges, row.nodeId),
    },
    statement: JSON.parse(row.statement) as unknown,
  };
}

/** What an approval of this very request clears; nothing where it is no longer the open one. */
function pausesAsked({ nodes }: MissionView, { nodeId, gateDigest }: ApprovalRow) {
  const request = nodes.find(({ id }) => id === nodeId)?.request ?? null;
  return request?.gateDigest === gateDigest ? (request.pauses ?? []) : [];
}

/** Nodes reachable from a node, itself not counted. O(V + E). */
function countDownstream(edges: MissionView["edges"], nodeId: string): number {
  const successors = new Map<string, string[]>();
  for (const { from, to } of edges) successors.set(from, [...(successors.get(from) ?? []), to]);
  const seen = new Set([nodeId]);
  const open = [nodeId];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const next of successors.get(at) ?? []) {
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return seen.size - 1;
}
