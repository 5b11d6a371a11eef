/**
 * Signing in at an OpenID issuer: authorization code with PKCE, as a public client. Verifier and state wait in this
 * tab's storage and are good once; what comes back in the address is a code, never a token, and is taken out at once.
 * Specification: RFC 9700 (best practice), RFC 7636 (PKCE), OpenID Connect Discovery 1.0.
 */
import { base64UrlEncode } from "../../shared/base64.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { ConsoleConfig } from "../../shared/wire/console.ts";
import { navigate } from "./router.ts";

type Issuer = NonNullable<ConsoleConfig["oidc"]>;

const STORED_AS = "sekisho.oidc";

interface Pending {
  readonly state: string;
  readonly verifier: string;
  /** Where the reader wanted to go. */
  readonly wanted: string;
}

interface Endpoints {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

/** Leaves for the issuer. Errors: a sentence; otherwise the page is gone. */
export async function startSignIn(issuer: Issuer): Promise<Result<never, string>> {
  const endpoints = await discover(issuer);
  if (!endpoints.ok) return endpoints;
  const pending: Pending = {
    state: randomText(),
    verifier: randomText(),
    wanted: `${location.pathname}${location.search}`,
  };
  sessionStorage.setItem(STORED_AS, JSON.stringify(pending));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: issuer.clientId,
    redirect_uri: redirectUri(),
    scope: issuer.scope,
    state: pending.state,
    code_challenge: await challengeFor(pending.verifier),
    code_challenge_method: "S256",
  });
  const address = new URL(endpoints.value.authorization_endpoint);
  for (const [name, value] of query) address.searchParams.set(name, value);
  location.assign(address);
  return new Promise(() => undefined);
}

/** Whether the reader has just come back from an issuer. */
export function isComingBack(): boolean {
  return location.pathname === new URL(redirectUri()).pathname;
}

/** Turns the code of the address into an access token, and the address into the one that was wanted. */
export async function finishSignIn(issuer: Issuer): Promise<Result<string, string>> {
  const answer = new URLSearchParams(location.search);
  const pending = takePending();
  navigate(pending?.wanted ?? "/console/", { replace: true });
  const refused = answer.get("error");
  if (refused !== null)
    return err(`The issuer refused: ${answer.get("error_description") ?? refused}`);
  const code = answer.get("code");
  if (pending === null || code === null || answer.get("state") !== pending.state) {
    return err("This sign-in was not begun in this tab, or was used before.");
  }
  // RFC 9207: an answer that names its issuer must name the one that was asked.
  const named = answer.get("iss");
  if (named !== null && named !== issuer.issuer) return err("Another issuer answered.");
  const endpoints = await discover(issuer);
  if (!endpoints.ok) return endpoints;
  return exchange(endpoints.value, issuer, { code, verifier: pending.verifier });
}

async function exchange(
  { token_endpoint: address }: Endpoints,
  { clientId }: Issuer,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<Result<string, string>> {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri(),
    client_id: clientId,
    code_verifier: verifier,
  });
  try {
    const response = await fetch(address, {
      method: "POST",
      body,
      credentials: "omit",
      redirect: "error",
    });
    const { access_token: token } = (await response.json()) as { access_token?: unknown };
    return response.ok && typeof token === "string"
      ? ok(token)
      : err(`The issuer gave no token (${response.status}).`);
  } catch (thrown) {
    return err(`The issuer did not answer: ${String(thrown)}`);
  }
}

/** The issuer's own description; one that speaks in another's name is not believed. */
async function discover({ issuer }: Issuer): Promise<Result<Endpoints, string>> {
  try {
    const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await fetch(address, { credentials: "omit", redirect: "error" });
    const found = (await response.json()) as Partial<Endpoints> & { readonly issuer?: unknown };
    const { authorization_endpoint, token_endpoint } = found;
    if (found.issuer !== issuer) return err("The issuer calls itself by another name.");
    if (authorization_endpoint === undefined || token_endpoint === undefined) {
      return err("The issuer does not say where to sign in.");
    }
    return ok({ authorization_endpoint, token_endpoint });
  } catch (thrown) {
    return err(`The issuer did not answer: ${String(thrown)}`);
  }
}

function takePending(): Pending | null {
  const text = sessionStorage.getItem(STORED_AS);
  sessionStorage.removeItem(STORED_AS);
  return text === null ? null : (JSON.parse(text) as Pending);
}

function redirectUri(): string {
  return `${location.origin}/console/signed-in`;
}

async function challengeFor(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64UrlEncode(new Uint8Array(digest));
}

function randomText(): string {
  return base64UrlEncode(crypto.getRandomValues(new Uint8Array(32)));
}
