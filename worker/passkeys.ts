/**
 * Passkeys as they come over the wire: who asks for them, and a browser's answer as the core reads it.
 * Verifies nothing.
 */
import type * as z from "zod";
import type { PasskeySigned, RelyingParty, SignedApproval } from "../shared/approval/index.ts";
import type { decideApprovalSchema } from "../shared/wire/directory.ts";
import type { Env } from "./env.ts";

/** Who asks: the API's own origin and its host, unless the settings name others. */
export function relyingPartyOf(env: Env): RelyingParty {
  const named = (env.PASSKEY_ORIGINS ?? "").split(",").filter((origin) => origin !== "");
  return {
    id: env.PASSKEY_RP_ID || new URL(env.API_ORIGIN).hostname,
    origins: named.length > 0 ? named : [env.API_ORIGIN],
  };
}

/** The signed approval of a body, of either kind. */
export function signedApprovalOf(
  { statement, assertion }: z.output<typeof decideApprovalSchema>,
  env: Env,
): SignedApproval {
  if (typeof statement === "string") return statement;
  // The schema lets no object in without an assertion; without one nothing verifies.
  if (!assertion) return "";
  const { clientDataJSON, authenticatorData, signature } = assertion.response;
  const kept = { credentialId: assertion.id, clientDataJSON, authenticatorData, signature };
  return { statement, assertion: kept, relyingParty: relyingPartyOf(env) };
}

/** Whether it was signed with a passkey, whose counter the directory takes first. */
export function isPasskeySigned(signed: SignedApproval): signed is PasskeySigned {
  return typeof signed !== "string";
}
