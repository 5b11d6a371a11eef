/**
 * `npm test [-- vitest arguments]`: builds the bundles, runs the four vitest projects, and closes with one line,
 * `N passed, N failed`. The browser suite is apart: scripts/test-browser.ts.
 */
import { buildBundles } from "./build.ts";
import { type Counts, closeWith, runVitest } from "./vitest-run.ts";

async function main(): Promise<Counts> {
  try {
    await buildBundles();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1 };
  }
  return await runVitest(process.argv.slice(2));
}

closeWith(await main());
