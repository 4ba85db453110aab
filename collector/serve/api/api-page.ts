import type { OpenApi, Operation, Parameter } from './openapi.ts';

/** The API for people to browse: a page in the design of the status page, without a script. */
export function apiPage({ info, paths, components }: OpenApi): string {
  const all = Object.entries(paths);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="referrer" content="no-referrer" />
    <title>API · Certherd</title>
    <link rel="icon" href="data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E" />
    <link rel="stylesheet" href="/assets/page.css" />
  </head>
  <body>
    <main class="explanations">
      <header>
        <p><a href="/">Status page</a></p>
        <h1>API</h1>
        <p class="quiet">${text(info.description)} Refusals are problems (RFC 9457). The same for programs: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
      </header>
      <nav aria-label="Routes">${all.map(([path]) => `<a href="#${text(anchor(path))}">${text(path)}</a>`).join('\n')}</nav>
      ${all.map(([path, verbs]) => sections(path, verbs)).join('\n')}
      <h2>Schemas</h2>
      ${Object.entries(components.schemas)
        .map(([name, schema]) => schemaSection(name, schema))
        .join('\n')}
    </main>
  </body>
</html>
`;
}

function sections(path: string, verbs: OpenApi['paths'][string]): string {
  const each = Object.entries(verbs).map(([verb, operation]) => section(verb.toUpperCase(), path, operation));
  return `<section id="${text(anchor(path))}">${each.join('\n')}</section>`;
}

function section(verb: string, path: string, operation: Operation): string {
  const { summary, description, parameters, requestBody, responses } = operation;
  const link = path.includes('{') || verb !== 'GET' ? text(path) : `<a href="${text(path)}">${text(path)}</a>`;
  const rows = parameters.map((one) => `<dt><code>${text(one.name)}</code></dt><dd>${text(parameterWords(one))}</dd>`);
  const answers = Object.entries(responses).map(
    ([status, { description, content }]) =>
      `<dt>${text(status)}</dt><dd>${text(description)} ${Object.entries(content ?? {})
        .map(([type, { schema }]) => `<code>${text(type)}</code> ${schemaWords(schema)}`)
        .join(' ')}</dd>`,
  );
  const body = requestBody?.content['application/json']?.schema;
  return `<h2>${verb} ${link}</h2>
  <p>${text(summary)} ${text(description)}</p>
  ${rows.length > 0 ? `<h3>Asked with</h3><dl>${rows.join('')}</dl>` : ''}
  ${body === undefined ? '' : `<h3>Takes</h3><p><code>application/json</code> ${schemaWords(body)}</p>`}
  <h3>Answers</h3><dl>${answers.join('')}</dl>`;
}

function schemaSection(name: string, schema: unknown): string {
  return `<section id="schema-${text(name)}"><h2>${text(name)}</h2><details><summary>JSON Schema</summary><pre>${text(JSON.stringify(schema, undefined, 2))}</pre></details></section>`;
}

function parameterWords({ in: place, description, schema }: Parameter): string {
  const rest = JSON.stringify(schema);
  return `${place}: ${description ?? ''} ${rest}`;
}

/** The schemas that it names. */
function schemaWords(schema: unknown): string {
  const names = [
    ...new Set(
      [...JSON.stringify(schema ?? {}).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name ?? ''),
    ),
  ];
  return names.map((name) => `<a href="#schema-${text(name)}">${text(name)}</a>`).join(' ');
}

function anchor(path: string): string {
  return path.replace('/api/v1/', '').replaceAll(/[^a-z]+/g, '-');
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
