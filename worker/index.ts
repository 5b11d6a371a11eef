/**
 * The entry of the API worker: requests to the app, batches and schedules to the consumers, and the
 * classes that the platform instantiates. Decides nothing.
 */
import { createApp } from "./app.ts";
import { handleQueue, handleSchedule } from "./consumers/index.ts";
import type { Env } from "./env.ts";

export { MissionObject, SliceArbiter, TeamObject } from "../durable-objects/index.ts";
export { GatewayCallbacks } from "./gateway-callbacks.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  queue: (batch, env) => handleQueue(batch, env),
  scheduled: (_controller, env) => handleSchedule(env),
} satisfies ExportedHandler<Env>;
