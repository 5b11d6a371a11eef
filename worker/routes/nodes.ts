/**
 * What is done at a node: evidence, proposals, results, signed approvals, and the gate asked without
 * consequence. The gate's verdict decides the status of the answer (commands.ts).
 */
import * as z from "zod";
import { MISSION_ID, NODE_ID, proposalId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { evidenceInputSchema } from "../../shared/evidence/index.ts";
import {
  approvalAnswerSchema,
  evidenceAnswerSchema,
  explainSchema,
  explanationSchema,
  gateAnswerSchema,
  proposeSchema,
  recordedSchema,
  resultAnswerSchema,
  submitResultSchema,
} from "../../shared/wire/api.ts";
import { decideApprovalSchema } from "../../shared/wire/directory.ts";
import { answerApproval } from "../approval-answer.ts";
import { parseOptionalBody } from "../body.ts";
import {
  askAgentFacts,
  askProposerFacts,
  commandBase,
  execute,
  freshUuid,
  gateResponse,
  setEtag,
} from "../commands.ts";
import { ANY_ROLE, defineRoute } from "../contract.ts";
import { jsonSizeFlaw, receiveEvidence, verificationFor } from "../evidence.ts";
import { parsePost, readIdempotency, readIfMatch } from "../idempotency.ts";
import { missionStub, teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { NODE_REFUSALS, STATEMENT_REFUSALS } from "../refusals.ts";
import { createRouter } from "../router.ts";

const nodeParams = z.object({ id: z.string().regex(MISSION_ID), node: z.string().regex(NODE_ID) });

const evidenceRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/nodes/{node}/evidence",
  tag: "nodes",
  summary: "Submits an evidence bundle",
  audience: ["agent"],
  params: nodeParams,
  body: evidenceInputSchema,
  etag: true,
  answers: {
    200: { description: "Held already; nothing was recorded.", schema: recordedSchema },
    201: { description: "Recorded under its hash.", schema: evidenceAnswerSchema },
  },
  problems: [
    ...NODE_REFUSALS,
    "node_not_open",
    "agent_not_permitted",
    "evidence_kind_unexpected",
    "evidence_hash_mismatch",
    "receipt_refused",
  ],
});

const proposeRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/nodes/{node}/proposals",
  tag: "nodes",
  summary: "Proposes a decision or an action; the gate answers",
  audience: ["agent"],
  params: nodeParams,
  body: proposeSchema,
  etag: true,
  answers: {
    200: { description: "The gate allows; the node runs.", schema: gateAnswerSchema },
    202: { description: "The gate pauses and waits for a person.", schema: gateAnswerSchema },
  },
  problems: [
    ...NODE_REFUSALS,
    "node_not_open",
    "proposal_not_expected",
    "loop_guarded",
    "gate_blocked",
    "gate_sealed",
  ],
});

const explainRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/nodes/{node}/gate",
  tag: "nodes",
  summary: "Evaluates the node's gate and explains it, recording nothing",
  description: "Without a body, over the proposal the node holds.",
  audience: ANY_ROLE,
  params: nodeParams,
  query: z.strictObject({ dryRun: z.literal("true") }),
  body: explainSchema,
  bodyOptional: true,
  etag: true,
  answers: { 200: { description: "What the gate would say now.", schema: explanationSchema } },
  problems: [...NODE_REFUSALS, "node_not_open", "proposal_not_expected"],
});

const approveRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/nodes/{node}/approvals",
  tag: "nodes",
  summary: "Records a person's signed approval or denial",
  audience: ["approver"],
  params: nodeParams,
  body: decideApprovalSchema,
  etag: true,
  ifMatch: true,
  answers: {
    200: {
      description: "Enough approvals and the gate allows, or a denial recorded.",
      schema: approvalAnswerSchema,
    },
    202: { description: "Recorded; the gate still waits.", schema: approvalAnswerSchema },
  },
  problems: [
    ...NODE_REFUSALS,
    "approval_not_requested",
    ...STATEMENT_REFUSALS,
    "passkey_refused",
    "passkey_counter_regressed",
    "approval_digest_stale",
    "approval_already_given",
    "gate_blocked",
    "gate_sealed",
  ],
});

const resultRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/nodes/{node}/results",
  tag: "nodes",
  summary: "Submits outputs and test results; the exit gate answers",
  audience: ["agent"],
  params: nodeParams,
  body: submitResultSchema,
  etag: true,
  answers: {
    200: { description: "The exit gate allows; the node is done.", schema: resultAnswerSchema },
    202: { description: "The exit gate pauses.", schema: resultAnswerSchema },
  },
  problems: [
    ...NODE_REFUSALS,
    "node_not_running",
    "result_not_expected",
    "agent_not_permitted",
    "gate_blocked",
    "gate_sealed",
  ],
});

export const nodeRoutes = createRouter();

nodeRoutes.openapi(evidenceRoute, async (c) => {
  const post = await parsePost(c, evidenceInputSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const bundle = receiveEvidence(post.value.body, c.get("principal").sub, "");
  if (!bundle.ok) return problemResponse(c, bundle.error);
  const { id, node } = c.req.valid("param");
  const command = {
    ...commandBase(c, "agent"),
    type: "SubmitEvidence",
    nodeId: node,
    bundle: bundle.value,
    agent: await askAgentFacts(c),
    ...(await verificationFor(c, [bundle.value])),
  } as const;
  const execution = { missionId: id, command, idempotency: post.value.idempotency };
  return execute(c, execution, ({ answer }) =>
    c.json(answer, answer.type === "evidence" ? 201 : 200),
  );
});

nodeRoutes.openapi(proposeRoute, async (c) => {
  const post = await parsePost(c, proposeSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const sizeFlaw = jsonSizeFlaw(body.action?.args ?? {}, LIMITS.argsBytesMax, "/action/args");
  if (sizeFlaw) return problemResponse(c, sizeFlaw);
  const { id, node } = c.req.valid("param");
  const base = commandBase(c, "agent");
  const command = {
    ...base,
    type: "Propose",
    nodeId: node,
    proposal: { id: proposalId(freshUuid(base.at)), ...body },
    agent: await askProposerFacts(c, body.action?.type ?? null, base.at),
  } as const;
  return execute(c, { missionId: id, command, idempotency }, ({ answer }) =>
    answer.type === "gate"
      ? gateResponse(c, answer.gateResult.verdict, answer)
      : c.json(answer, 200),
  );
});

nodeRoutes.openapi(explainRoute, async (c) => {
  const body = await parseOptionalBody(c, explainSchema);
  if (!body.ok) return problemResponse(c, body.error);
  const idempotency = readIdempotency(c, body.value.json);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { proposal } = body.value.value;
  const sizeFlaw = jsonSizeFlaw(proposal, LIMITS.argsBytesMax, "/proposal");
  if (sizeFlaw) return problemResponse(c, sizeFlaw);
  const { id, node } = c.req.valid("param");
  const { team, sub } = c.get("principal");
  const type = proposal?.action?.type ?? null;
  const agent = proposal && (await teamStub(c.env, team).proposerFacts(sub, type, Date.now()));
  const asked = proposal && { ...proposal, agent };
  const explained = await missionStub(c.env, team, id).explain(team, node, asked);
  if (!explained.ok) return rejectionResponse(c, explained.error);
  const { head, gateResult, gateDigest } = explained.value;
  setEtag(c, head);
  return c.json({ gateResult, gateDigest }, 200);
});

nodeRoutes.openapi(approveRoute, async (c) => {
  const post = await parsePost(c, decideApprovalSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const ifMatch = readIfMatch(c);
  if (!ifMatch.ok) return problemResponse(c, ifMatch.error);
  const { id, node } = c.req.valid("param");
  return answerApproval(c, {
    missionId: id,
    nodeId: node,
    body: post.value.body,
    idempotency: post.value.idempotency,
    ifMatch: ifMatch.value,
  });
});

nodeRoutes.openapi(resultRoute, async (c) => {
  const post = await parsePost(c, submitResultSchema);
  if (!post.ok) return problemResponse(c, post.error);
  // Like evidence, outputs are recorded in one event, which is one row with room for one bundle.
  const sizeFlaw = jsonSizeFlaw(post.value.body.outputs, LIMITS.evidenceBytesMax, "/outputs");
  if (sizeFlaw) return problemResponse(c, sizeFlaw);
  const { id, node } = c.req.valid("param");
  const command = {
    ...commandBase(c, "agent"),
    type: "SubmitResult",
    nodeId: node,
    ...post.value.body,
    agent: await askAgentFacts(c),
  } as const;
  const execution = { missionId: id, command, idempotency: post.value.idempotency };
  return execute(c, execution, ({ answer }) =>
    answer.type === "result"
      ? gateResponse(c, answer.gateResult.verdict, answer)
      : c.json(answer, 200),
  );
});
