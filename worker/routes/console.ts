/**
 * The console's files: one page for every address below /console/, its hashed scripts and styles, and the
 * few settings it starts from. Every answer carries the headers that keep the page to itself.
 * Specification: docs/console.md, SECURITY.md ("The console").
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type ConsoleConfig, consoleConfigSchema } from "../../shared/wire/console.ts";
import { defineRoute } from "../contract.ts";
import type { AppContext } from "../context.ts";
import type { Env } from "../env.ts";
import { relyingPartyOf } from "../passkeys.ts";
import { problemResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

/** Names that the build gives: they hold a hash of their content, so what they lead to never changes. */
const ASSET_NAME = /^[a-zA-Z0-9_-]+-[A-Z0-9]{8}\.(?:js|css|js\.map|css\.map)$/;
const ASSET_MAX_AGE_S = 365 * 24 * 60 * 60;

const configRoute = defineRoute({
  method: "get",
  path: "/console/config.json",
  tag: "console",
  summary: "What the console must know before anybody has signed in",
  audience: "anonymous",
  answers: { 200: { description: "Nothing of it is secret.", schema: consoleConfigSchema } },
});

const config = createRouter();

config.openapi(configRoute, (c) => {
  const { MODE, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_SCOPE } = c.env;
  const oidc =
    issuerOf(c.env) === null || OIDC_CLIENT_ID === ""
      ? null
      : { issuer: OIDC_ISSUER, clientId: OIDC_CLIENT_ID, scope: OIDC_SCOPE };
  const answer: ConsoleConfig = { mode: MODE, rpId: relyingPartyOf(c.env).id, oidc };
  return c.json(answer, 200);
});

const pages = new OpenAPIHono<AppContext>();

pages.get("/console", (c) => c.redirect("/console/", 308));

pages.get("/console/assets/:name", async (c) => {
  const name = c.req.param("name");
  const found = ASSET_NAME.test(name) ? await readFile(c, `assets/${name}`) : null;
  if (found === null) return problemResponse(c, { code: "not_found" });
  c.header("cache-control", `public, max-age=${ASSET_MAX_AGE_S}, immutable`);
  return c.body(found.body, 200, { "content-type": found.type });
});

pages.get("/console/*", async (c) => {
  const found = await readFile(c, "index.html");
  if (found === null) return problemResponse(c, { code: "not_found" });
  c.header("content-security-policy", contentPolicy(c.env));
  c.header("referrer-policy", "no-referrer");
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("permissions-policy", PERMISSIONS);
  return c.body(found.body, 200, { "content-type": "text/html; charset=utf-8" });
});

/** Mounted as they stand: the settings are part of the contract, the pages are not. */
export const consoleRoutes = createRouter();
consoleRoutes.route("/", config);
consoleRoutes.route("/", pages);

/** Passkeys are the one device the console may ask for. */
const PERMISSIONS =
  "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()";

/** Scripts, styles and requests of this origin only; requests to the issuer too, where one is configured. */
function contentPolicy(env: Env): string {
  const issuer = issuerOf(env);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${issuer === null ? "" : ` ${issuer}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** The issuer's origin, or null: a malformed setting must open nothing. */
function issuerOf({ OIDC_ISSUER, MODE }: Env): string | null {
  if (!URL.canParse(OIDC_ISSUER)) return null;
  const { protocol, origin } = new URL(OIDC_ISSUER);
  return protocol === "https:" || (MODE === "local" && protocol === "http:") ? origin : null;
}

async function readFile(
  c: Context<AppContext>,
  name: string,
): Promise<{ readonly body: ReadableStream; readonly type: string } | null> {
  const { status, body, headers } = await c.env.CONSOLE.fetch(new URL(name, "https://console/"));
  if (status !== 200 || body === null) {
    await body?.cancel();
    return null;
  }
  return { body, type: headers.get("content-type") ?? "application/octet-stream" };
}
