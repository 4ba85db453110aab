import { explanations } from '../../agent/commands/explanations.ts';
import { collectorExplanations } from '../../collector/evaluate/explanations.ts';

/** docs/findings.md, from the same table that `certherd-agent explain` prints. */
export function findingsPage(): string {
  return `${head}\n${sections(explanations).join('\n')}\n${ofTheCollector}\n${sections(collectorExplanations).join('\n')}`;
}

function sections(table: Readonly<Record<string, (typeof collectorExplanations)['orphan']>>): string[] {
  return Object.entries(table).map(
    ([code, { severity, meaning, causes, remedy, shownBy }]) =>
      `## ${code}\n\n${meaning}\n\n- **Severity**: ${severity}\n- **Causes**: ${causes}\n- **Remedy**: ${remedy}\n- **Shown by**: ${shownBy}\n`,
  );
}

const head = `# Findings

Made from \`agent/commands/explanations.ts\` by \`npm run docs\`; \`certherd-agent explain CODE\` prints the same.

Each finding says what (\`code\`), how bad (\`severity\`), about what (\`subject\`), since when (\`since\`), why (\`cause\`), what was compared
(\`evidence\`) and what to do (\`remedy\`: the exact command, or one sentence where there is no command).

\`critical\` needs a person or the agent now. \`unknown\` could not be told, which is never healthy. \`warning\` needs a person in working
hours. \`notice\` is for information. \`check\` exits with 2, 3, 1 and 0 for them; the worst one decides, in this order.

"Shown by" names tests: \`integration/…\` below \`test/\`, all others below \`test/agent/\`; demo N is a step of \`./scripts/demo\`.
`;

const ofTheCollector = `# Findings of the collector

What no host can tell by itself, since it comes from what several hosts hold. The collector adds these to the findings of the host that they are about; it also gives
\`stale-copy\`, where the younger certificate is on another host. Some are no findings and stand in [messages](notify.md) alone, which they say. Made from \`collector/evaluate/explanations.ts\`; "shown by" names tests below \`test/collector/\`.
`;
