/** What the console's browser build puts in place of node:crypto says what node:crypto says; and its line difference. */
import { createHash, createHmac, generateKeyPairSync, hash, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "../../worker/console/line-diff.ts";
import * as browser from "../../worker/console/node-crypto.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

describe("the stand-in for node:crypto", () => {
  it("hashes as node:crypto does, at once and in steps", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), bytes, (text, more) => {
        expect(browser.hash("sha256", text, "hex")).toBe(hash("sha256", text, "hex"));
        const ours = browser.createHash("sha256").update(text, "utf8").update(more).digest("hex");
        expect(ours).toBe(createHash("sha256").update(text, "utf8").update(more).digest("hex"));
      }),
    );
  });

  it("keys a hash as node:crypto does", () => {
    fc.assert(
      fc.property(bytes, bytes, (key, message) => {
        const ours = browser.createHmac("sha256", key).update(message).digest();
        expect(Buffer.from(ours as Uint8Array)).toEqual(
          createHmac("sha256", key).update(message).digest(),
        );
      }),
    );
  });

  it("verifies the signatures that node:crypto verifies, and no others", () => {
    const edwards = generateKeyPairSync("ed25519");
    const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const kinds = [
      { pair: edwards, digest: null },
      { pair: p256, digest: "sha256" },
    ];
    fc.assert(
      fc.property(
        bytes,
        fc.nat(),
        fc.constantFrom(...kinds),
        (message, place, { pair, digest }) => {
          const signature = sign(digest, message, pair.privateKey);
          const jwk = pair.publicKey.export({ format: "jwk" }) as { crv: string; x: string };
          const key = browser.createPublicKey({ key: jwk });
          const bent = Uint8Array.from(signature);
          const at = place % bent.length;
          bent[at] = (bent[at] ?? 0) ^ 1;
          expect(browser.verify(digest, message, key, signature)).toBe(true);
          expect(safely(() => browser.verify(digest, message, key, bent))).toBe(
            safely(() => verify(digest, message, pair.publicKey, bent)),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("signs nothing", () => {
    expect(() => browser.sign()).toThrow("signs nothing");
    expect(() => browser.createPrivateKey()).toThrow("signs nothing");
  });
});

/** shared/crypto.ts takes what is thrown for no signature. */
function safely(run: () => boolean): boolean {
  try {
    return run();
  } catch {
    return false;
  }
}

describe("the line difference", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });

  it("holds both texts whole, and nothing else", () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const lines = diffLines(before.join("\n"), after.join("\n"));
        const of = (kind: string) =>
          lines
            .filter((line) => line.kind === "same" || line.kind === kind)
            .map(({ text }) => text);
        expect(of("removed").join("\n")).toBe(before.join("\n"));
        expect(of("added").join("\n")).toBe(after.join("\n"));
      }),
    );
  });

  it("a text does not differ from itself", () => {
    fc.assert(
      fc.property(texts, (lines) => {
        const text = lines.join("\n");
        expect(diffLines(text, text).every(({ kind }) => kind === "same")).toBe(true);
      }),
    );
  });
});
