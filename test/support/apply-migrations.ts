/**
 * Set-up file of the `workers` project: gives each test file a migrated D1 database. Isolation is per file,
 * so this runs once per file; after `reset()` the tables are gone and must be applied again.
 * The migrations come from vitest.config.ts, because a worker cannot read the folder.
 */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";

/** The bindings this file needs; the rest of the environment is typed where it is used. */
interface MigrationBindings {
  readonly DB: D1Database;
  readonly TEST_MIGRATIONS: D1Migration[];
}

beforeAll(async () => {
  const bindings = env as unknown as MigrationBindings;
  await applyD1Migrations(bindings.DB, bindings.TEST_MIGRATIONS);
});
