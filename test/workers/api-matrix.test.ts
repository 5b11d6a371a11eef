/**
 * Every route of the contract, read from /openapi.json, against every role and against another team.
 * A route without a row here fails: nobody adds one without saying how it is reached and what it guards.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { ROLES, type Role } from "../../worker/auth.ts";
import { createApp } from "../../worker/app.ts";
import { apiDocument } from "../../worker/openapi.ts";
import {
  call,
  callerOf,
  expectStatus,
  openMission,
  OPEN_POLICY,
  send,
  setUpTeam,
  SMALL_PLAN,
  type Answered,
} from "../support/api.ts";
import { NOBODYS, type Things } from "../support/matrix-things.ts";
import * as made from "../support/team-things.ts";

const OWNER = "team-a";
const OTHER = "team-b";

interface Row {
  /** The address; everything in it that belongs to a team comes from `things`. */
  readonly path: (things: Things) => string;
  readonly body?: (things: Things) => unknown;
  /** False where nothing in the request names a thing of a team, so that there is no foreign one. */
  readonly named: boolean;
}

const mission =
  (rest = "") =>
  (things: Things) =>
    `/v1/missions/${things.mission}${rest}`;
const node = (rest: string) => mission(`/nodes/decide/${rest}`);
const plain = (path: string, body?: unknown): Row => ({
  path: () => path,
  named: false,
  ...(body === undefined ? {} : { body: () => body }),
});
const named = (path: Row["path"], body?: unknown): Row => ({
  path,
  named: true,
  ...(body === undefined ? {} : { body: () => body }),
});

