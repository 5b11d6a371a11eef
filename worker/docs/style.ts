/**
 * The style of the docs pages: one column that fits 320 px, the reader's own light or dark.
 */
export const STYLE = `
:root{color-scheme:light dark;--text:#1c2024;--dim:#5b6470;--page:#fff;--field:#f2f4f6;--line:#d9dee4;--link:#0b57d0;--bad:#a3231b}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ed;--dim:#9aa4b0;--page:#14171a;--field:#1e2327;--line:#333a42;--link:#8ab4f8;--bad:#f2a29b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:52rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin:2.5rem 0 0;text-transform:capitalize}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}h4{font-size:.9rem;margin:1rem 0 .25rem}
article{border-top:1px solid var(--line);padding:1rem 0}
a{color:var(--link)}code,pre,h3 b,nav b{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:var(--field);padding:.75rem;border-radius:.4rem;overflow-x:auto;margin:.25rem 0}
nav ul{list-style:none;padding:0}nav li{overflow-wrap:anywhere;padding:.15rem 0}
dl{margin:0}dt{overflow-wrap:anywhere}dd{margin:0 0 .5rem 1rem;overflow-wrap:anywhere}
summary{cursor:pointer;padding:.25rem 0}
small,.who{color:var(--dim)}.problem{margin:.25rem 0;overflow-wrap:anywhere}.problem b{color:var(--bad)}
`;
