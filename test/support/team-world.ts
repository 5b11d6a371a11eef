/**
 * A team's object in workerd, with people who can sign, for tests of the object, the index and the
 * routes over them. Each test takes a team of its own, because storage is shared within a file.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TeamObject } from "../../durable-objects/index.ts";
import { signJws } from "../../shared/jws.ts";
import type { PolicyDocument } from "../../shared/policy/index.ts";
import { POLICY_ACTIVATION_JWS_TYPE } from "../../shared/team/index.ts";
import type { PolicyRecord, TeamRpc } from "../../shared/wire/rpc.ts";
import type { Env } from "../../worker/env.ts";
import { iso, type KeyPair, ms, type Person, person, policy } from "./builders.ts";

/** The bindings of the worker under test. */
export const bindings = env as unknown as Env;

let teams = 0;

/** A team no other test of the file has. */
export function freshTeam(): string {
  teams += 1;
  return `team-${teams}`;
}

export function teamObject(team: string): TeamRpc {
  return asStub(team) as unknown as TeamRpc;
}

export async function insideTeam<T>(
  team: string,
  work: (storage: DurableObjectStorage) => T | Promise<T>,
): Promise<T> {
  return runInDurableObject(asStub(team), (_instance, state) => work(state.storage));
}

/** Memory gone, rows kept. */
export async function evictTeam(team: string): Promise<void> {
  await evictDurableObject(asStub(team));
}

function asStub(team: string): DurableObjectStub<TeamObject> {
  const namespace = bindings.TEAM as unknown as DurableObjectNamespace<TeamObject>;
  return namespace.getByName(team);
}

export const ADA = person("ada");
export const BOB = person("bob");

/** Registers the person with their keys. */
export async function register(team: string, who: Person): Promise<void> {
  const { keys: _named, ...facts } = who.facts;
  const keys = who.keys.map((key) => key.publicJwk);
  const put = await teamObject(team).putApprover({
    by: "olga",
    approver: { ...facts, keys },
    idempotency: null,
    at: ms(0),
  });
  if (!put.ok) throw new Error(JSON.stringify(put.error));
}

let versions = 0;

/** Proposes a policy of the test's usual rules, or another document. */
export async function proposeVersion(
  team: string,
  by = "olga",
  document: PolicyDocument = policy().document,
): Promise<PolicyRecord> {
  versions += 1;
  const version = `pol_017f22e2-79b0-7cc3-98c4-${versions.toString(16).padStart(12, "0")}`;
  const proposed = await teamObject(team).proposePolicy({
    version,
    document,
    by,
    idempotency: null,
    at: ms(1),
  });
  if (!proposed.ok) throw new Error(JSON.stringify(proposed.error));
  return proposed.value;
}

/** A signed activation of the version, sound unless a member says otherwise. */
export function activation(
  team: string,
  proposed: PolicyRecord,
  who: Person,
  members: Readonly<Record<string, unknown>> = {},
  signing: { readonly key?: KeyPair; readonly typ?: string } = {},
): string {
  const statement = {
    team,
    version: proposed.version,
    policyHash: proposed.hash,
    decision: "activate",
    approver: who.facts.id,
    reason: "read and agreed",
    issuedAt: iso(0),
    expiresAt: iso(3_600),
    ...members,
  };
  const { key = who.keys[0], typ = POLICY_ACTIVATION_JWS_TYPE } = signing;
  return signJws({ typ, kid: key.kid }, JSON.stringify(statement), key.privateJwk);
}

/** Registers Ada and makes her activate a policy that somebody else proposed. */
export async function withActivePolicy(team: string): Promise<PolicyRecord> {
  await register(team, ADA);
  const proposed = await proposeVersion(team);
  const activated = await teamObject(team).activatePolicy({
    version: proposed.version,
    statement: activation(team, proposed, ADA),
    sub: "ada",
    idempotency: null,
    at: ms(2),
  });
  if (!activated.ok) throw new Error(JSON.stringify(activated.error));
  return activated.value;
}
