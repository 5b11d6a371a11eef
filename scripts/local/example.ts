/**
 * The example files: a mission of real work and the team that may run it. Read by the demo, and by
 * `sekisho dev --example`, which makes a fresh local instance ready for one. Refuses a name that leads
 * anywhere but into examples/.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { PlanInput } from "../../shared/plan/index.ts";
import type { PolicyDocument } from "../../shared/policy/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { type ApiClient, createApiClient, isRecord } from "../cli/api-client.ts";
import { type ApproverPrivateKey, signPolicyActivation } from "./approval.ts";
import { type LocalKeys, type Role, createKeyPair, mintToken, publicHalf } from "./keys.ts";

export interface Example {
  readonly mission: { readonly plan: PlanInput; readonly inputs?: readonly unknown[] };
  readonly policy: PolicyDocument;
  readonly agents: readonly {
    readonly id: string;
    readonly skills?: readonly string[];
    readonly zone?: string | null;
  }[];
  readonly approvers: readonly Person[];
}

/** A person of an example's team; their keys are made locally. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
}

const FOLDER = path.join(import.meta.dirname, "../../examples");
const SUFFIX = ".mission.json";
const STATEMENT_TTL_MS = 5 * 60_000;

/** Names of the examples, in order. */
export function exampleNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

/** Reads an example by name. Throws when there is none of that name. */
export function readExample(name: string): Example {
  if (!exampleNames().includes(name)) {
    throw new Error(`there is no example "${name}"; there are ${exampleNames().join(", ")}`);
  }
  return JSON.parse(readFileSync(path.join(FOLDER, name + SUFFIX), "utf8")) as Example;
}

/** The action types of an example's plan, each once. */
export function actionTypesOf(example: Example): readonly string[] {
  const types = example.mission.plan.nodes.flatMap((node) =>
    node.action ? [node.action.type] : [],
  );
  return [...new Set(types)];
}

/** A gateway registry that performs nothing and says it succeeded, for each action of the example. */
export function dryRunActions(example: Example): Readonly<Record<string, unknown>> {
  return Object.fromEntries(actionTypesOf(example).map((type) => [type, { connector: "log" }]));
}

/** What `dev` prints of a team it has made ready. */
export interface ReadyTeam {
  readonly team: string;
  readonly policyVersion: string;
  /** Private key file of each approver, for `sekisho approve --key`. */
  readonly keyFileByApprover: Readonly<Record<string, string>>;
}

/**
 * Registers the example's agents and approvers and activates its policy, as an admin, an operator and an
 * approver would. May be repeated; another policy version becomes active each time. Throws when refused.
 */
export async function prepareTeam(
  example: Example,
  instance: { readonly url: string; readonly keys: LocalKeys; readonly stateDir: string },
  team: string,
): Promise<ReadyTeam> {
  const clientOf = async (sub: string, role: Role) =>
    createApiClient(instance.url, await mintToken(instance.keys, { team, sub, roles: [role] }));
  const admin = await clientOf("dev.admin", "admin");
  for (const agent of example.agents) await post(admin, "/v1/agents", agent);
  const keyFileByApprover: Record<string, string> = {};
  let signer: { readonly person: Person; readonly key: ApproverPrivateKey } | null = null;
  for (const person of example.approvers) {
    const { file, key } = openApproverKey(instance.stateDir, person.id);
    const { id, name, groups } = person;
    await post(admin, "/v1/approvers", { id, name, groups, keys: [publicHalf(key)] });
    keyFileByApprover[id] = file;
    signer ??= { person, key };
  }
  if (signer === null) throw new Error("the example names no approver to activate its policy");
  const operator = await clientOf("dev.operator", "operator");
  const policy = await post(operator, "/v1/policies", { document: example.policy });
  const policyVersion = String(policy["version"]);
  const now = Date.now();
  const statement = signPolicyActivation(
    {
      team,
      version: policyVersion,
      policyHash: String(policy["hash"]),
      decision: "activate",
      approver: signer.person.id,
      reason: "a local instance made ready for an example",
      issuedAt: unixMsToIso(now),
      expiresAt: unixMsToIso(now + STATEMENT_TTL_MS),
    },
    signer.key,
  );
  const approver = await clientOf(signer.person.id, "approver");
  await post(approver, `/v1/policies/${policyVersion}/activation`, { statement });
  return { team, policyVersion, keyFileByApprover };
}

/** The local key of a made-up approver: in the state folder, made on first use, readable by its owner. */
function openApproverKey(stateDir: string, id: string): { file: string; key: ApproverPrivateKey } {
  const folder = path.join(stateDir, "approvers");
  const file = path.join(folder, `${id.replaceAll(/[^a-z0-9._-]/gi, "_")}.jwk`);
  if (existsSync(file)) {
    return { file, key: JSON.parse(readFileSync(file, "utf8")) as ApproverPrivateKey };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = createKeyPair();
  writeFileSync(file, `${JSON.stringify(key, null, 2)}\n`, { flag: "wx", mode: 0o600 });
  return { file, key };
}

async function post(
  client: ApiClient,
  address: string,
  body: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answered = await client.post(address, body);
  if (!answered.ok) throw new Error(`POST ${address}: ${answered.error.detail}`);
  const { status, text, body: parsed } = answered.value;
  if (status >= 300 || !isRecord(parsed)) throw new Error(`POST ${address}: ${status} ${text}`);
  return parsed;
}
