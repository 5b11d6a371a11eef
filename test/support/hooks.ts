/**
 * What tests of hooks share: a team with an approver and hooks, statements a person signs, and messages as another
 * system signs them, with the library of Standard Webhooks.
 */
import { signJws } from "../../shared/jws.ts";
import { call, callerOf, expectStatus, send, type Answered, type createPerson } from "./api.ts";
import { signAsSender } from "./receiver.ts";

export const APPROVAL_PLAN = {
  title: "One approval",
  phases: ["work"],
  nodes: [
    {
      id: "agree",
      kind: "approval",
      phase: "work",
      title: "Agree",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
    },
  ],
};

export type Person = ReturnType<typeof createPerson>;
export type Statement = Readonly<Record<string, unknown>>;

export interface Hook {
  readonly id: string;
  readonly secret: string;
}

/** A message as it goes over the wire. */
export interface Message {
  readonly hookId: string;
  readonly headers: Headers;
  readonly body: string;
}

let messages = 0;

/** Registers a hook of the team and answers it with its secret. */
export async function addHook(team: string, members: object = {}): Promise<Hook> {
  const body = { title: "The ticket system", ...members };
  const added = await expectStatus(call(callerOf(team, "admin"), "POST", "/v1/hooks", body), 201);
  return { id: String(added.body["id"]), secret: String(added.body["secret"]) };
}

/** Another call about hooks, as the admin. */
export function manage(
  team: string,
  method: string,
  path: string,
  body?: object,
): Promise<Answered> {
  return call(callerOf(team, "admin"), method, `/v1/hooks/${path}`, body);
}

/** What the approver signs for the open request of the mission's one node. */
export async function statementOf(
  team: string,
  missionId: string,
  members: Statement = {},
): Promise<Statement> {
  const shown = await call(callerOf(team, "operator"), "GET", `/v1/missions/${missionId}`);
  const [node] = shown.body["nodes"] as readonly { request: { gateDigest: string } }[];
  const now = Date.now();
  return {
    missionId,
    nodeId: "agree",
    attempt: 1,
    gateDigest: node?.request.gateDigest,
    decision: "approve",
    approver: "approver",
    reason: "read and agreed, in another system",
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 60_000).toISOString(),
    ...members,
  };
}

/** The statement as a compact JWS. */
export function signStatement(statement: Statement, by: Person, header: object = {}): string {
  const full = { typ: "sekisho-approval+jwt", kid: by.jwk.kid, ...header };
  return signJws(full, JSON.stringify(statement), by.jwk);
}

/** The body of a message. */
export function bodyOf(missionId: string, statement: unknown, members: object = {}): string {
  return JSON.stringify({ missionId, nodeId: "agree", statement, ...members });
}

/** A message of the hook, or of its sender to another. */
export function messageOf(
  body: string,
  by: Hook,
  { at = Date.now(), to = by.id, id = "" }: Partial<{ at: number; to: string; id: string }> = {},
): Message {
  messages += 1;
  const headers = signAsSender(by.secret, id || `msg-${messages}`, at, body);
  return { hookId: to, headers, body };
}

/** Sends it as anybody on the network may. */
export async function post({ hookId, headers, body }: Message): Promise<Answered> {
  return send(`/v1/hooks/approvals/${hookId}`, { method: "POST", headers, body });
}

/** How often the mission's trace tells of a decision. */
export async function decisions(team: string, missionId: string): Promise<number> {
  const path = `/v1/missions/${missionId}/trace`;
  const { body } = await expectStatus(call(callerOf(team, "auditor"), "GET", path), 200);
  const events = body["items"] as readonly { type: string }[];
  return events.filter(({ type }) => /^approval\.(?:granted|denied)$/.test(type)).length;
}
