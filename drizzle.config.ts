/**
 * Where drizzle-kit finds the read model's schema and writes its migrations. Generates files only; they are
 * applied by wrangler (`migrations_dir` in wrangler.toml). A landed migration is never edited.
 */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./worker/read-model/schema.ts",
  out: "./d1-migrations",
});
