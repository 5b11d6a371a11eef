/** The short form of a gate digest: twelve digits, in one place. Source: docs/approvals.md. */
import { describe, expect, it } from "vitest";
import { shortDigest } from "../../shared/approval/index.ts";

describe("the short digest", () => {
  const digest = `0123456789ab${"c".repeat(52)}`;

  it("is the first twelve hex digits in groups of four", () => {
    expect(shortDigest(digest)).toBe("0123-4567-89ab");
  });

  it.each(["", "0123456789ab", digest.toUpperCase(), `${digest}0`, `x${digest.slice(1)}`])(
    "is never made of what is no digest: %j",
    (text) => expect(() => shortDigest(text)).toThrow(/64 lower-case hex/),
  );
});
