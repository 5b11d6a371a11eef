/**
 * Applies the read model's migrations to the local D1 database, in the order of their file names, each
 * with its record in one batch (one transaction), so a crash between two files leaves neither half.
 * Keeps the record where `wrangler d1 migrations apply` keeps it, so both agree on what is applied.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { unstable_splitSqlQuery } from "wrangler";

/** The few calls of a D1 binding that are used here. */
export interface MigratedDatabase {
  prepare(sql: string): MigrationStatement;
  batch(statements: MigrationStatement[]): Promise<unknown>;
}

interface MigrationStatement {
  bind(...values: unknown[]): MigrationStatement;
  all<Row>(): Promise<{ results: Row[] }>;
}

const RECORD = "d1_migrations";

/** Applies what is not applied yet and answers the names of the files applied now; again is harmless. */
export async function applyMigrations(
  database: MigratedDatabase,
  folder: string,
): Promise<readonly string[]> {
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".sql"))
        .sort()
    : [];
  await database.batch([
    database.prepare(
      `CREATE TABLE IF NOT EXISTS ${RECORD} (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    ),
  ]);
  const { results } = await database.prepare(`SELECT name FROM ${RECORD}`).all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const pending = files.filter((name) => !applied.has(name));
  for (const name of pending) {
    const sql = readFileSync(path.join(folder, name), "utf8");
    const statements = unstable_splitSqlQuery(sql).map((statement) => database.prepare(statement));
    await database.batch([
      ...statements,
      database.prepare(`INSERT INTO ${RECORD} (name) VALUES (?)`).bind(name),
    ]);
  }
  return pending;
}
