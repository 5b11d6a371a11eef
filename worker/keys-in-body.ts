/**
 * Public keys as they stand in a body. Checked here as well as in the directory, because only here is
 * known where in the body a key stood.
 */
import { checkPublicJwk, type PublicJwk } from "../shared/crypto.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { Problem } from "../shared/wire/problem.ts";

/** The keys of the member at `base`, or the first that is refused and where it stood. */
export function readPublicKeys(
  keys: readonly unknown[],
  base = "/keys",
): Result<readonly PublicJwk[], Problem> {
  const read: PublicJwk[] = [];
  for (const [index, value] of keys.entries()) {
    const key = checkPublicJwk(value);
    if (!key.ok) {
      const { reason } = key.error;
      return err({ code: reason, errors: [{ pointer: `${base}/${index}`, detail: reason }] });
    }
    read.push(key.value);
  }
  return ok(read);
}
