/**
 * Whether an unknown value has exactly the shape of a trace event; hand-written because it runs once per
 * event of every verified trace. Refuses unknown members: what is not specified must not ride along.
 */
import { isoToUnixMs } from "../time.ts";

type Unknowns = Readonly<Record<string, unknown>>;

const HASH = /^[0-9a-f]{64}$/;
const EVENT_MEMBERS = 15;

/** Says what is wrong with the shape of an event, or null when nothing is. */
export function eventFlaw(value: unknown): string | null {
  if (!isRecord(value)) return "an event is an object";
  const event = value;
  // Each member is required below, so the count alone rules out strangers.
  if (Object.keys(event).length !== EVENT_MEMBERS) return "a member is missing or unknown";
  const { seq, at, prevHash, hash } = event;
  if (!Number.isSafeInteger(seq) || (seq as number) < 0) return "seq is not a count";
  if (typeof event["missionId"] !== "string") return "missionId is not a string";
  if (typeof event["type"] !== "string") return "type is not a string";
  if (!isActor(event["actor"])) return "actor is malformed";
  if (typeof at !== "string" || isoToUnixMs(at) === null) return "at is not a time";
  for (const name of NULLABLE) {
    if (event[name] !== null && typeof event[name] !== "string") {
      return `${name} is neither string nor null`;
    }
  }
  if (event["gateResult"] !== null && !isGateResult(event["gateResult"])) {
    return "gateResult is malformed";
  }
  if (!isRecord(event["data"])) return "data is not an object";
  if (typeof prevHash !== "string" || !HASH.test(prevHash)) return "prevHash is not a hash";
  if (typeof hash !== "string" || !HASH.test(hash)) return "hash is not a hash";
  return null;
}

const NULLABLE = [
  "nodeId",
  "stateBefore",
  "stateAfter",
  "evidenceHash",
  "approvalSignature",
  "policyVersion",
] as const;

function isActor(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).length !== 2) return false;
  const { kind, id } = value;
  const known = kind === "agent" || kind === "human" || kind === "system" || kind === "gateway";
  return known && typeof id === "string";
}

function isGateResult(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).length !== 4) return false;
  const { verdict, score, reasons, gates } = value;
  return (
    isVerdict(verdict) &&
    Number.isFinite(score) &&
    Array.isArray(reasons) &&
    reasons.every(isReason) &&
    Array.isArray(gates) &&
    gates.every(isGateVerdict)
  );
}

function isReason(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const members = Object.keys(value).length;
  const { code, gate, detail, counterfactual } = value;
  return (
    typeof code === "string" &&
    typeof gate === "string" &&
    typeof detail === "string" &&
    (members === 3 || (members === 4 && typeof counterfactual === "string"))
  );
}

function isGateVerdict(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).length !== 2) return false;
  return typeof value["gate"] === "string" && isVerdict(value["verdict"]);
}

function isVerdict(value: unknown): boolean {
  return value === "allow" || value === "pause" || value === "block" || value === "seal";
}

function isRecord(value: unknown): value is Unknowns {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
