/**
 * `npm run explore [-- --deep] [-- --sabotage]`: every interleaving of an alphabet of commands on small
 * plans, with the invariants asked after each. Runs the explorer, which lives with the tests whose invariants
 * it asks, and exits with its code. What it explores: docs/testing.md.
 */
import { fileURLToPath } from "node:url";
import { runTool } from "./tool.ts";

const explorer = fileURLToPath(import.meta.resolve("../test/explore/run.ts"));
const args = [explorer, ...process.argv.slice(2)];
const { code } = await runTool("node", { args, shown: true, timeoutMs: 12 * 60 * 60_000 });
process.exitCode = code;
