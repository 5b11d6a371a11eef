#!/usr/bin/env node
/**
 * The `sekisho` command of package.json: sets up like every npm script, then hands its arguments to
 * scripts/sekisho.ts. Decides nothing itself.
 */
import { setUpAndRun } from "./setup.mjs";

await setUpAndRun("scripts/sekisho.ts", process.argv.slice(2));
