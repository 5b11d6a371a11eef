/**
 * Starts one local instance for the whole suite, with the vendor switch's team, and tells the tests where it is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startInstance, stopInstance } from "../support/local-instance.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the instance answers, without a trailing slash. */
    url: string;
    /** Its folder of keys and state. */
    stateDir: string;
  }
}

/** Vitest calls this once before the files, and what it answers once after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), "sekisho-browser-"));
  const actions = { "vendor.switch": { connector: "log" } };
  const instance = await startInstance(folder, 0, actions, ["--example", "vendor-switch"]);
  project.provide("url", instance.url);
  project.provide("stateDir", path.join(folder, "state"));
  return async () => {
    await stopInstance(instance);
    rmSync(folder, { recursive: true, force: true });
  };
}
