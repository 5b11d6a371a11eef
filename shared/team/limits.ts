/**
 * Bounds of one team's object, unit last in the name, each with the reason for its size.
 * They lie below the platform's own limits, so ours is met first and answered properly.
 */
export const TEAM_LIMITS = {
  /** A directory a person can still review; read whole by the list route. */
  approversMax: 1_000,
  /** A laptop, a phone, a hardware key and their replacements; more keys are more ways in. */
  keysPerApproverMax: 8,
  /** Ended ones among them: they are named in traces. Read whole by the list route, about 1 KB each. */
  delegationsMax: 1_000,
  /** How long a person may take to register a passkey, from the options to the answer. */
  passkeyCeremonyMs: 300_000,
  /** Verifier families are few; all of their keys are handed in with evidence that carries receipts. */
  verifiersMax: 64,
  /** One row each, a few hundred bytes: a list answer stays under 2 MB. */
  agentsMax: 5_000,
  /** Read whole when a plan with coordinates is compiled, about 1 KB each. */
  zonesMax: 500,
  /** Each event costs one message per endpoint; this bounds the fan-out. */
  webhooksMax: 16,
  /** One for each system in which people approve; all of them may be asked to verify. */
  hooksMax: 16,
  /** Versions are never deleted, because traces name them. */
  policiesMax: 1_000,
  /** Attempts kept per endpoint; the oldest go first. */
  deliveriesPerEndpointMax: 1_000,
  /** Bodies kept for redelivery, per endpoint; up to 100 KB each, so 16 endpoints stay under half a GB. */
  deliveryBodiesPerEndpointMax: 250,
  /** How far ahead of our clock the signer's may run. */
  statementLeewayMs: 5_000,
  /** Forgotten idempotency answers are looked for at most this often, because looking is a scan. */
  idempotencyPruneEveryMs: 3_600_000,
} as const;
