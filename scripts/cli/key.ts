/**
 * `sekisho key new`: an approver's own key pair, made and kept on their machine. Refuses to overwrite a
 * file, and prints the public half only.
 */
import { writeFileSync } from "node:fs";
import * as z from "zod";
import type { PrivateJwk } from "../../shared/crypto.ts";
import { jwkThumbprint } from "../../shared/crypto.ts";
import { type Result, err, ok } from "../../shared/result.ts";
import { createKeyPair, publicHalf } from "../local/keys.ts";
import {
  type Command,
  type Failure,
  answer,
  messageOf,
  readArgs,
  readJsonInput,
} from "./command.ts";

const USAGE = "key new FILE";

export const keyNew: Command = {
  usage: USAGE,
  summary: "make an approver's key pair; prints the public key to register",
  async run(context) {
    const args = readArgs(context, USAGE, ["FILE"], {});
    if (!args.ok) return args;
    const [file = ""] = args.value.positionals;
    const key = createKeyPair();
    try {
      writeFileSync(file, `${JSON.stringify(key, null, 2)}\n`, { flag: "wx", mode: 0o600 });
    } catch (cause) {
      const next = "sekisho key new ANOTHER_FILE";
      return err({ exit: 2, message: `cannot write ${file}: ${messageOf(cause)}`, next });
    }
    const shown = publicHalf(key);
    return answer(shown, JSON.stringify(shown));
  },
};

const keyFileSchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  d: z.string(),
});

/** Reads a private key file made by `key new`; the `kid` is computed, not believed. Errors: exit 2. */
export function readKeyFile(file: string): Result<PrivateJwk & { readonly kid: string }, Failure> {
  const value = readJsonInput(file);
  if (!value.ok) return value;
  const key = keyFileSchema.safeParse(value.value);
  if (key.success) return ok({ ...key.data, kid: jwkThumbprint(key.data) });
  const message = `${file} is not an Ed25519 private key as a JWK`;
  return err({ exit: 2, message, next: "sekisho key new FILE" });
}
