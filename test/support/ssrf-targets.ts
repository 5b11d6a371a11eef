/**
 * Family 16: addresses that no webhook may reach, by kind, for the tests of registration and of dispatch.
 * Every special range of the IANA registries stands here, and every spelling of an address a URL knows.
 */

/** Special-purpose IPv4 ranges (RFC 6890 and its registry), one address inside each, and at their edges. */
const IPV4 = [
  ..."0.0.0.0 0.1.2.3 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.0 100.64.0.1 100.100.100.200".split(
    " ",
  ),
  ..."100.127.255.255 127.0.0.0 127.0.0.1 127.255.255.254 169.254.0.1 169.254.169.253".split(" "),
  ..."169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.170".split(
    " ",
  ),
  ..."192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255".split(
    " ",
  ),
  ..."192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250".split(
    " ",
  ),
  ..."240.0.0.1 255.255.255.254 255.255.255.255 168.63.129.16 8.8.8.8".split(" "),
];

/** Special-purpose IPv6 ranges, and the ranges that carry an IPv4 address inside. */
const IPV6 = [
  ..."[::] [::1] [0:0:0:0:0:0:0:1] [::ffff:0:0] [::ffff:127.0.0.1] [::ffff:7f00:1]".split(" "),
  ..."[::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [0:0:0:0:0:ffff:7f00:1]".split(
    " ",
  ),
  ..."[::127.0.0.1] [::7f00:1] [::10.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1]".split(" "),
  ..."[64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1] [64:ff9b:1::10.0.0.1]".split(" "),
  ..."[2002:7f00:1::] [2002:7f00:1::1] [2002:a00:1::] [2002:a9fe:a9fe::] [2002:c0a8:101::]".split(
    " ",
  ),
  ..."[2001:0:4136:e378:8000:63bf:80ff:fffe] [2001::7f00:1] [2001:2::1] [2001:3::1]".split(" "),
  ..."[2001:4:112::1] [2001:10::1] [2001:20::1] [2001:30::1] [2001:db8::1] [3fff::1]".split(" "),
  ..."[100::1] [100:0:0:1::1] [2620:4f:8000::1] [5f00::1] [fc00::1] [fd00::1] [fd00:ec2::254]".split(
    " ",
  ),
  ..."[fdff:ffff::1] [fe80::1] [fe80::a9fe:a9fe] [febf::1] [fec0::1] [ff00::1] [ff02::1]".split(
    " ",
  ),
  ..."[ff05::1:3] [ff0e::1] [2606:4700:4700::1111]".split(" "),
];

/** One address, 127.0.0.1 or 169.254.169.254, as the URL parser also takes it. */
const SPELLINGS = [
  ..."127.1 127.0.1 127.0.0.1. 2130706433 2130706433. 0x7f000001 0x7F000001 0x7f.0.0.1 0x7f.1".split(
    " ",
  ),
  ..."0177.0.0.1 0177.1 017700000001 00000177.0.0.1 0x7f.0x0.0x0.0x1 0 0x0 00 0.0 0x0.0x0".split(
    " ",
  ),
  ..."2852039166 0xa9fea9fe 0xA9.0xFE.0xA9.0xFE 0251.0376.0251.0376 169.16689662 10.1 0xa.1".split(
    " ",
  ),
  ..."3232235777 192.168.257 １２７.０.０.１ ①②⑦.0.0.1 127。0。0。1 127．0．0．1 127｡0｡0｡1".split(
    " ",
  ),
  ..."%31%32%37.0.0.1 127%2e0%2e0%2e1 ０x7f.1 1２7.0.0.1 [::1]: [::FFFF:127.0.0.1]".split(" "),
];