const ROWS: Readonly<Record<string, Row>> = {
  "POST /v1/missions": plain("/v1/missions", { plan: SMALL_PLAN }),
  "GET /v1/missions": plain("/v1/missions"),
  "GET /v1/missions/{id}": named(mission()),
  "GET /v1/missions/{id}/graph.svg": named(mission("/graph.svg")),
  "GET /v1/missions/{id}/ready": named(mission("/ready")),
  "GET /v1/missions/{id}/blocked": named(mission("/blocked")),
  "POST /v1/missions/{id}/amendments": named(mission("/amendments"), {
    title: "One more",
    reason: "tested",
    nodes: [
      {
        id: "more",
        kind: "decision",
        phase: "work",
        title: "More",
        risk: 1,
        ownerR: "agent",
        ownerX: "agent",
        tests: [{ id: "ok", title: "it is ok" }],
      },
    ],
  }),
  "POST /v1/missions/{id}/interventions": named(mission("/interventions"), {
    kind: "pause",
    reason: "tested",
  }),
  "POST /v1/missions/{id}/nodes/{node}/evidence": named(node("evidence"), {
    kind: "brief",
    claims: [
      {
        id: "c1",
        subject: "s",
        predicate: "p",
        value: 1,
        statement: "s is 1",
        confidence: 1,
        sources: [],
      },
    ],
  }),
  "POST /v1/missions/{id}/nodes/{node}/proposals": named(node("proposals"), { rationale: "x" }),
  "POST /v1/missions/{id}/nodes/{node}/gate": named(node("gate?dryRun=true"), {
    proposal: { rationale: "x" },
  }),
  "POST /v1/missions/{id}/nodes/{node}/approvals": named(node("approvals"), { statement: "x.y.z" }),
  "POST /v1/missions/{id}/nodes/{node}/results": named(node("results"), {}),
  "POST /v1/missions/{id}/nodes/{node}/reconciliation": named(node("reconciliation"), {
    outcome: "done",
    reason: "tested",
  }),
  "GET /v1/missions/{id}/nodes/{node}/approval": named(node("approval")),
  "GET /v1/missions/{id}/trace": named(mission("/trace")),
  // A point that no trace has: an open stream would not end, and would not tell its own team from another.
  "GET /v1/missions/{id}/stream": named(mission("/stream?after=999999")),
  "POST /v1/missions/{id}/stream-tickets": named(mission("/stream-tickets")),
  "GET /v1/missions/{id}/evidence/{hash}": named(
    (things) => `/v1/missions/${things.mission}/evidence/${"0".repeat(64)}`,
  ),
  "GET /v1/missions/{id}/replay": named(mission("/replay?at=0")),
  "GET /v1/missions/{id}/checkpoint": named(mission("/checkpoint")),
  "GET /v1/missions/{id}/proofs/inclusion": named(mission("/proofs/inclusion?seq=0")),
  "GET /v1/missions/{id}/proofs/consistency": named(mission("/proofs/consistency?from=1")),
  "GET /v1/log/checkpoint": plain("/v1/log/checkpoint"),
  "GET /v1/log/entries": plain("/v1/log/entries"),
  "GET /v1/log/proofs/inclusion": plain("/v1/log/proofs/inclusion?index=0"),
  "GET /v1/log/proofs/consistency": plain("/v1/log/proofs/consistency?from=0"),
  "GET /.well-known/sekisho-log.json": plain("/.well-known/sekisho-log.json"),
  "GET /console/config.json": plain("/console/config.json"),
  "POST /v1/audit/verify": {
    path: () => "/v1/audit/verify",
    body: (things) => ({ missionId: things.mission }),
    named: true,
  },
  "GET /v1/approvals": plain("/v1/approvals"),
  "GET /v1/incidents": plain("/v1/incidents"),
  "GET /v1/incidents/{id}": named(
    (things) => `/v1/incidents/${encodeURIComponent(things.incident)}`,
  ),
  "POST /v1/incidents/{id}/status": named(
    (things) => `/v1/incidents/${encodeURIComponent(things.incident)}/status`,
    {
      status: "acknowledged",
    },
  ),
  "GET /v1/policies": plain("/v1/policies"),
  "POST /v1/policies": plain("/v1/policies", { document: OPEN_POLICY }),
  "POST /v1/policies/{version}/activation": named(
    (things) => `/v1/policies/${things.policy}/activation`,
    { statement: "x.y.z" },
  ),
  "POST /v1/decisions/evaluate": plain("/v1/decisions/evaluate", {
    universes: [{ id: "finance", risk: 0.4, budget: 0.6, evidence: 1, uncertainty: 0 }],
  }),
  "POST /v1/policies/{version}/shadow": named((things) => `/v1/policies/${things.policy}/shadow`, {
    over: "recorded",
  }),
  "GET /v1/policies/{version}/shadow": named((things) => `/v1/policies/${things.policy}/shadow`),
  "POST /v1/missions/{id}/policy": {
    path: mission("/policy"),
    body: (things) => ({ version: things.policy, statement: "x.y.z" }),
    named: true,
  },
  "GET /v1/agents": plain("/v1/agents"),
  "POST /v1/agents": plain("/v1/agents", { id: "another" }),
  "GET /v1/agents/{id}/trust": named((t) => `/v1/agents/${t.agent}/trust`),
  "POST /v1/agents/{id}/trust": named((t) => `/v1/agents/${t.agent}/trust`, { reason: "tested" }),
  "GET /v1/agents/{id}/grants": named((t) => `/v1/agents/${t.agent}/grants`),
  "POST /v1/agents/{id}/grants": named((t) => `/v1/agents/${t.agent}/grants`, made.grantBody()),
  "POST /v1/agents/{id}/grants/{grant}/revocation": named(
    (t) => `/v1/agents/${t.agent}/grants/${t.grant}/revocation`,
    { reason: "tested" },
  ),
  "GET /v1/zones": plain("/v1/zones"),
  "POST /v1/zones": plain("/v1/zones", { zone: "acme/ops/buying/parts" }),
  "POST /v1/plans/compile": plain("/v1/plans/compile", { plan: SMALL_PLAN }),
  "GET /v1/delegations": plain("/v1/delegations"),
  "POST /v1/delegations": plain("/v1/delegations", { statement: "x.y.z" }),
  "DELETE /v1/delegations/{id}": named(({ delegation }) => `/v1/delegations/${delegation}`),
  "GET /v1/approvers": plain("/v1/approvers"),
  "POST /v1/approvers": plain("/v1/approvers", { id: "another", name: "Another", keys: [{}] }),
  "GET /v1/approvers/{id}": named(({ approver }) => `/v1/approvers/${approver}`),
  "PATCH /v1/approvers/{id}": named(({ approver }) => `/v1/approvers/${approver}`, { groups: [] }),
  "DELETE /v1/approvers/{id}": named(({ leaver }) => `/v1/approvers/${leaver}`),
  "POST /v1/approvers/{id}/passkeys/options": named(
    ({ approver }) => `/v1/approvers/${approver}/passkeys/options`,
    {},
  ),
  "POST /v1/approvers/{id}/passkeys": named(
    ({ approver }) => `/v1/approvers/${approver}/passkeys`,
    {
      id: "AAAA",
      rawId: "AAAA",
      type: "public-key",
      response: { clientDataJSON: "AAAA", authenticatorData: "AAAA" },
    },
  ),
  "GET /v1/approvers/{id}/attention": named(
    ({ approver }) => `/v1/approvers/${approver}/attention`,
  ),
  "GET /v1/attention": plain("/v1/attention"),
  "GET /v1/canaries": plain("/v1/canaries"),
  "POST /v1/canaries": plain("/v1/canaries", { plan: SMALL_PLAN }),
  "GET /v1/directory/changes": plain("/v1/directory/changes"),
  "GET /v1/verifiers": plain("/v1/verifiers"),
  "POST /v1/verifiers": plain("/v1/verifiers", { id: "another", family: "other", keys: [{}] }),
  "GET /v1/webhooks": plain("/v1/webhooks"),
  "POST /v1/webhooks": plain("/v1/webhooks", { url: "https://example.com/", events: ["x"] }),
  "GET /v1/hooks": plain("/v1/hooks"),
  "POST /v1/hooks": plain("/v1/hooks", { title: "Another" }),
  "POST /v1/hooks/{id}/rotation": named((things) => `/v1/hooks/${things.hook}/rotation`, {}),
  "POST /v1/hooks/{id}/status": named((things) => `/v1/hooks/${things.hook}/status`, {
    status: "enabled",
  }),
  "DELETE /v1/hooks/{id}": named((things) => `/v1/hooks/${things.oldHook}`),
  // Without a token: test/workers/hook-approvals.test.ts.
  "POST /v1/hooks/approvals/{endpointId}": plain(`/v1/hooks/approvals/hok_${"0".repeat(123)}`, {}),
  "DELETE /v1/webhooks/{id}": named((things) => `/v1/webhooks/${things.oldWebhook}`),
  "POST /v1/webhooks/{id}/rotation": named(
    (things) => `/v1/webhooks/${things.webhook}/rotation`,
    {},
  ),
  "POST /v1/webhooks/{id}/status": named((things) => `/v1/webhooks/${things.webhook}/status`, {
    status: "enabled",
  }),
  "POST /v1/webhooks/{id}/test": named((things) => `/v1/webhooks/${things.webhook}/test`, {}),
  "POST /v1/webhooks/{id}/deliveries/{deliveryId}/redelivery": named(
    (things) => `/v1/webhooks/${things.webhook}/deliveries/msg_${"0".repeat(32)}/redelivery`,
    {},
  ),
  "GET /v1/webhooks/{id}/deliveries": named(
    (things) => `/v1/webhooks/${things.webhook}/deliveries`,
  ),
  "POST /v1/index/rebuild": plain("/v1/index/rebuild", {}),
  "GET /metrics": plain("/metrics"),
  "GET /health": plain("/health"),
  "GET /ready": plain("/ready"),
  "GET /.well-known/jwks.json": plain("/.well-known/jwks.json"),
  "GET /openapi.json": plain("/openapi.json"),
  "GET /docs": plain("/docs"),
  "GET /docs/errors/{code}": plain("/docs/errors/not_found"),
};

