/**
 * Starts one local instance for the whole suite, with the vendor switch's team, and tells the tests where it is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { CLIENT_ID, startIssuer } from "./issuer.ts";
import { startInstance, stopInstance } from "../support/local-instance.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the instance answers, without a trailing slash. */
    url: string;
    /** Its folder of keys and state. */
    stateDir: string;
    /** An OpenID issuer whose tokens the instance accepts. */
    issuer: string;
  }
}

/** Vitest calls this once before the files, and what it answers once after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), "sekisho-browser-"));
  const stateDir = path.join(folder, "state");
  const issuer = await startIssuer(stateDir);
  process.env["OIDC_ISSUER"] = issuer.url;
  process.env["OIDC_CLIENT_ID"] = CLIENT_ID;
  const actions = { "vendor.switch": { connector: "log" } };
  const instance = await startInstance(folder, 0, actions, ["--example", "vendor-switch"]);
  project.provide("url", instance.url);
  project.provide("stateDir", stateDir);
  project.provide("issuer", issuer.url);
  return async () => {
    await stopInstance(instance);
    await issuer.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
