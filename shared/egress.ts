/**
 * Where the system may send a request: the one classification for connectors and webhooks.
 * Judges the parsed URL only. It cannot see what a public name resolves to; that a name does not lead
 * inside is the platform's part (docs/tickets.md, "Where the gateway may call").
 */
import { err, ok, type Result } from "./result.ts";

/** `host:port` or `host` (any port), lower case: what may be reached although it is local. */
export type EgressAllowList = ReadonlySet<string>;

export type EgressRefusal = {
  readonly reason:
    | "url_malformed"
    | "scheme_refused"
    | "userinfo_refused"
    | "ip_literal_refused"
    | "local_name_refused"
    | "port_refused";
  readonly detail: string;
};

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "https:": "443", "http:": "80" };
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
/**
 * Names that never belong to a stranger on the public internet: RFC 6761, 6762, 7686, 8375 (`arpa`) and 9476,
 * ICANN's `internal`, its name collisions (`corp`, `home`, `mail`), common intranets, cluster services, and
 * the one public name of a cloud's metadata service.
 */
const LOCAL_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "lan",
  "corp",
  "home",
  "mail",
  "private",
  "svc",
  "arpa",
  "alt",
  "invalid",
  "onion",
  "metadata.goog",
];

/**
 * A top-level label of plain letters. One in another script is refused unless listed, because a look-alike
 * of `localhost` or `internal` is spelled with it, and which resolver meets it is not known here.
 */
const TOP_LEVEL = /^[a-z]{2,63}$/;

/** Reads the comma-separated setting; blanks are skipped, so the empty setting allows nothing. */
export function parseEgressAllowList(setting: string): EgressAllowList {
  return new Set(
    setting
      .split(",")
      .map((entry) => entry.trim().toLowerCase())
      .filter((entry) => entry !== ""),
  );
}

/**
 * Decides whether a URL may be called, and answers it parsed; call exactly what was answered.
 *
 * Allowed: `https` to a public-looking name on port 443; or `https`/`http` to a host on the allow
 * list. Errors: the tagged reasons above. Userinfo is refused even for a listed host, because a
 * credential in a URL ends up in logs.
 */
export function checkEgressUrl(text: string, allow: EgressAllowList): Result<URL, EgressRefusal> {
  if (!URL.canParse(text)) return refuse("url_malformed", "not an absolute URL");
  const url = new URL(text);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) return refuse("scheme_refused", "only https is called");
  if (url.username !== "" || url.password !== "") {
    return refuse("userinfo_refused", "a URL carries no credentials");
  }
  const port = url.port === "" ? defaultPort : url.port;
  if (allow.has(`${url.hostname}:${port}`) || allow.has(url.hostname)) return ok(url);

  if (url.protocol !== "https:") return refuse("scheme_refused", "only https is called");
  // The parser has already turned 0x7f.1, 2130706433 and full-width digits into plain dotted IPv4.
  if (url.hostname.startsWith("[") || IPV4.test(url.hostname)) {
    return refuse("ip_literal_refused", "hosts are called by name");
  }
  if (isLocalName(url.hostname)) return refuse("local_name_refused", "the name is a local one");
  return port === "443" ? ok(url) : refuse("port_refused", "only port 443 is called");
}

function isLocalName(hostname: string): boolean {
  // The root dot is legal and resolves the same, so it must not hide a name.
  const name = hostname.replace(/\.$/, "");
  const labels = name.split(".");
  if (labels.length < 2 || labels.includes("") || !TOP_LEVEL.test(labels.at(-1) ?? "")) return true;
  return LOCAL_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

function refuse(reason: EgressRefusal["reason"], detail: string): Result<never, EgressRefusal> {
  return err({ reason, detail });
}