const document = apiDocument(createApp(), "https://api.sekisho.test");
const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    roles: operation["x-roles"] as readonly Role[],
  })),
);
const guarded = routes.filter(({ roles }) => roles.length > 0);
const foreign = routes.filter(({ name }) => ROWS[name]?.named === true);

function rowOf(name: string): Row {
  const row = ROWS[name];
  if (row === undefined) throw new Error(`no row for ${name}`);
  return row;
}

let things: Things;

beforeAll(async () => {
  await setUpTeam(OWNER);
  await setUpTeam(OTHER);
  const policies = await call(callerOf(OWNER, "operator"), "GET", "/v1/policies");
  const [policy] = policies.body["items"] as readonly { version: string }[];
  things = {
    mission: await openMission(OWNER),
    policy: policy?.version ?? "",
    webhook: await made.addWebhook(OWNER),
    oldWebhook: await made.addWebhook(OWNER),
    hook: await made.addHook(OWNER),
    oldHook: await made.addHook(OWNER),
    incident: await made.openIncident(OWNER),
    approver: await made.registerApprover(OWNER, "only-ours"),
    leaver: await made.registerApprover(OWNER, "soon-gone"),
    agent: "only-our-agent",
    grant: await made.issueGrant(OWNER, "only-our-agent"),
    delegation: await made.delegate(OWNER),
  };
});

