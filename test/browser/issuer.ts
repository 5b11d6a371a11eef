/**
 * An OpenID issuer for the suite: signs in whoever comes as one person, keeps to PKCE, and gives each code one token,
 * signed with the local instance's key.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mintToken, readKeys } from "../../scripts/local/keys.ts";

export const CLIENT_ID = "sekisho-console";
export const ISSUER_SUBJECT = "ines.oidc";

export async function startIssuer(
  stateDir: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const challengeByCode = new Map<string, string>();
  let url = "";
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = new URL(request.url ?? "/", url);
    response.setHeader("access-control-allow-origin", "*");
    if (asked.pathname === "/.well-known/openid-configuration") {
      const endpoints = {
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
      };
      return response.end(JSON.stringify({ issuer: url, ...endpoints }));
    }
    if (asked.pathname === "/authorize") {
      const code = randomUUID();
      challengeByCode.set(code, asked.searchParams.get("code_challenge") ?? "");
      const back = new URL(asked.searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", asked.searchParams.get("state") ?? "");
      back.searchParams.set("iss", url);
      return response.writeHead(302, { location: back.href }).end();
    }
    const form = new URLSearchParams(await textOf(request));
    const code = form.get("code") ?? "";
    const expected = challengeByCode.get(code);
    challengeByCode.delete(code);
    const verifier = form.get("code_verifier") ?? "";
    const given = createHash("sha256").update(verifier).digest("base64url");
    if (expected !== given || form.get("client_id") !== CLIENT_ID) {
      return response.writeHead(400).end(JSON.stringify({ error: "invalid_grant" }));
    }
    const keys = readKeys(stateDir);
    if (!keys.ok) throw new Error(keys.error.detail);
    const claims = { team: "acme", sub: ISSUER_SUBJECT, roles: ["operator"] } as const;
    return response.end(JSON.stringify({ access_token: await mintToken(keys.value, claims) }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) =>
      response.writeHead(500).end(String(thrown)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
