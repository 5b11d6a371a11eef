/**
 * The face of the transparency log: Merkle trees, their proofs, signed checkpoints, witnesses, and the audit
 * of an exported trace. Specification: docs/transparency.md.
 */
export {
  auditEntry,
  auditTrace,
  type Audited,
  type AuditedEntry,
  type AuditReject,
  type AuditRequest,
  type EntryReject,
  type EntryRequest,
  type Witnessed,
} from "./audit.ts";
export {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type CheckpointReject,
  type OpenedCheckpoint,
} from "./checkpoint.ts";
export { EMPTY_ROOT, hashToHex, hexToHash, leafHash, nodeHash, type Hash } from "./hash.ts";
export {
  cosignNote,
  formatNote,
  formatVkey,
  isKeyName,
  noteKey,
  parseNote,
  parseVkey,
  signNote,
  verifyNote,
  type NoteKey,
  type NoteKeyKind,
  type NoteReject,
  type NoteSignature,
  type SignedNote,
} from "./note.ts";
export {
  formatConsistencyText,
  formatInclusionText,
  parseConsistencyText,
  parseInclusionText,
  type ConsistencyText,
  type InclusionText,
  type ProofTextReject,
} from "./proof-text.ts";
export { createMerkleTree, type MerkleTree } from "./tree.ts";
export { verifyConsistency, verifyInclusion } from "./verify.ts";
export {
  logConsistency,
  logHead,
  logInclusion,
  missionOrigin,
  teamLogLeaf,
  teamOrigin,
  type LogConsistency,
  type LogHead,
  type LogInclusion,
  type LogReject,
  type TeamLogEntry,
} from "./view.ts";
export { acceptCheckpoint, type SeenTree, type WitnessReject } from "./witness.ts";
