/**
 * What the bundle of the API worker gets for the import "zod", by [alias] in wrangler.toml; nothing imports this
 * file. `@hono/zod-openapi` passes zod's whole namespace object to a function that touches only `ZodType`, and
 * so every locale and unused schema stays in: 540 KiB of 1,440. The star keeps `import * as z from "zod"` whole.
 * To be checked again when either package moves: scripts/check.ts (`size`) and the OpenAPI document's tests show it.
 */
import { ZodType } from "../node_modules/zod/v4/classic/schemas.js";

export * from "../node_modules/zod/v4/classic/external.js";

/** All of zod's own `z` that `extendZodWithOpenApi` reads. */
export const z = { ZodType };
