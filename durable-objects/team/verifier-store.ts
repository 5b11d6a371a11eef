/**
 * The SQL of a team's verifiers and of who a key was first registered for. Refuses to decide anything.
 */
import type { VerifierFacts } from "../../shared/evidence/index.ts";
import type { KeyOwner } from "../../shared/wire/rpc.ts";

interface VerifierRow extends Record<string, SqlStorageValue> {
  id: string;
  family: string;
  keys: string;
}

export function readVerifiers(sql: SqlStorage): readonly VerifierFacts[] {
  return sql.exec<VerifierRow>("SELECT * FROM verifier ORDER BY id").toArray().map(toVerifier);
}

export function hasVerifier(sql: SqlStorage, id: string): boolean {
  return sql.exec("SELECT 1 FROM verifier WHERE id = ?", id).toArray().length > 0;
}

/** The verifier a key was first registered for; a key is never given to a second one. */
export function readVerifierKeyOwner(sql: SqlStorage, kid: string): string | null {
  const row = sql
    .exec<{ verifier_id: string }>("SELECT verifier_id FROM verifier_key WHERE kid = ?", kid)
    .toArray()[0];
  return row?.verifier_id ?? null;
}

/** Every verifier's keys, past ones among them. */
export function readVerifierKeyOwners(sql: SqlStorage): readonly KeyOwner[] {
  return sql
    .exec<{ id: string; kid: string }>("SELECT verifier_id AS id, kid FROM verifier_key")
    .toArray();
}

export function writeVerifier(sql: SqlStorage, { id, family, keys }: VerifierFacts): void {
  sql.exec(
    "INSERT INTO verifier (id, family, keys) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET family = excluded.family, keys = excluded.keys",
    id,
    family,
    JSON.stringify(keys),
  );
  for (const { kid } of keys) {
    sql.exec(
      "INSERT INTO verifier_key (kid, verifier_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
      kid,
      id,
    );
  }
}

function toVerifier({ id, family, keys }: VerifierRow): VerifierFacts {
  return { id, family, keys: JSON.parse(keys) as VerifierFacts["keys"] };
}
