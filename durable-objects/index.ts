/**
 * The object classes of the API worker, and the one source of entropy they share with it; the only file
 * of this folder that the worker may import.
 */
export { createEntropy } from "./entropy.ts";
export { MissionObject } from "./mission/object.ts";
export { SliceArbiter } from "./slice/object.ts";
export { TeamObject } from "./team/object.ts";
