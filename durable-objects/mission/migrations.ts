/**
 * The schema of a mission's own database: an append-only list, applied when the mission opens and
 * checked at every load. An object that was only asked about never gets a table.
 */

const MIGRATIONS: readonly { readonly id: number; readonly sql: string }[] = [
  {
    id: 1,
    sql: `
      CREATE TABLE migration (id INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        last_seq INTEGER NOT NULL,
        command_last_seq INTEGER NOT NULL,
        events TEXT NOT NULL,
        idempotency_key TEXT,
        request_hash TEXT
      ) STRICT;
      CREATE UNIQUE INDEX journal_idempotency_key ON journal (idempotency_key) WHERE idempotency_key IS NOT NULL;
      CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 1), indexed INTEGER NOT NULL, announced INTEGER NOT NULL) STRICT;
      CREATE TABLE snapshot (part INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, body TEXT NOT NULL) STRICT;
      INSERT INTO cursor (id, indexed, announced) VALUES (1, -1, -1);
    `,
  },
  {
    // Snapshots are signed, and how far tickets were sent again outlives the object's memory.
    id: 2,
    sql: `
      DROP TABLE snapshot;
      CREATE TABLE snapshot (
        part INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL,
        signature TEXT NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      ALTER TABLE cursor ADD COLUMN resent_ms INTEGER NOT NULL DEFAULT 0;
    `,
  },
];

/** Whether the mission was ever opened. One read of the schema, no write. */
export function isMigrated(sql: SqlStorage): boolean {
  return (
    sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'journal'").toArray()
      .length > 0
  );
}

/** Applies what is missing; call inside the transaction that needs the tables. */
export function migrate(sql: SqlStorage): void {
  const applied = isMigrated(sql)
    ? sql.exec<{ id: number }>("SELECT id FROM migration ORDER BY id").toArray()
    : [];
  for (const { id, sql: statements } of MIGRATIONS.slice(applied.length)) {
    sql.exec(statements);
    sql.exec("INSERT INTO migration (id) VALUES (?)", id);
  }
}
