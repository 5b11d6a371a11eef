/**
 * `npm run test:browser [-- vitest arguments]`: the console in a real Chromium against a local instance. Installs
 * nothing: it takes the browser that CHROMIUM_PATH names or that the machine has, says plainly when there is none,
 * and then fails nothing and passes nothing. Closes with `N passed, N failed`.
 */
import { existsSync } from "node:fs";
import { buildBundles } from "./build.ts";
import { closeWith, runVitest } from "./vitest-run.ts";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

function findChromium(): string | null {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : null;
  return PLACES.find((place) => existsSync(place)) ?? null;
}

const chromium = findChromium();
if (chromium === null) {
  console.log("no Chromium on this machine: the browser suite did NOT run (set CHROMIUM_PATH)");
  console.log("0 passed, 0 failed");
} else {
  process.env["CHROMIUM_PATH"] = chromium;
  try {
    await buildBundles();
    const config = ["--config", "test/browser/vitest.config.ts"];
    closeWith(await runVitest([...config, ...process.argv.slice(2)]));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    closeWith({ passed: 0, failed: 1 });
  }
}
