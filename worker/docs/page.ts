/**
 * The docs pages: plain HTML from the OpenAPI document, without script, image or outside request.
 * Everything written into a page goes through `html`, which escapes what it is given.
 */
import { html, raw } from "hono/html";
import { PROBLEMS, type ProblemCode } from "../../shared/wire/problem.ts";
import type {
  ApiDocument,
  DocumentAnswer,
  DocumentOperation,
  DocumentParameter,
} from "../openapi.ts";
import { schemaText } from "./schema-text.ts";
import { STYLE } from "./style.ts";

type Html = ReturnType<typeof html>;

interface Listed {
  readonly path: string;
  readonly method: string;
  readonly operation: DocumentOperation;
}

/** Every route of the document, with parameters, bodies, answers and the problems of each. */
export function docsPage(document: ApiDocument, nonce: string): Html {
  const routes = listRoutes(document);
  const tags = [...new Set(routes.map(({ operation }) => operation.tags?.[0] ?? "other"))];
  const sections = tags.map(
    (tag) =>
      html`<section>
        <h2>${tag}</h2>
        ${routes.filter(({ operation }) => (operation.tags?.[0] ?? "other") === tag).map(routeHtml)}
      </section>`,
  );
  return frame(
    nonce,
    "Sekisho API",
    html`<h1>Sekisho API</h1>
      <p>
        Every request under <code>/v1</code> carries <code>Authorization: Bearer &lt;JWT&gt;</code>;
        the team and the roles are the token's. The exact contract is
        <a href="/openapi.json">openapi.json</a>. A refusal is
        <code>application/problem+json</code> (RFC 9457) with a stable <code>code</code>.
      </p>
      <nav>
        <ul>
          ${routes.map(
            (route) =>
              html`<li>
                <a href="#${anchorOf(route)}"><b>${route.method}</b> ${route.path}</a>
              </li>`,
          )}
        </ul>
      </nav>
      ${sections}`,
  );
}

/** One problem code: what it says, and which routes may answer with it. */
export function errorPage(document: ApiDocument, code: ProblemCode, nonce: string): Html {
  const { status, title } = PROBLEMS[code];
  const routes = listRoutes(document).filter(({ operation }) =>
    Object.values(operation.responses).some((answer) => answer["x-problem-codes"]?.includes(code)),
  );
  return frame(
    nonce,
    `${code} - Sekisho API`,
    html`<h1><code>${code}</code></h1>
      <p><b>${status}</b> ${title}.</p>
      <p>
        Which request it was stands in the problem's <code>instance</code> and in
        <code>x-request-id</code>; what it was about, in its other members.
      </p>
      <h2>Routes that may answer so</h2>
      <ul>
        ${routes.map(
          (route) =>
            html`<li>
              <a href="/docs#${anchorOf(route)}"><b>${route.method}</b> ${route.path}</a>
            </li>`,
        )}
      </ul>
      <p><a href="/docs">All routes</a></p>`,
  );
}

function listRoutes(document: ApiDocument): readonly Listed[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
    })),
  );
}

function anchorOf({ method, path }: Listed): string {
  return `${method.toLowerCase()}${path.replaceAll(/[^a-z0-9]+/gi, "-")}`;
}

function routeHtml(route: Listed): Html {
  const { operation, method, path } = route;
  const roles = operation["x-roles"];
  const body = operation.requestBody?.content["application/json"]?.schema;
  return html`<article id="${anchorOf(route)}">
    <h3><b>${method}</b> <code>${path}</code></h3>
    <p>${operation.summary ?? ""}. ${operation.description ?? ""}</p>
    <p class="who">For ${roles.length === 0 ? "anyone, without a token" : roles.join(", ")}</p>
    ${parametersHtml(operation.parameters ?? [])}
    ${
      body === undefined
        ? html``
        : html`<h4>Body</h4>
            <pre tabindex="0">${schemaText(body)}</pre>`
    }
    ${Object.entries(operation.responses).map(([status, answer]) => answerHtml(status, answer))}
  </article>`;
}

function parametersHtml(parameters: readonly DocumentParameter[]): Html {
  if (parameters.length === 0) return html``;
  return html`<h4>Parameters</h4>
    <dl>
      ${parameters.map(
        (parameter) =>
          html`<dt>
              <code>${parameter.name}</code>
              <small>${parameter.in}${parameter.required === true ? ", required" : ""}</small>
            </dt>
            <dd>${schemaText(parameter.schema)} ${parameter.description ?? ""}</dd>`,
      )}
    </dl>`;
}

function answerHtml(status: string, answer: DocumentAnswer): Html {
  const codes = answer["x-problem-codes"];
  if (codes !== undefined) {
    return html`<p class="problem">
      <b>${status}</b> ${codes.map((code) => html`<a href="/docs/errors/${code}">${code}</a> `)}
    </p>`;
  }
  return html`<p><b>${status}</b> ${answer.description}</p>
    ${Object.entries(answer.content ?? {}).map(
      ([mediaType, { schema }]) =>
        html`<details>
          <summary>${mediaType}</summary>
          <pre tabindex="0">${schemaText(schema)}</pre>
        </details>`,
    )}`;
}

function frame(nonce: string, title: string, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html>`;
}
