/**
 * What the console is told before anybody has signed in. Specification: docs/console.md.
 */
import * as z from "zod";

export const consoleConfigSchema = z.strictObject({
  /** "local" under `sekisho dev`, where development tokens and key files are at home. */
  mode: z.string(),
  /** Whose passkeys are asked for: a domain. */
  rpId: z.string(),
  /** Where to sign in with the authorization code flow and PKCE; null: with a token of one's own. */
  oidc: z.strictObject({ issuer: z.string(), clientId: z.string(), scope: z.string() }).nullable(),
});

export type ConsoleConfig = z.output<typeof consoleConfigSchema>;
