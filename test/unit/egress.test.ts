/** Where requests may go: every way to spell an inside address that a URL knows. Source: docs/tickets.md. */
import { describe, expect, test } from "vitest";
import { checkEgressUrl, parseEgressAllowList, type EgressRefusal } from "../../shared/egress.ts";
import { SSRF_TARGETS, SSRF_TARGETS_MIN } from "../support/ssrf-targets.ts";

const NOTHING = parseEgressAllowList("");

describe("a public https address is allowed", () => {
  test.each([
    "https://api.vendor.example/v1/switch",
    "https://api.vendor.example:443/v1/switch?x=1",
    "HTTPS://API.Vendor.Example/",
    "https://xn--mnchen-3ya.example/",
    "https://localhost.vendor.example/",
    "https://internal.vendor.example/",
    "https://local.example/",
    "https://1.2.3.4.vendor.example/",
    "https://vendor.example./",
    "https://mail.vendor.example/",
    "https://arpa.vendor.example/",
  ])("%s", (url) => {
    expect(checkEgressUrl(url, NOTHING)).toMatchObject({ ok: true });
  });
});

describe("everything else is refused, with its reason", () => {
  const cases: readonly (readonly [EgressRefusal["reason"], readonly string[]])[] = [
    [
      "url_malformed",
      [
        "",
        "vendor",
        "/switch",
        "//vendor.example/",
        "https://",
        "https://a b/",
        "https://[::1/",
        "https://vendor.example:99999/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://vendor.example%00/",
      ],
    ],
    [
      "scheme_refused",
      [
        "http://vendor.example/",
        "ftp://vendor.example/",
        "file:///etc/passwd",
        "ws://vendor.example/",
        "wss://vendor.example/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "gopher://vendor.example/",
        "blob:https://vendor.example/1",
        "http://127.0.0.1/",
      ],
    ],
    [
      "userinfo_refused",
      [
        "https://user@vendor.example/",
        "https://user:secret@vendor.example/",
        "https://:secret@vendor.example/",
        "https://vendor.example@127.0.0.1/",
      ],
    ],
    [
      "ip_literal_refused",
      [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://8.8.8.8/",
        "https://１２７.０.０.１/",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://%31%32%37.0.0.1/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://[2606:4700::1111]/",
        "https://[::1]:443/",
      ],
    ],
    [
      "local_name_refused",
      [
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://ｌｏｃａｌｈｏｓｔ/",
        "https://api.localhost/",
        "https://api.localhost./",
        "https://printer.local/",
        "https://printer.local./",
        "https://metadata.google.internal/",
        "https://metadata/",
        "https://intranet/",
        "https://db.internal/",
        "https://router.lan/",
        "https://wiki.corp/",
        "https://nas.home/",
        "https://nas.home.arpa/",
        "https://x.private/",
        "https://x.intranet/",
        "https://x.localdomain/",
        "https://x.onion/",
        "https://x.invalid/",
        "https://vendor/",
        "https://kubernetes.default.svc/",
        "https://metadata.goog/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://api.lоcalhost/",
        "https://api.xn--lcalhost-rbh/",
      ],
    ],
    [
      "port_refused",
      [
        "https://vendor.example:80/",
        "https://vendor.example:8443/",
        "https://vendor.example:22/",
        "https://vendor.example:6379/",
        "https://vendor.example:0/",
        "https://vendor.example:1/",
      ],
    ],
  ];

  test.each(cases.flatMap(([reason, urls]) => urls.map((url) => [reason, url] as const)))(
    "%s: %s",
    (reason, url) => {
      expect(checkEgressUrl(url, NOTHING)).toMatchObject({ ok: false, error: { reason } });
    },
  );
});

describe("every target of the family", () => {
  test("is one of enough", () => {
    expect(SSRF_TARGETS.length).toBeGreaterThanOrEqual(SSRF_TARGETS_MIN);
  });

  test.each(SSRF_TARGETS)("is refused: %j", (url) => {
    expect(checkEgressUrl(url, NOTHING).ok).toBe(false);
  });
});

describe("the allow list", () => {
  const allow = parseEgressAllowList(" 127.0.0.1:8787 , LOCALHOST, [::1]:9000,,");

  test.each([
    "http://127.0.0.1:8787/",
    "https://127.0.0.1:8787/",
    "http://2130706433:8787/",
    "http://localhost:1234/hook",
    "https://localhost/",
    "http://[::1]:9000/",
  ])("allows what it names: %s", (url) => {
    expect(checkEgressUrl(url, allow)).toMatchObject({ ok: true });
  });

  test.each([
    ["http://127.0.0.1:8788/", "scheme_refused"],
    ["https://127.0.0.1:8788/", "ip_literal_refused"],
    ["http://127.0.0.1/", "scheme_refused"],
    ["http://127.0.0.2:8787/", "scheme_refused"],
    ["http://user@127.0.0.1:8787/", "userinfo_refused"],
    ["ws://127.0.0.1:8787/", "scheme_refused"],
    ["http://evil.example/?127.0.0.1:8787", "scheme_refused"],
    ["https://api.localhost/", "local_name_refused"],
    ["http://127.0.0.1:8787.evil.example/", "url_malformed"],
  ])("allows nothing beside it: %s", (url, reason) => {
    expect(checkEgressUrl(url, allow)).toMatchObject({ ok: false, error: { reason } });
  });

  test("is empty when the setting is", () => {
    expect([...parseEgressAllowList("")]).toEqual([]);
    expect([...parseEgressAllowList(" , ")]).toEqual([]);
  });
});

test("the answer is the parsed address, so that what was judged is what is called", () => {
  const checked = checkEgressUrl("https://api.vendor.example\\@127.0.0.1/\t", NOTHING);
  expect(checked.ok && checked.value.href).toBe("https://api.vendor.example/@127.0.0.1/");
});
