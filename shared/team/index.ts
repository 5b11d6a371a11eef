/** The face of a team's rules: directory, policy activation, incidents, bounds. */
export {
  POLICY_ACTIVATION_JWS_TYPE,
  decideActivation,
  policyActivationStatementSchema,
} from "./activation.ts";
export type {
  ActivationReject,
  ActivationRequest,
  PolicyActivationStatement,
} from "./activation.ts";
export { changeApprover, isApproverValidAt, nameApproverKeys } from "./directory.ts";
export type { ApproverChanges, DirectoryChange } from "./directory.ts";
export { incidentEventKey, incidentSummaryKey, moveIncidentStatus } from "./incident.ts";
export type { IncidentOrigin, IncidentStatus } from "./incident.ts";
export { isCounterSound, passkeyCreationOptions, readPasskeyRegistration } from "./passkey.ts";
export type { NewPasskey, PasskeyRegistration, PasskeyReject } from "./passkey.ts";
export { isMeetable, type Unmeetable, unmeetableNodes } from "./meetable.ts";
export { moveShadow, type PolicyState } from "./shadow.ts";
export { TEAM_LIMITS } from "./limits.ts";
export { admitAgent, admitZone, agentWithin } from "./zones.ts";
export type { ZoneReject } from "./zones.ts";
export { nameVerifierKeys, type VerifierReject } from "./verifier.ts";
