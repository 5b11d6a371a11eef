/**
 * The console's files as the worker hands them out: each with the headers that keep the page to itself, and
 * nothing that the build did not name.
 */
import { describe, expect, it } from "vitest";
import { expectStatus, send } from "../support/api.ts";

async function assetNamed(suffix: string): Promise<string> {
  const { text } = await expectStatus(send("/console/"), 200);
  const found = new RegExp(`/console/assets/[\\w-]+\\.${suffix}`).exec(text);
  expect(found, `the page names a .${suffix}`).not.toBeNull();
  return String(found?.[0]);
}

describe("the page", () => {
  it.each(["/console/", "/console/missions", "/console/missions/msn_x/trace?at=3"])(
    "%s is the same page under the same strict policy",
    async (address) => {
      const { headers, text } = await expectStatus(send(address), 200);
      expect(text).toBe((await send("/console/")).text);
      const policy = headers.get("content-security-policy") ?? "";
      const directives = new Map(
        policy.split("; ").map((line) => [line.split(" ")[0], line.split(" ").slice(1).join(" ")]),
      );
      expect(Object.fromEntries(directives)).toEqual({
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
      });
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it("holds no inline script and no inline style", async () => {
    const { text } = await send("/console/");
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/i);
    expect(text.match(/(?:src|href)="(?!\/console\/|data:,)[^"]*"/g)).toBeNull();
  });
});

describe("a file", () => {
  it.each([
    ["js", "text/javascript"],
    ["css", "text/css"],
  ])(".%s is what its name says, for good", async (suffix, type) => {
    const { headers } = await expectStatus(send(await assetNamed(suffix)), 200);
    expect(headers.get("content-type")).toContain(type);
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each([
    "/console/assets/main-00000000.js",
    "/console/assets/index.html",
    "/console/assets/..%2Findex.html",
    "/index.html",
    "/assets/index.html",
  ])("%s is not there", async (address) => {
    const { headers, status } = await send(address);
    expect(status).toBe(404);
    expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  });
});

it("the settings name no issuer where none is configured", async () => {
  const { body } = await expectStatus(send("/console/config.json"), 200);
  expect(body).toEqual({ mode: "local", rpId: "api.sekisho.test", oidc: null });
});
