/**
 * Whose keys are known: a JSON file of ids with the thumbprints or the public keys of each, written by whoever
 * knows the people and not taken from the trace. Specification: docs/replay.md, "Whose keys".
 */
import * as z from "zod";
import { jwkThumbprint } from "../../shared/crypto.ts";
import type { KeysById } from "../../shared/mission/index.ts";
import { ok, type Result } from "../../shared/result.ts";
import { publicJwkSchema } from "../../shared/wire/api.ts";
import { type Failure, readJsonInput, usageError } from "./command.ts";

const thumbprintSchema = z.string().regex(/^[\w-]{43}$/);
const keysByIdSchema = z.record(
  z.string().min(1),
  z.array(z.union([thumbprintSchema, publicJwkSchema])),
);

/** Reads such a file; null where none is named. */
export function readKeysById(
  file: string | undefined,
  usage: string,
): Result<KeysById | null, Failure> {
  if (file === undefined) return ok(null);
  const read = readJsonInput(file);
  if (!read.ok) return read;
  const parsed = keysByIdSchema.safeParse(read.value);
  if (!parsed.success)
    return usageError(
      usage,
      `${file} is no object of ids, each with a list of kids or public JWKs`,
    );
  return ok(
    new Map(
      Object.entries(parsed.data).map(([id, keys]) => [
        id,
        new Set(keys.map((key) => (typeof key === "string" ? key : jwkThumbprint(key)))),
      ]),
    ),
  );
}
