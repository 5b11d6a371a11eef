/**
 * The API as a client sees it, for tests in workerd: tokens minted with the test issuer's key, requests
 * through the worker's own entry, and the smallest plan, policy and evidence that work.
 */
import { env, exports } from "cloudflare:workers";
import { importJWK, SignJWT, type JWK } from "jose";
import { generateKeyPairSync } from "node:crypto";
import { jwkThumbprint, type PrivateJwk } from "../../shared/crypto.ts";
import { signJws } from "../../shared/jws.ts";
import type { Role } from "../../worker/auth.ts";

interface TestBindings {
  readonly TEST_AUTH_KEY: string;
  readonly AUTH_ISSUER: string;
}

const bindings = env as unknown as TestBindings;
const worker = (exports as unknown as { default: { fetch(request: Request): Promise<Response> } })
  .default;

export interface Caller {
  readonly team: string;
  readonly sub: string;
  readonly roles: readonly Role[];
}

/** Overrides of a valid token, for tests that break one thing of it. */
export interface TokenFlaws {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly expiresInS?: number;
  readonly key?: { readonly jwk: JWK; readonly alg: string };
}

/** Mints an access token; every claim is as the API wants it unless a flaw says otherwise. */
export async function mintToken(caller: Caller, flaws: TokenFlaws = {}): Promise<string> {
  const jwk = flaws.key?.jwk ?? (JSON.parse(bindings.TEST_AUTH_KEY) as JWK);
  const alg = flaws.key?.alg ?? "EdDSA";
  const nowS = Math.floor(Date.now() / 1000);
  const claims = {
    iss: bindings.AUTH_ISSUER,
    aud: "sekisho",
    sub: caller.sub,
    team: caller.team,
    roles: caller.roles,
    exp: nowS + (flaws.expiresInS ?? 300),
    ...flaws.claims,
  };
  const defined = Object.fromEntries(Object.entries(claims).filter(([, v]) => v !== undefined));
  const header = { alg, kid: jwk.kid ?? "test-auth", typ: "JWT", ...flaws.header };
  // The signer refuses extensions it does not know; a test that sends one must be able to sign it.
  const crit = { x: true };
  return new SignJWT(defined).setProtectedHeader(header).sign(await importJWK(jwk, alg), { crit });
}

/** An answer, read: status, headers and the parsed JSON (null when there is none). */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** The response itself, for answers that do not end or are no HTTP any more. */
export async function fetchApi(path: string, init: RequestInit = {}): Promise<Response> {
  return worker.fetch(new Request(`https://api.sekisho.test${path}`, init));
}

/** Sends a request as it is. */
export async function send(path: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetchApi(path, init);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const body = isJson && text !== "" ? (JSON.parse(text.split("\n")[0] ?? "") as object) : {};
  return { status: response.status, headers: response.headers, text, body: { ...body } };
}

/** Sends a request with a fresh token of the caller. A body is sent as JSON. */
export async function call(
  caller: Caller,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const authorization = `Bearer ${await mintToken(caller)}`;
  if (body === undefined) return send(path, { method, headers: { authorization, ...headers } });
  const type = { "content-type": "application/json" };
  return send(path, {
    method,
    headers: { authorization, ...type, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A caller of a team, named by role. */
export function callerOf(team: string, ...roles: readonly Role[]): Caller {
  return { team, sub: roles.join("-") || "nobody", roles };
}

/** A person with a signing key of their own. */
export function createPerson(): {
  readonly jwk: PrivateJwk & { kid: string };
  readonly publicJwk: object;
} {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { kty, crv, x, d } = privateKey.export({ format: "jwk" }) as unknown as PrivateJwk;
  const publicJwk = { kty, crv, x };
  return { jwk: { kty, crv, x, d, kid: jwkThumbprint(publicJwk) }, publicJwk };
}

/** Permits every kind of node up to risk 4. */
export const OPEN_POLICY = {
  name: "open",
  rules: [{ id: "all", effect: "permit", kinds: ["decision", "execution", "approval"] }],
};

/** One agent decision without needs. */
export const SMALL_PLAN = {
  title: "One decision",
  phases: ["work"],
  nodes: [
    {
      id: "decide",
      kind: "decision",
      phase: "work",
      title: "Decide",
      risk: 0,
      ownerR: "agent",
      ownerX: "agent",
      tests: [{ id: "done", title: "It is done" }],
    },
  ],
};

/** Gives a team an agent, an approver and an active policy, through the API alone. */
export async function setUpTeam(
  team: string,
  policy: object = OPEN_POLICY,
): Promise<{ readonly person: ReturnType<typeof createPerson> }> {
  const admin = callerOf(team, "admin");
  const person = createPerson();
  await expectStatus(call(admin, "POST", "/v1/agents", { id: "agent" }), 200);
  const approver = { id: "approver", name: "A Person", keys: [person.publicJwk] };
  await expectStatus(call(admin, "POST", "/v1/approvers", approver), 200);
  const operator = callerOf(team, "operator");
  const proposed = await expectStatus(
    call(operator, "POST", "/v1/policies", { document: policy }),
    201,
  );
  const version = String(proposed.body["version"]);
  const statement = signActivation(person.jwk, team, version, String(proposed.body["hash"]));
  await expectStatus(
    call(callerOf(team, "approver"), "POST", `/v1/policies/${version}/activation`, { statement }),
    200,
  );
  return { person };
}

/** Signs the activation of a policy version. */
function signActivation(
  key: PrivateJwk & { kid: string },
  team: string,
  version: string,
  policyHash: string,
): string {
  const payload = {
    team,
    version,
    policyHash,
    decision: "activate",
    approver: "approver",
    reason: "tested",
    issuedAt: new Date(Date.now()).toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
  };
  const header = { typ: "sekisho-policy-activation+jwt", kid: key.kid };
  return signJws(header, JSON.stringify(payload), key);
}

/** Opens a mission as the team's agent and answers its id. */
export async function openMission(team: string, plan: object = SMALL_PLAN): Promise<string> {
  const opened = await expectStatus(
    call(callerOf(team, "agent"), "POST", "/v1/missions", { plan }),
    201,
  );
  return String(opened.body["missionId"]);
}

/** Awaits an answer and throws with its text unless it has the status: set-up that failed must say so. */
export async function expectStatus(answer: Promise<Answered>, status: number): Promise<Answered> {
  const answered = await answer;
  if (answered.status !== status)
    throw new Error(`${answered.status}, not ${status}: ${answered.text}`);
  return answered;
}
