/**
 * The registry: every action this gateway can do, and how. What is not named here is refused.
 * Refuses a registry with one bad entry as a whole: half a configuration is a configuration nobody wrote.
 * Specification: docs/tickets.md, "The registry of actions".
 */
import * as z from "zod";
import { checkEgressUrl, type EgressAllowList } from "../../shared/egress.ts";
import { LIMITS } from "../../shared/limits.ts";
import { actionTypeSchema } from "../../shared/plan/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseStrictJson } from "../../shared/strict-json.ts";

const timeoutSchema = z.int().min(1).max(LIMITS.actionTimeoutMs).default(LIMITS.actionTimeoutMs);

const httpActionSchema = z.strictObject({
  connector: z.literal("http"),
  url: z.string().max(2_048),
  method: z.literal("POST"),
  /** The far side keeps `Idempotency-Key`, so a doubtful call may be repeated. */
  idempotent: z.boolean(),
  timeoutMs: timeoutSchema,
  /** Secret of the gateway that goes into the Authorization header as a bearer token. */
  bearerSecret: z
    .string()
    .regex(/^CONNECTOR_[A-Z0-9_]{1,64}$/, "must be named CONNECTOR_...")
    .optional(),
});

/** A dry run: performs nothing and says it succeeded. */
const logActionSchema = z.strictObject({
  connector: z.literal("log"),
  idempotent: z.boolean().default(true),
  timeoutMs: timeoutSchema,
});

const registrySchema = z.record(
  actionTypeSchema,
  z.discriminatedUnion("connector", [httpActionSchema, logActionSchema]),
);

export type RegisteredAction = z.output<typeof registrySchema>[string];
export type ActionRegistry = ReadonlyMap<string, RegisteredAction>;

/** Registers nothing. */
export const NO_ACTIONS: ActionRegistry = new Map();

/**
 * Reads the registry, an object of actions by type. Errors: `registry_unreadable`, with the first place
 * that is wrong; a URL that egress refuses or a secret that is not set counts as wrong, so no ticket ever
 * finds out at dispatch.
 */
export function parseActions(
  text: string,
  allow: EgressAllowList,
  hasSecret: (name: string) => boolean,
): Result<ActionRegistry, { readonly reason: "registry_unreadable"; readonly detail: string }> {
  const json = parseStrictJson(text);
  if (!json.ok) return unreadable(`${json.error.pointer}: ${json.error.detail}`);
  const parsed = registrySchema.safeParse(json.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return unreadable(`${issue?.path.join("/") ?? ""}: ${issue?.message ?? "not a registry"}`);
  }
  const actionByType = new Map(Object.entries(parsed.data));
  for (const [type, action] of actionByType) {
    if (action.connector !== "http") continue;
    const url = checkEgressUrl(action.url, allow);
    if (!url.ok) return unreadable(`${type}/url: ${url.error.reason}`);
    if (action.bearerSecret !== undefined && !hasSecret(action.bearerSecret)) {
      return unreadable(`${type}/bearerSecret: ${action.bearerSecret} is not set`);
    }
    actionByType.set(type, { ...action, url: url.value.href });
  }
  return ok(actionByType);
}

function unreadable(detail: string) {
  return err({ reason: "registry_unreadable" as const, detail });
}