describe("the contract", () => {
  it("has a row here for every route, and no row without a route", () => {
    expect(routes.map(({ name }) => name).sort()).toEqual(Object.keys(ROWS).sort());
  });

  it("leaves nothing under /v1 without roles, but what takes a signature in their place", () => {
    expect(guarded.map(({ name }) => name)).toEqual(
      routes
        .map(({ name }) => name)
        .filter((name) => name !== "POST /v1/hooks/approvals/{endpointId}")
        .filter((name) => name.includes(" /v1/") || name === "GET /metrics"),
    );
  });
});

describe("a role", () => {
  const cases = guarded.flatMap(({ name, method, roles }) =>
    ROLES.map((role) => ({ name, method, role, may: roles.includes(role) })),
  );

  it.each(cases.filter(({ may }) => !may))(
    "$role may not $name",
    async ({ name, method, role }) => {
      const row = rowOf(name);
      const answer = await call(
        callerOf(OWNER, role),
        method,
        row.path(NOBODYS),
        row.body?.(NOBODYS),
      );
      expect(answer.status).toBe(403);
      expect(answer.body["code"]).toBe("role_missing");
    },
  );

  it.each(cases.filter(({ may }) => may))("$role may $name", async ({ name, method, role }) => {
    const row = rowOf(name);
    const answer = await call(
      callerOf("team-c", role),
      method,
      row.path(NOBODYS),
      row.body?.(NOBODYS),
    );
    expect(answer.status).toBeLessThan(500);
    expect(["unauthenticated", "role_missing", "not_found"]).not.toContain(answer.body["code"]);
  });

  it.each(guarded)("without one nobody may $name", async ({ name, method }) => {
    const row = rowOf(name);
    const body = row.body === undefined ? {} : { body: JSON.stringify(row.body(NOBODYS)) };
    const headers = { "content-type": "application/json" };
    const unnamed = await send(row.path(NOBODYS), { method, headers, ...body });
    expect(unnamed.status).toBe(401);
    const roleless = await call(callerOf(OWNER), method, row.path(NOBODYS), row.body?.(NOBODYS));
    expect(roleless.status).toBe(403);
  });
});

describe("a thing of another team", () => {
  it.each(foreign)(
    "answers $name like one that does not exist",
    async ({ name, method, roles }) => {
      const row = rowOf(name);
      const caller = callerOf(OTHER, ...roles);
      const asked = (of: Things) => call(caller, method, row.path(of), row.body?.(of));
      const unknown = told(await asked(NOBODYS), NOBODYS);
      const others = told(await asked(things), things);
      expect(others).toEqual(unknown);
      expect(unknown.status).toBeGreaterThanOrEqual(400);
    },
  );

  it.each(foreign)("is known to its own team: $name", async ({ name, method, roles }) => {
    const row = rowOf(name);
    const caller = callerOf(OWNER, ...roles);
    const own = await call(caller, method, row.path(things), row.body?.(things));
    const unknown = await call(caller, method, row.path(NOBODYS), row.body?.(NOBODYS));
    expect(own.body["code"]).not.toBe(unknown.body["code"] ?? "answered");
  });

  it.each([
    "missions",
    "policies",
    "agents",
    "approvers",
    "webhooks",
    "hooks",
    "incidents",
    "approvals",
  ])("is not among another's %s", async (list) => {
    const caller = callerOf(OTHER, ...ROLES);
    const { text } = await expectStatus(call(caller, "GET", `/v1/${list}`), 200);
    for (const id of [things.mission, things.policy, things.webhook, things.hook, OWNER]) {
      expect(text).not.toContain(id);
    }
  });
});

/** An answer without what differs from request to request: its id, and the name that was asked for. */
function told(answer: Answered, asked: Things) {
  const headers = [...answer.headers].filter(([name]) => name !== "x-request-id");
  const { instance: _instance, ...body } = answer.body;
  const text = Object.values(asked).reduce<string>(
    (rest, id) => rest.replaceAll(JSON.stringify(id), '"asked"'),
    JSON.stringify(body),
  );
  return { status: answer.status, headers, text };
}
