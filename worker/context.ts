/**
 * The type of a request's context, apart so that routers, problems and routes may all name it without
 * importing each other.
 */
import type { Principal } from "./auth.ts";
import type { Env } from "./env.ts";

/** Bindings and variables of a request. `principal` is set behind authentication only. */
export type AppContext = {
  Bindings: Env;
  Variables: { principal: Principal; requestId: string };
};
