/** The face of trust: the rule that moves it, grants, and what both together authorize. */
export {
  type Authorizing,
  type AutoAuthorization,
  autoAuthorization,
  type TrustFacts,
} from "./authorize.ts";
export {
  type Grant,
  GRANT_LIMITS,
  grantMisfit,
  type GrantReject,
  type KeptGrant,
} from "./grant.ts";
export {
  readTrust,
  type Trust,
  TRUST,
  TRUST_START,
  type TrustOutcome,
  type TrustOutcomeName,
  updateTrust,
} from "./rule.ts";