const NAMES = [
  ..."localhost LOCALHOST LocalHost localhost. ｌｏｃａｌｈｏｓｔ ⓛocalhost %6cocalhost lo%63alhost".split(
    " ",
  ),
  ..."api.localhost api.localhost. a.b.localhost x.LOCALHOST localhost.localdomain x.localdomain".split(
    " ",
  ),
  ..."printer.local printer.local. PRINTER.LOCAL db.cluster.local metadata.google.internal".split(
    " ",
  ),
  ..."metadata.google.internal. instance-data.ec2.internal db.internal host.docker.internal".split(
    " ",
  ),
  ..."kubernetes.default.svc gateway.svc metadata.goog metadata.goog. metadata intranet vendor".split(
    " ",
  ),
  ..."wiki.corp router.lan nas.home nas.home.arpa nas.home.arpa. smtp.mail x.private x.intranet".split(
    " ",
  ),
  ..."1.0.0.127.in-addr.arpa x.ip6.arpa x.onion x.invalid x.alt wiki.corp. local internal".split(
    " ",
  ),
  // Letters of other scripts that look like ours, as typed and as punycode.
  ..."lоcalhost lοcalhost ⅼocalhost locaⅼhost 𝓵ocalhost api.lоcalhost api.ⅼocalhost db.іnternal".split(
    " ",
  ),
  ..."printer.lοcal xn--lcalhost-rbh api.xn--lcalhost-rbh db.xn--nternal-m1f x.xn--p1ai ｌocal".split(
    " ",
  ),
  ..."local­host localhost。 api。localhost x..localhost x.local.. vendor..example".split(" "),
];

const WHOLE = [
  // A zone, and other things that are no host.
  ..."https://[fe80::1%25eth0]/ https://[fe80::1%eth0]/ https://[::1%250]/ https://[::1/".split(
    " ",
  ),
  ..."https://[v1.fe80::a]/ https://[1.2.3.4]/ https://256.1.1.1/ https://1.2.3.4.5/ https:///".split(
    " ",
  ),
  // Another scheme.
  ..."http://vendor.example/ ftp://vendor.example/ file:///etc/passwd ws://vendor.example/".split(
    " ",
  ),
  ..."gopher://127.0.0.1:6379/_x data:text/plain,x javascript:alert(1) blob:https://vendor.example/1".split(
    " ",
  ),
  ..."dict://127.0.0.1:11211/ ldap://127.0.0.1/ jar:https://vendor.example/!/ about:blank".split(
    " ",
  ),
  // Credentials, also such as hide the host.
  ..."https://user@vendor.example/ https://user:word@vendor.example/ https://:word@vendor.example/".split(
    " ",
  ),
  ..."https://vendor.example@127.0.0.1/ https://vendor.example:443@localhost/".split(" "),
  ..."https://vendor.example%40@127.0.0.1/ https://a:b@[::1]/ https://127.0.0.1%23@vendor.example/".split(
    " ",
  ),
  // A backslash is a slash, and what the parser drops hides nothing.
  ..."https://127.0.0.1\\@vendor.example/ https:\\\\127.0.0.1/ https:127.0.0.1 https:/127.0.0.1/".split(
    " ",
  ),
  "https://local\thost/",
  "https://127.0.0\n.1/",
  " https://127.0.0.1/ ",
  // Another port.
  ..."https://vendor.example:80/ https://vendor.example:8443/ https://vendor.example:22/".split(
    " ",
  ),
  ..."https://vendor.example:6379/ https://vendor.example:0/ https://vendor.example:1/".split(" "),
  ..."https://vendor.example:65535/ https://vendor.example:99999/ https://127.0.0.1:443/".split(
    " ",
  ),
];

/** All of them as URLs; none twice. */
export const SSRF_TARGETS: readonly string[] = [
  ...new Set([
    ...[...IPV4, ...IPV6, ...SPELLINGS, ...NAMES].map((host) => `https://${host}/hook`),
    ...WHOLE,
  ]),
];

/** Floor of the family, at registration and at dispatch each. */
export const SSRF_TARGETS_MIN = 160;

/** Where a receiver may send a request on to; the system follows none of it. */
export const REDIRECT_STATUSES: readonly number[] = [300, 301, 302, 303, 304, 305, 307, 308];
