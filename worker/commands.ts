/**
 * From a request to a command and from its answer to a response: fills in time, randomness, actor and
 * terms, asks the mission, and gives verdicts their status. Decides nothing itself.
 * Specification: docs/api.md; why a blocking gate is a 409 stands in docs/decisions.
 */
import type { Context } from "hono";
import { createEntropy } from "../durable-objects/index.ts";
import { createUuidV7 } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { AgentFacts, Command, TicketTerms } from "../shared/mission/index.ts";
import type { JsonObject } from "../shared/strict-json.ts";
import type { Actor, Head, Verdict } from "../shared/trace/index.ts";
import type { Executed } from "../shared/wire/rpc.ts";
import type { Problem } from "../shared/wire/problem.ts";
import type { AppContext } from "./context.ts";
import type { Env } from "./env.ts";
import { etagOf, type Idempotency } from "./idempotency.ts";
import { errorFacts, log } from "./log.ts";
import { missionStub, teamStub } from "./missions.ts";
import { problemResponse, rejectionResponse } from "./problems.ts";

/** What every command carries besides its own members. */
export interface CommandBase {
  readonly at: number;
  readonly actor: Actor;
  readonly entropy: string;
  readonly terms: TicketTerms;
}

/** Now, fresh randomness, and the caller as an actor of the given kind. */
export function commandBase(c: Context<AppContext>, kind: "agent" | "human"): CommandBase {
  return {
    at: Date.now(),
    actor: { kind, id: c.get("principal").sub },
    entropy: createEntropy(),
    terms: ticketTerms(c.env),
  };
}

function ticketTerms(env: Env): TicketTerms {
  return { issuer: env.API_ORIGIN, audience: env.GATEWAY_ID, ttlMs: LIMITS.ticketTtlMs };
}

/**
 * What the directory says of the caller as an agent. A directory that cannot be asked does not end the
 * request: the core refuses and says so.
 */
export async function askAgentFacts(
  c: Context<AppContext>,
): Promise<AgentFacts | null | "unavailable"> {
  const { team, sub } = c.get("principal");
  return orUnavailable(c, () => teamStub(c.env, team).agentFacts(sub));
}

/** The same of who proposes an action of this type, or none, with what the team says of its trust. */
export async function askProposerFacts(
  c: Context<AppContext>,
  actionType: string | null,
  at: number,
): Promise<AgentFacts | null | "unavailable"> {
  const { team, sub } = c.get("principal");
  return orUnavailable(c, () => teamStub(c.env, team).proposerFacts(sub, actionType, at));
}

async function orUnavailable(
  c: Context<AppContext>,
  ask: () => Promise<AgentFacts | null>,
): Promise<AgentFacts | null | "unavailable"> {
  try {
    return await ask();
  } catch (thrown) {
    log("warn", "directory.unavailable", { requestId: c.get("requestId"), ...errorFacts(thrown) });
    return "unavailable";
  }
}

/** A fresh time-ordered UUID, for the prefixed ids of shared/ids.ts. */
export function freshUuid(at: number): string {
  return createUuidV7(at, crypto.getRandomValues(new Uint8Array(10)));
}

interface Execution {
  readonly missionId: string;
  readonly command: Command;
  readonly idempotency: Idempotency;
  readonly ifMatch?: string | null;
}

/** Sends one command to a mission of the caller's team and writes the answer, or its rejection. */
export async function execute(
  c: Context<AppContext>,
  execution: Execution,
  respond: (executed: Executed) => Response,
): Promise<Response> {
  const { team } = c.get("principal");
  const { missionId, command, idempotency, ifMatch = null } = execution;
  const executed = await missionStub(c.env, team, missionId).execute({
    team,
    command,
    idempotency,
    ifMatch,
  });
  if (!executed.ok) return rejectionResponse(c, executed.error);
  markExecuted(c, executed.value);
  return respond(executed.value);
}

function markExecuted(c: Context<AppContext>, { head, replayed }: Executed): void {
  setEtag(c, head);
  markReplayed(c, replayed);
}

/** Puts the mission's head on the answer. */
export function setEtag(c: Context<AppContext>, head: Head): void {
  c.header("etag", etagOf(head));
}

/** Marks an answer that was given before, to an earlier request with the same idempotency key. */
export function markReplayed(c: Context<AppContext>, replayed: boolean): void {
  if (replayed) c.header("idempotency-replayed", "true");
}

/** The status that goes with a verdict: done, waiting for a person, or refused by the gate. */
export function gateResponse(
  c: Context<AppContext>,
  verdict: Verdict,
  answer: Executed["answer"],
): Response {
  switch (verdict) {
    case "allow":
      return c.json(answer, 200);
    case "pause":
      return c.json(answer, 202);
    case "block":
      return problemResponse(c, gateProblem("gate_blocked", answer));
    case "seal":
      return problemResponse(c, gateProblem("gate_sealed", answer));
  }
}

function gateProblem(code: "gate_blocked" | "gate_sealed", answer: Executed["answer"]): Problem {
  return { code, facts: { answer: answer as unknown as JsonObject } };
}
