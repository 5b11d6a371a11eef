/** The object classes of the API worker; the only file of this folder that the worker may import. */
export { MissionObject } from "./mission/object.ts";
export { TeamObject } from "./team/object.ts";
