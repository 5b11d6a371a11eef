/** What the events about approvals have in common, member by member; part of event-members.ts. */

export const ALL = { group: true, quorum: true } as const;
export const REQUIREMENT = {
  quorum: true,
  group: true,
  all: ALL,
  apartFrom: true,
  deadlineMs: true,
  escalation: { afterMs: true, group: true, instead: true },
  reminder: { everyMs: true },
} as const;
export const STATEMENT_PARTS = {
  missionId: true,
  nodeId: true,
  attempt: true,
  gateDigest: true,
} as const;
export const STILL_ASKED = {
  gateDigest: true,
  attempt: true,
  risk: true,
  title: true,
  deadlineAt: true,
  statement: STATEMENT_PARTS,
} as const;
export const PASSKEY = {
  clientDataJSON: true,
  authenticatorData: true,
  statement: {
    missionId: true,
    nodeId: true,
    attempt: true,
    gateDigest: true,
    decision: true,
    approver: true,
    onBehalfOf: true,
    reason: true,
    issuedAt: true,
    expiresAt: true,
  },
  rpId: true,
  origin: true,
} as const;
export const DELEGATION = {
  id: true,
  statement: true,
  kid: true,
  jwk: true,
  groups: true,
  validUntil: true,
} as const;
