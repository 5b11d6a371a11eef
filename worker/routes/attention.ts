/**
 * How carefully people decide, measured over a period: one person's attention, and the team's. Read from
 * the index, which may lag; nothing that decides reads it.
 */
import * as z from "zod";
import { measureAttention } from "../../shared/attention/index.ts";
import { subjectSchema } from "../../shared/plan/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import { attentionSchema } from "../../shared/wire/attention-views.ts";
import type { Problem } from "../../shared/wire/problem.ts";
import { defineRoute } from "../contract.ts";
import type { Env } from "../env.ts";
import { teamStub } from "../missions.ts";
import { orUnavailable, problemResponse, rejectionResponse } from "../problems.ts";
import { listDecisions, type Period } from "../read-model/attention.ts";
import { createRouter } from "../router.ts";

/** The period when none is named: the 30 days that end now. */
const PERIOD_MS = 30 * 86_400_000;
/** Decisions of one answer: each is a row read and held, three looked up. */
const DECISIONS_MAX = 5_000;

const momentSchema = z.iso.datetime({ precision: 3 });
const periodSchema = z.strictObject({
  from: momentSchema.optional(),
  to: momentSchema.optional(),
});
const DESCRIPTION =
  "Of the decisions signed from `from` until before `to`; by default those of the last 30 days.";

const personRoute = defineRoute({
  method: "get",
  path: "/v1/approvers/{id}/attention",
  tag: "attention",
  summary: "How fast, how often and how hastily a person decides",
  description: DESCRIPTION,
  audience: ["admin", "auditor"],
  params: z.object({ id: subjectSchema }),
  query: periodSchema,
  answers: { 200: { description: "The measures.", schema: attentionSchema } },
  problems: ["approver_not_found"],
});

const teamRoute = defineRoute({
  method: "get",
  path: "/v1/attention",
  tag: "attention",
  summary: "The same of everybody in the team who decided something",
  description: DESCRIPTION,
  audience: ["admin", "auditor"],
  query: periodSchema,
  answers: { 200: { description: "All of them, by id.", schema: pageSchema(attentionSchema) } },
});

export const attentionRoutes = createRouter();

attentionRoutes.openapi(personRoute, async (c) => {
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const period = periodOf(c.req.valid("query"), Date.now());
  const people = await attentionOf(c.env, team, period, id);
  if (people === null) return problemResponse(c, tooMany(period));
  const [person] = people;
  if (person) return c.json(person, 200);
  // Who left keeps what they decided; who decided nothing must at least be known.
  const known = await orUnavailable("the directory", teamStub(c.env, team).approvers());
  return known.some((approver) => approver.id === id)
    ? c.json({ approver: id, ...period, ...measureAttention([]) }, 200)
    : rejectionResponse(c, { reason: "approver_not_found", approver: id });
});

attentionRoutes.openapi(teamRoute, async (c) => {
  const period = periodOf(c.req.valid("query"), Date.now());
  const items = await attentionOf(c.env, c.get("principal").team, period);
  if (items === null) return problemResponse(c, tooMany(period));
  return c.json({ items, nextCursor: null }, 200);
});

function periodOf(query: z.output<typeof periodSchema>, now: number): Period {
  const to = query.to ?? unixMsToIso(now);
  const from = query.from ?? unixMsToIso(Math.max(0, Date.parse(to) - PERIOD_MS));
  return { from, to };
}

/** By person; null where the period holds more than one answer may. */
async function attentionOf(env: Env, team: string, period: Period, approver?: string) {
  const filter = { limit: DECISIONS_MAX + 1, ...(approver === undefined ? {} : { approver }) };
  const decisions = await orUnavailable("the index", listDecisions(env.DB, team, period, filter));
  if (decisions.length > DECISIONS_MAX) return null;
  return [...Map.groupBy(decisions, (decision) => decision.approver)].map(([id, own]) => ({
    approver: id,
    ...period,
    ...measureAttention(own),
  }));
}

function tooMany({ from }: Period): Problem {
  const detail = `more than ${DECISIONS_MAX} decisions since ${from}; choose a shorter period`;
  return { code: "request_invalid", errors: [{ pointer: "/query/from", detail }] };
}
