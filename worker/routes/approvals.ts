/**
 * The approval inbox: what waits for a person, why, how far it would reach, and what exactly to sign.
 * Comes from the index and may lag; the mission checks every signature against its own state.
 */
import * as z from "zod";
import type { SeatRequirement } from "../../shared/approval/index.ts";
import { MISSION_ID, NODE_ID } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { MissionView } from "../../shared/mission/index.ts";
import { isMeetable } from "../../shared/team/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import { shownApprovalSchema } from "../../shared/wire/approval-view.ts";
import {
  approvalRequestSchema,
  approvalStateSchema,
  withdrawnApprovalSchema,
} from "../../shared/wire/index-views.ts";
import { setEtag } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor, encodeCursor } from "../cursor.ts";
import type { Env } from "../env.ts";
import { missionStub, teamStub } from "../missions.ts";
import { orUnavailable, problemResponse, rejectionResponse } from "../problems.ts";
import { listApprovals, listWithdrawn, readMissionRows } from "../read-model/queries.ts";
import type { ApprovalRow, MissionRow } from "../read-model/schema.ts";
import { createRouter } from "../router.ts";

/** Missions asked for what lies downstream; a longer page leaves the rest unknown. */
const MISSIONS_ASKED_MAX = 10;

const listRoute = defineRoute({
  method: "get",
  path: "/v1/approvals",
  tag: "approvals",
  summary: "Approval requests, the nearest deadline first",
  description:
    "With `state=voided&mine=true`, the caller's own approvals that stopped counting, newest first.",
  audience: ["approver"],
  query: z
    .strictObject({
      state: approvalStateSchema.default("pending"),
      mine: z.literal("true").optional(),
      cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
      limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(50),
    })
    .refine(({ state, mine }) => mine === undefined || state === "voided", {
      error: "goes with state=voided",
      path: ["mine"],
    }),
  answers: {
    200: {
      description: "One page.",
      schema: pageSchema(z.union([approvalRequestSchema, withdrawnApprovalSchema])),
    },
  },
});

const readRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/nodes/{node}/approval",
  tag: "approvals",
  summary: "The node's open request: what is asked, who sits, what follows, what changed",
  description:
    "From the mission itself, so never behind. `changes` is against the last revision of this node that somebody approved; `meetable` is by the directory as it stands now.",
  audience: ["approver", "operator", "auditor", "admin"],
  params: z.object({ id: z.string().regex(MISSION_ID), node: z.string().regex(NODE_ID) }),
  etag: true,
  answers: { 200: { description: "As it stands at the ETag.", schema: shownApprovalSchema } },
  problems: ["mission_unknown", "node_unknown", "approval_not_requested"],
});

export const approvalRoutes = createRouter();

approvalRoutes.openapi(readRoute, async (c) => {
  const { id, node } = c.req.valid("param");
  const { team } = c.get("principal");
  const read = await missionStub(c.env, team, id).approval(team, node);
  if (!read.ok) return rejectionResponse(c, read.error);
  setEtag(c, read.value.head);
  const { approval } = read.value;
  const people = await teamStub(c.env, team).approvers();
  const meetable = isMeetable(approval.requirement, people, Date.now());
  return c.json({ ...approval, meetable }, 200);
});

approvalRoutes.openapi(listRoute, async (c) => {
  const { state, mine, cursor, limit } = c.req.valid("query");
  const { team, sub } = c.get("principal");
  if (mine !== undefined) {
    const page = await withdrawnPage(c.env, team, sub, { cursor, limit });
    return page === null ? problemResponse(c, CURSOR_REFUSED) : c.json(page, 200);
  }
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

/** The caller's own list; null for a cursor that is none. */
async function withdrawnPage(
  env: Env,
  team: string,
  approver: string,
  { cursor, limit }: { readonly cursor: string | undefined; readonly limit: number },
) {
  const place = cursor === undefined ? [] : decodeCursor(team, cursor, 3);
  if (place === null) return null;
  const [at, missionId, seq] = place;
  const before =
    at === undefined || missionId === undefined ? undefined : { at, missionId, seq: Number(seq) };
  const filter = { before, limit: limit + 1 };
  const rows = await orUnavailable("the index", listWithdrawn(env.DB, team, approver, filter));
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    items: page.map(({ team: _team, approver: _approver, ...item }) => item),
    nextCursor: last ? encodeCursor(team, [last.at, last.missionId, String(last.seq)]) : null,
  };
}

async function describe(env: Env, team: string, page: readonly ApprovalRow[]) {
  const ids = [...new Set(page.map((row) => row.missionId))];
  const keys = ids.map((missionId) => ({ team, missionId }));
  const missions = await orUnavailable("the index", readMissionRows(env.DB, keys));
  const missionById = new Map(missions.map((mission) => [mission.id, mission]));
  const asked = ids.slice(0, MISSIONS_ASKED_MAX);
  const views = await Promise.all(asked.map((missionId) => readView(env, team, missionId)));
  const waits = page.some((row) => row.state === "pending");
  const people = waits ? await teamStub(env, team).approvers() : [];
  const viewById = new Map(asked.map((missionId, index) => [missionId, views[index] ?? null]));
  return page.map((row) => {
    const view = viewById.get(row.missionId) ?? null;
    const { quorum, group = null, all, also } = requirementOf(row);
    const isWaiting = row.state === "pending";
    return {
      ...toItem(row, missionById.get(row.missionId), view),
      requirement: { quorum, group, ...(all && { all }), ...(also && { also }) },
      meetable: isWaiting ? isMeetable(requirementOf(row), people, Date.now()) : null,
    };
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
    have: haveNow(row, view),
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

/** Rows written before whole requirements were kept know quorum and group only. */
function requirementOf({ requirement, quorum, groupName }: ApprovalRow): SeatRequirement {
  if (requirement !== null) return JSON.parse(requirement) as SeatRequirement;
  return { quorum, ...(groupName === null ? {} : { group: groupName }) };
}

/** As the mission says where it was asked: a revocation takes from what the index counted. */
function haveNow({ nodeId, gateDigest, have }: ApprovalRow, view: MissionView | null): number {
  const request = view?.nodes.find(({ id }) => id === nodeId)?.request ?? null;
  return request?.gateDigest === gateDigest ? request.have : have;
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
