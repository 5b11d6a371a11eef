/**
 * Random trust of whoever proposes: most of the time none is said, else it is high or lacks one thing. A
 * function of a gene alone, so a run replays.
 */
import type { AgentFacts } from "../../shared/mission/index.ts";
import type { TrustFacts } from "../../shared/trust/index.ts";
import { iso, OTHER_MISSION } from "./builders.ts";
import { ACTION } from "./random-plan.ts";
import { grantOf, trustAt } from "./trusts.ts";

/** The agent as the directory knows it, in two of three cases with what the team says of its trust. */
export function randomlyTrusted(
  seconds: number,
  known: AgentFacts,
  { pick, variant }: { readonly pick: number; readonly variant: number },
): AgentFacts {
  if (pick % 3 === 0) return known;
  const grant = grantOf({ agent: known.id, actionType: ACTION, expiresAt: iso(seconds + 5) });
  const high = trustAt(seconds, { grants: [grant] });
  const lacking: readonly (TrustFacts | "unavailable")[] = [
    { ...high, cooldownUntil: iso(seconds + 3) },
    { ...high, grants: [{ ...grant, expiresAt: iso(seconds) }] },
    { ...high, grants: [{ ...grant, missionId: OTHER_MISSION }] },
    { ...high, grants: [{ ...grant, riskMax: 0 }] },
    { ...high, score: 0.97 },
    { ...high, streak: 1 },
    { ...high, readAt: iso(seconds - 61) },
    "unavailable",
  ];
  return { ...known, trust: (variant % 2 === 0 ? lacking[pick % lacking.length] : null) ?? high };
}
