import { explanations } from '../../agent/commands/explanations.ts';
import { collectorExplanations } from '../../collector/evaluate/explanations.ts';

/** collector/web/findings.html: the same table for readers of the status page, which links each finding to its section here. */
export function findingsWebPage(): string {
  const all = { ...explanations, ...collectorExplanations };
  const codes = Object.keys(all);
  const sections = Object.entries(all).map(([code, { severity, meaning, causes, remedy }]) =>
    [
      `      <section id="${code}">`,
      `        <h2><a href="#${code}"><code>${code}</code></a></h2>`,
      `        <p>${escaped(meaning)}</p>`,
      '        <dl>',
      ...[
        ['Severity', severity],
        ['Causes', causes],
        ['Remedy', remedy],
      ].map(([term = '', text = '']) => `          <div><dt>${term}</dt><dd>${escaped(text)}</dd></div>`),
      '        </dl>',
      '      </section>',
    ].join('\n'),
  );
  return `${head}${codes.map((code) => `        <a href="#${code}">${code}</a>`).join('\n')}\n      </nav>\n${sections.join('\n')}\n${foot}`;
}

const head = `<!doctype html>
<!-- Made from agent/commands/explanations.ts and collector/evaluate/explanations.ts by npm run docs. -->
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="referrer" content="no-referrer" />
    <title>What a finding means · Certherd</title>
    <link rel="icon" href="data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E" />
    <link rel="stylesheet" href="/assets/page.css" />
  </head>
  <body>
    <main class="explanations">
      <header>
        <p><a href="/">Status page</a></p>
        <h1>What a finding means</h1>
        <p class="quiet">
          Critical needs a person or the agent now. Unknown could not be told, which is never healthy. Warning needs a
          person in working hours. Notice is for information.
        </p>
      </header>
      <nav aria-label="Codes">
`;

const foot = `    </main>
  </body>
</html>
`;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}
