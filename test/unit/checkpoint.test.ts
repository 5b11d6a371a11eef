/**
 * Signed notes, checkpoints, cosignatures and proof texts: published known answers, what is refused in
 * reading, and what a witness accepts.
 */
import { describe, expect, test } from "vitest";
import {
  base64Decode,
  base64UrlEncode,
  sha256Bytes,
  type PrivateJwk,
} from "../../shared/crypto.ts";
import {
  acceptCheckpoint,
  cosignNote,
  createMerkleTree,
  EMPTY_ROOT,
  formatCheckpoint,
  formatConsistencyText,
  formatInclusionText,
  formatNote,
  formatVkey,
  leafHash,
  noteKey,
  openCheckpoint,
  parseCheckpoint,
  parseConsistencyText,
  parseInclusionText,
  parseNote,
  parseVkey,
  signCheckpoint,
  signNote,
  verifyNote,
  type NoteKey,
  type SignedNote,
} from "../../shared/log/index.ts";
import type { Result } from "../../shared/result.ts";
import { createKeyPair } from "../../scripts/local/keys.ts";

function valueOf<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const reasonOf = (result: Result<unknown, { readonly reason: string }>) =>
  result.ok ? "accepted" : result.error.reason;

const vkey = (text: string): NoteKey => valueOf(parseVkey(text));
const note = (text: string): SignedNote => valueOf(parseNote(text));

/** c2sp.org/signed-note, "Verifier keys". */
const SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE =
  "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/** The package documentation of golang.org/x/mod/sumdb/note; the seed is published there too. */
const GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SEED = base64Decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")?.slice(1);
const GO_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_NOTE = `${GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

/** A cosignature made by github.com/transparency-dev/formats, as recorded by yaglo/signed_note. */
const COSIGNER_VKEY = "vec.example/cosigv10+c12688da+BLMSTPoQj0PojM8eKiPf9xUT8g6b0OuMyvYb5sSu9JH5";
const COSIGNED_NOTE =
  "vec.example/cosigv10\n42\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— vec.example/cosigv10 wSaI2gAAAABqbL5Q3HjbTCJeqMg3tmpdYGAg05ijTi7k0pyreJSULmtv3g+yXH+G/Ko87JG+QkLF6af9+GVVNlEIgf6T0bw0wQyMDw==\n";

const LOG = createKeyPair();
const HOST = "api.sekisho.test";
const ORIGIN = `${HOST}/acme/msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f`;
const LOG_KEY = noteKey(HOST, "signature", LOG);
const WITNESS = createKeyPair();
const WITNESS_KEY = noteKey("witness.example/w1", "cosignature", WITNESS);

describe("published notes", () => {
  test("the specification's example verifies under its vkey", () => {
    expect(verifyNote(note(SPEC_NOTE), vkey(SPEC_VKEY))).toEqual({ ok: true, value: { at: null } });
    expect(formatVkey(vkey(SPEC_VKEY))).toBe(SPEC_VKEY);
    expect(formatNote(note(SPEC_NOTE))).toBe(SPEC_NOTE);
  });

  test("the note of Go's documentation is signed again byte by byte", () => {
    if (!GO_SEED) throw new Error("the seed is base64");
    const { publicJwk } = vkey(GO_VKEY);
    const key: PrivateJwk = { ...publicJwk, d: base64UrlEncode(GO_SEED) };
    const signed = formatNote({
      text: GO_TEXT,
      signatures: [signNote(GO_TEXT, "PeterNeumann", key)],
    });
    expect(signed).toBe(GO_NOTE);
    expect(formatVkey(noteKey("PeterNeumann", "signature", key))).toBe(GO_VKEY);
  });

  test("another implementation's cosignature verifies and tells its time", () => {
    const cosigned = verifyNote(note(COSIGNED_NOTE), vkey(COSIGNER_VKEY));
    expect(cosigned).toMatchObject({ ok: true, value: { at: 1_785_511_504 } });
  });

  test("the example of tlog-cosignature is read, with the time the text names", () => {
    const text =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    const read = note(text);
    expect(valueOf(parseCheckpoint(read.text))).toMatchObject({
      origin: "example.com/behind-the-sofa",
      size: 20_852_163,
      extensions: [],
    });
    const bytes = read.signatures[1]?.bytes ?? new Uint8Array();
    expect(new DataView(bytes.buffer).getBigUint64(0)).toBe(1_679_315_147n);
    expect(formatNote(read)).toBe(text);
  });
});

describe("a note", () => {
  test("of an unknown signer is unsigned, and other signatures do not trouble a known one", () => {
    const other = createKeyPair();
    const text = "a text\n";
    const both = formatNote({
      text,
      signatures: [
        signNote(text, "other", other),
        signNote(text, HOST, LOG),
        cosignNote(text, "w", WITNESS, 7),
      ],
    });
    expect(reasonOf(verifyNote(note(both), LOG_KEY))).toBe("accepted");
    expect(verifyNote(note(both), noteKey("w", "cosignature", WITNESS))).toMatchObject({
      value: { at: 7 },
    });
    expect(reasonOf(verifyNote(note(both), noteKey(HOST, "signature", other)))).toBe(
      "note_unsigned",
    );
    expect(reasonOf(verifyNote(note(both), noteKey("w", "signature", WITNESS)))).toBe(
      "note_unsigned",
    );
  });

  test("with one good and one bad signature of the same key is refused", () => {
    const text = "a text\n";
    const good = signNote(text, HOST, LOG);
    const bad = { ...good, bytes: signNote("another\n", HOST, LOG).bytes };
    const forged = { text, signatures: [good, bad] };
    expect(reasonOf(verifyNote(forged, LOG_KEY))).toBe("signature_invalid");
  });

  test("cosigned at one time does not verify at another", () => {
    const text = "a text\n";
    const cosigned = cosignNote(text, WITNESS_KEY.name, WITNESS, 1_000);
    const later = { ...cosigned, bytes: Uint8Array.from(cosigned.bytes) };
    later.bytes[7] = (later.bytes[7] ?? 0) ^ 1;
    expect(reasonOf(verifyNote({ text, signatures: [later] }, WITNESS_KEY))).toBe(
      "signature_invalid",
    );
    const short = { ...cosigned, bytes: cosigned.bytes.slice(0, 8) };
    expect(reasonOf(verifyNote({ text, signatures: [short] }, WITNESS_KEY))).toBe(
      "signature_invalid",
    );
  });

  test.each([
    ["no blank line", "text\n— a AAAAAAAA\n"],
    ["no final newline", SPEC_NOTE.slice(0, -1)],
    ["no signature", "text\n\n"],
    ["a hyphen for the dash", SPEC_NOTE.replace("—", "-")],
    ["two spaces", SPEC_NOTE.replace("— ", "—  ")],
    ["a plus in the name", SPEC_NOTE.replace("example.com/foo", "a+b")],
    ["a tab", `a\t${SPEC_NOTE}`],
    ["a carriage return", SPEC_NOTE.replaceAll("\n", "\r\n")],
    ["unpadded base64", SPEC_NOTE.replace("=\n", "\n")],
    ["a key id alone", "text\n\n— a AAAAAA==\n"],
    ["a line after the signatures", `${SPEC_NOTE}more\n`],
    ["65 signatures", `t\n\n${"— a AAAAAAAA\n".repeat(65)}`],
    ["64 KiB of text", `${"x".repeat(65_536)}\n\n— a AAAAAAAA\n`],
  ])("with %s is malformed", (_why, text) => {
    expect(reasonOf(parseNote(text))).toBe("note_malformed");
  });
});

describe("a vkey", () => {
  test.each([
    ["nothing", ""],
    ["no base64", "a+00000000+"],
    ["an id that is not the key's", SPEC_VKEY.replace("530d903a", "530d903b")],
    ["another name under the id", SPEC_VKEY.replace("foo", "fop")],
    ["an upper-case id", SPEC_VKEY.replace("530d903a", "530D903A")],
    ["another algorithm", SPEC_VKEY.replace("+Aek", "+Bek")],
    ["a space", ` ${SPEC_VKEY}`],
    ["a low-order point", lowOrderVkey()],
  ])("with %s is refused", (_why, text) => {
    expect(reasonOf(parseVkey(text))).toBe("vkey_malformed");
  });

  function lowOrderVkey(): string {
    const point = new Uint8Array(32);
    point[0] = 1;
    const id = sha256Bytes(Uint8Array.of(97, 10, 1, ...point)).slice(0, 4);
    return `a+${Buffer.from(id).toString("hex")}+${Buffer.of(1, ...point).toString("base64")}`;
  }
});

describe("a checkpoint", () => {
  const checkpoint = { origin: ORIGIN, size: 64, root: leafHash("x"), extensions: [] };
  const signed = signCheckpoint(checkpoint, HOST, LOG);

  test("opens under the key that signed it, with what was signed", () => {
    expect(valueOf(openCheckpoint(signed, LOG_KEY)).checkpoint).toEqual(checkpoint);
    const extended = { ...checkpoint, extensions: ["more", "and more"] };
    const opened = openCheckpoint(signCheckpoint(extended, HOST, LOG), LOG_KEY);
    expect(valueOf(opened).checkpoint).toEqual(extended);
  });

  test("of a log that the key does not speak for is refused", () => {
    for (const origin of ["elsewhere.example/acme/x", `${HOST}.evil.example/x`]) {
      const foreign = signCheckpoint({ ...checkpoint, origin }, HOST, LOG);
      expect(reasonOf(openCheckpoint(foreign, LOG_KEY))).toBe("origin_mismatch");
    }
    const own = signCheckpoint({ ...checkpoint, origin: HOST }, HOST, LOG);
    expect(reasonOf(openCheckpoint(own, LOG_KEY))).toBe("accepted");
  });

  test.each([
    ["an empty origin", "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"],
    ["a leading zero", "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"],
    ["a sign", "o\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"],
    ["a size beyond 2^53", "o\n9007199254740993\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"],
    ["a short root", "o\n1\nAAAA\n"],
    ["a root with stray bits", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n"],
    ["an empty extension", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nx\n"],
    ["no root", "o\n1\n"],
    ["an unended line", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="],
  ])("with %s is malformed", (_why, text) => {
    expect(reasonOf(parseCheckpoint(text))).toBe("checkpoint_malformed");
  });

  test("is never made of what could not be read again", () => {
    expect(() => formatCheckpoint({ ...checkpoint, origin: "" })).toThrow("lines are not empty");
    expect(() => formatCheckpoint({ ...checkpoint, extensions: ["a\nb"] })).toThrow(
      "lines are not empty",
    );
    expect(() => formatCheckpoint({ ...checkpoint, size: -1 })).toThrow("a count");
    expect(() => signCheckpoint(checkpoint, "a b", LOG)).toThrow("neither spaces nor plus");
  });
});

describe("proof texts", () => {
  const proof = [leafHash("a"), leafHash("b")];
  const checkpoint = signCheckpoint(
    { origin: ORIGIN, size: 4, root: leafHash("r"), extensions: [] },
    HOST,
    LOG,
  );

  test("are read as they were written", () => {
    const inclusion = { index: 3, proof, checkpoint };
    expect(valueOf(parseInclusionText(formatInclusionText(inclusion)))).toEqual(inclusion);
    expect(formatInclusionText(inclusion)).toMatch(
      /^c2sp\.org\/tlog-proof@v1\nindex 3\n\S{44}\n\S{44}\n\napi/,
    );
    const consistency = { from: 2, proof, checkpoint };
    expect(valueOf(parseConsistencyText(formatConsistencyText(consistency)))).toEqual(consistency);
    expect(formatConsistencyText({ from: 0, proof: [], checkpoint })).toBe(
      `old 0\n\n${checkpoint}`,
    );
  });

  test("an extra line is read over, as unauthenticated", () => {
    const text = formatInclusionText({ index: 3, proof, checkpoint });
    const extra = text.replace("index", "extra AAAA\nindex");
    expect(valueOf(parseInclusionText(extra))).toEqual({ index: 3, proof, checkpoint });
    expect(reasonOf(parseInclusionText(text.replace("index", "extra A\nindex")))).toBe(
      "proof_malformed",
    );
  });

  const whole = formatInclusionText({ index: 3, proof, checkpoint });
  test.each([
    ["another version", whole.replace("v1", "v2")],
    ["no index", whole.replace("index 3\n", "")],
    ["a leading zero", whole.replace("index 3", "index 03")],
    ["a short hash", whole.replace(/\n\S{44}\n/, "\nAAAA\n")],
    ["64 hashes", whole.replace(/index 3/, `index 3${`\n${"A".repeat(43)}=`.repeat(64)}`)],
    ["no checkpoint", whole.slice(0, whole.indexOf("\n\n") + 2)],
    ["no blank line", whole.slice(0, whole.indexOf("\n\n"))],
  ])("with %s are malformed", (_why, text) => {
    expect(reasonOf(parseInclusionText(text))).toBe("proof_malformed");
  });
});

describe("a witness", () => {
  const tree = createMerkleTree();
  for (let n = 0; n < 20; n += 1) tree.append(leafHash(`entry ${n}`));
  const fork = createMerkleTree();
  for (let n = 0; n < 20; n += 1) fork.append(leafHash(n === 4 ? "forged" : `entry ${n}`));
  const at = (size: number, of = tree) => ({ size, root: of.root(size) });

  test("takes a log as it first sees it, and an empty one grows freely", () => {
    expect(acceptCheckpoint(null, at(9), null)).toEqual({ ok: true, value: at(9) });
    expect(acceptCheckpoint({ size: 0, root: EMPTY_ROOT }, at(9), null)).toEqual({
      ok: true,
      value: at(9),
    });
  });

  test("takes the same tree again, and one that proves its growth", () => {
    expect(acceptCheckpoint(at(9), at(9), null)).toEqual({ ok: true, value: at(9) });
    for (let from = 1; from < 20; from += 1) {
      for (let to = from + 1; to <= 20; to += 1) {
        expect(reasonOf(acceptCheckpoint(at(from), at(to), tree.consistencyProof(from, to)))).toBe(
          "accepted",
        );
      }
    }
  });

  test("refuses a log that shrank", () => {
    expect(reasonOf(acceptCheckpoint(at(9), at(8), tree.consistencyProof(8, 9)))).toBe("rollback");
    expect(reasonOf(acceptCheckpoint(at(9), at(0), []))).toBe("rollback");
  });

  test("refuses another past, at the same size and with any proof of a larger one", () => {
    expect(reasonOf(acceptCheckpoint(at(9), at(9, fork), null))).toBe("fork");
    for (let to = 10; to <= 20; to += 1) {
      for (const proof of [fork.consistencyProof(9, to), tree.consistencyProof(9, to), []]) {
        expect(reasonOf(acceptCheckpoint(at(9), at(to, fork), proof))).toBe("proof_invalid");
      }
    }
  });

  test("refuses an empty log under any root but the empty one's", () => {
    expect(reasonOf(acceptCheckpoint(null, at(0), null))).toBe("accepted");
    expect(reasonOf(acceptCheckpoint(null, { ...at(9), size: 0 }, null))).toBe("fork");
  });

  test("refuses growth without a proof", () => {
    expect(reasonOf(acceptCheckpoint(at(9), at(10), null))).toBe("proof_missing");
  });
});
