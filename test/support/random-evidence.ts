/**
 * Random evidence that verifiers have looked at: every status a claim can have, and receipts that are
 * refused. The verifiers are two of different families; the producer is of a third.
 */
import type { Command } from "../../shared/mission/index.ts";
import { evidence } from "./builders.ts";
import { submitEvidence } from "./commands.ts";
import type { Prey } from "./random-hostility.ts";
import { agentFor, chosen, type Entry, type Turn } from "./random-turn.ts";
import { facts, receiptBy, verifier, withReceipts } from "./verifiers.ts";

const RED = verifier("red");
const BLUE = verifier("blue");
const KNOWN = facts([RED, BLUE]);

/** What the gate asks for where it misses receipts: the same evidence, found and supported. */
export function vouchedFor({ seconds }: Turn, { id, spec }: Entry, detail: string): Command {
  const kind = / claim ([^/ ]+)\//.exec(detail)?.[1] ?? "";
  const bundle = evidence(kind);
  const looked = withReceipts(bundle, receiptBy(RED, bundle), receiptBy(BLUE, bundle));
  const agent = agentFor(spec, "agent-a");
  return submitEvidence(seconds, id, looked, { agent, verification: KNOWN });
}

type Opinion = Parameters<typeof receiptBy>[2];

/** What RED says, and BLUE where it says something; the last three are refused. */
const OPINIONS: readonly (readonly [red: Opinion, blue: Opinion | null])[] = [
  [{}, null],
  [{}, { groundedness: "unclear" }],
  [{ groundedness: "unclear" }, null],
  [{ existence: "unavailable", groundedness: "unclear" }, null],
  [{ existence: "unavailable", groundedness: "unclear" }, {}],
  [{ groundedness: "unsupported" }, { existence: "absent", groundedness: "unsupported" }],
  [{ existence: "absent", groundedness: "unsupported" }, null],
  [{ misattributed: true }, null],
  [{ claimId: "another" }, null],
  [{ bundleHash: "0".repeat(64) }, null],
  [{ verifierFamily: "blue" }, null],
];

/** Evidence with receipts, good and bad, of a node that still takes some. */
export function lookedAt({ entries, seconds, pick, variant }: Prey): Command | null {
  const open = entries.filter(
    ({ record, spec }) =>
      (record.status === "READY" || record.status === "BLOCKED") && spec.evidenceIn.length > 0,
  );
  const entry = chosen(open, pick);
  const kind = entry && chosen(entry.spec.evidenceIn, variant);
  if (!entry || kind === undefined) return null;
  const [red, blue] = chosen(OPINIONS, Math.floor(variant / 3)) ?? [{}, null];
  const bundle = evidence(kind);
  const second = blue === null ? [] : [receiptBy(BLUE, bundle, blue)];
  const looked = withReceipts(bundle, receiptBy(RED, bundle, red), ...second);
  // The directory may know no family of the producer, or that of the verifier.
  const producer = [null, "red"][variant % 17];
  const verification = producer === undefined ? KNOWN : facts([RED, BLUE], producer);
  const agent = agentFor(entry.spec, "agent-a");
  return submitEvidence(seconds, entry.id, looked, { agent, verification });
}
