/** The face of allocation: how much of a node is a human's, and which nodes a human reviews. */
export { humanFloor, initialShare, riskFloor, totalShare } from "./formula.ts";
export type { ProfileName } from "./profile.ts";
export { evidenceQuality, type NodeShare, nodeShare, type Passages } from "./share.ts";
