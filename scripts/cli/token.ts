/**
 * `sekisho token`: a development access token, signed with the key of the local state folder. Refuses to
 * sign for an instance that does not run on that folder's keys; a hosted one trusts another issuer anyway.
 */
import { err, ok } from "../../shared/result.ts";
import {
  DEFAULT_STATE_DIR,
  type LocalKeys,
  ROLES,
  type Role,
  TOKEN_TTL_SECONDS,
  mintToken,
  readKeys,
} from "../local/keys.ts";
import { type ApiClient, clientOf, isRecord, itemsIn, requireSuccess } from "./api-client.ts";
import { type Command, type Failure, answer, readArgs, usageError } from "./command.ts";

const USAGE = "token --team T --sub S --roles agent,operator [--ttl SECONDS] [--state DIR]";

export const token: Command = {
  usage: USAGE,
  summary: "mint a development token for the local instance",
  async run(context) {
    const args = readArgs(context, USAGE, [], {
      team: { type: "string" },
      sub: { type: "string" },
      roles: { type: "string" },
      ttl: { type: "string" },
      state: { type: "string" },
    });
    if (!args.ok) return args;
    const { team, sub, state = DEFAULT_STATE_DIR } = args.value.values;
    if (team === undefined || sub === undefined)
      return usageError(USAGE, "--team and --sub say who");
    const roles = readRoles(args.value.values.roles);
    if (roles === null) return usageError(USAGE, `--roles is a list of ${ROLES.join(", ")}`);
    const ttlSeconds = Number(args.value.values.ttl ?? TOKEN_TTL_SECONDS);
    if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1) {
      return usageError(USAGE, "--ttl is a whole number of seconds");
    }
    const keys = readKeys(state);
    if (!keys.ok) {
      return err({ exit: 2, message: keys.error.detail, next: "sekisho dev   (or --state DIR)" });
    }
    const refused = await whyNotLocal(clientOf(context), keys.value, state);
    if (refused !== null) return err(refused);
    const signed = await mintToken(keys.value, { team, sub, roles, ttlSeconds });
    // In $(sekisho token ...) stdout is a pipe, and the token itself is what is wanted.
    if (!context.jsonAsked) return ok({ kind: "raw", text: `${signed}\n` });
    return answer({ token: signed, team, sub, roles, expiresInSeconds: ttlSeconds }, signed);
  },
};

/** The instance is this state folder's when it says it is local and publishes this folder's ticket keys. */
async function whyNotLocal(
  client: ApiClient,
  keys: Pick<LocalKeys, "tickets">,
  state: string,
): Promise<Failure | null> {
  const health = requireSuccess(client, await client.get("/health"));
  if (!health.ok) return health.error;
  const published = requireSuccess(client, await client.get("/.well-known/jwks.json"));
  if (!published.ok) return published.error;
  const kids = itemsIn(published.value.body, "keys").map((key) => key["kid"]);
  const { body } = health.value;
  const isLocal = isRecord(body) && body["mode"] === "local";
  if (isLocal && keys.tickets.every((key) => kids.includes(key.kid))) return null;
  return {
    exit: 1,
    message: `${client.url} is not the local instance of ${state}; it would accept no token of ours`,
    next: "sekisho token --state DIR ...   (or ask that instance's identity provider)",
  };
}

function readRoles(text: string | undefined): readonly Role[] | null {
  const names = (text ?? "").split(",").map((name) => name.trim());
  const roles = names.filter((name): name is Role => ROLES.some((role) => role === name));
  return roles.length === names.length ? roles : null;
}
