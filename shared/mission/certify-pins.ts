/**
 * Whose keys signed, held against who is known to have them: a trace says itself whose a key is, and only
 * somebody outside it can say whether that is so. Specification: docs/replay.md, "Whose keys".
 */
import { jwkThumbprint, type PublicJwk } from "../crypto.ts";
import type { RecordedVerification } from "../evidence/index.ts";
import type { TraceEvent } from "../trace/index.ts";
import type { Difference } from "./difference.ts";
import { dataOf } from "./event.ts";

/** RFC 7638 thumbprints of the keys that are or were somebody's, by id. Who is not there has no key. */
export type KeysById = ReadonlyMap<string, ReadonlySet<string>>;

/** Left out: whatever the trace says of these keys is taken as said. */
export interface Pins {
  readonly approverKeys?: KeysById;
  readonly verifierKeys?: KeysById;
}

/** The key of an event that is not its holder's, as a difference; null where every one is, or none is pinned. */
export function pinDifference(event: TraceEvent, pins: Pins): Difference | null {
  return approverDifference(event, pins.approverKeys) ?? verifierDifference(event, pins);
}

function approverDifference(event: TraceEvent, keys: KeysById | undefined): Difference | null {
  if (keys === undefined || !isSigned(event)) return null;
  const { approver, kid, delegatedBy, delegation } = dataOf(event, "approval.granted");
  if (!keys.get(approver)?.has(kid)) return stranger(event, "data.kid", kid, approver);
  if (delegatedBy === undefined || !delegation) return null;
  const isTheirs = keys.get(delegatedBy)?.has(delegation.kid);
  return isTheirs ? null : stranger(event, "data.delegation.kid", delegation.kid, delegatedBy);
}

/** The kid itself is held against its key where the event is decided again. */
function isSigned({ type, actor }: TraceEvent): boolean {
  return (
    actor.kind === "human" &&
    (type === "approval.granted" ||
      type === "approval.denied" ||
      type === "mission.policy_repinned")
  );
}

function verifierDifference(event: TraceEvent, { verifierKeys }: Pins): Difference | null {
  if (verifierKeys === undefined) return null;
  const member = event.type === "mission.opened" ? "data.verifications" : "data.verification";
  for (const { facts } of verificationsIn(event))
    for (const { id, keys } of facts.verifiers)
      for (const { jwk } of keys) {
        const kid = jwkThumbprint(jwk as PublicJwk);
        if (!verifierKeys.get(id)?.has(kid)) return stranger(event, member, kid, id);
      }
  return null;
}

function verificationsIn(event: TraceEvent): readonly RecordedVerification[] {
  if (event.type === "mission.opened")
    return Object.values(dataOf(event, "mission.opened").verifications ?? {});
  if (event.type !== "evidence.submitted") return [];
  const { verification } = dataOf(event, "evidence.submitted");
  return verification ? [verification] : [];
}

function stranger({ seq }: TraceEvent, member: string, kid: string, id: string): Difference {
  return { seq, member, recorded: kid, recomputed: `a key of ${id}` };
}
