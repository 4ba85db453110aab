import type { AdoptionPlan, Refusal } from '../decide/adoption.ts';
import { certbotEnvironment, typed } from '../decide/command-line.ts';
import type { Config } from '../config.ts';
import { redacted } from '../formats/redact.ts';
import { printable } from '@certherd/command-line/printable';

/** The plan for a person: what, with which commands, which lines of the config, and what happens where something fails. */
export function adoptionText(plan: AdoptionPlan, config: Config): string {
  const { certificatePath, lineage, names, blocks, acmeDirectory, account, authentication } = plan;
  const rows: [string, string][] = [
    ['from', certificatePath],
    ['to', `${lineage.certificatePath} (lineage ${lineage.name})`],
    ['names', names.join(', ')],
    ...blocks.map(({ configFile, line, serverNames }, index): [string, string] => [
      index === 0 ? 'used by' : '',
      `${configFile}:${line} (${serverNames.filter((name) => name !== '').join(' ') || 'no name'})`,
    ]),
    ...(account
      ? ([
          ['CA', acmeDirectory],
          ['account', account === 'new' ? 'a new one: with it you agree to the terms of this CA' : account.id],
          ['answered by', authentication?.authenticator ?? ''],
        ] satisfies [string, string][])
      : []),
    ...plan.notes.map((note, index): [string, string] => [index === 0 ? 'note' : '', note]),
  ];
  return [
    `To be moved to certbot: the certificate of ${printable(names[0] ?? '')}`,
    '',
    ...rows.map(([label, text]) => `  ${label.padEnd(12)}  ${printable(text)}`),
    '',
    'In this order:',
    ...stepsOf(plan, config).map((step, index) => `  ${index + 1}. ${printable(step)}`),
    'If one of them fails, the config is put back byte for byte, tested, loaded and proved; a lineage that was issued stays.',
    '',
    ...plan.files.flatMap(({ diff }) => redacted(diff).split('\n').map(diffLine)),
  ]
    .join('\n')
    .trimEnd();
}

/** The same for scripts, without the files' bytes. */
export function adoptionJson({ files, ...plan }: AdoptionPlan) {
  return { ...plan, files: files.map(({ path, target, diff }) => ({ path, target, diff: redacted(diff) })) };
}

export function refusalText({ detail, instead }: Refusal): string {
  return printable(`${detail}${instead === undefined ? '' : `; instead: ${instead}`}`);
}

/** Tabs are what they are in a config, and a line end of another system is no news. */
function diffLine(line: string): string {
  return line.replace(/\r$/, '').split('\t').map(printable).join('\t');
}

function stepsOf({ rehearsal, issuance, files, test, reload, blocks }: AdoptionPlan, config: Config): string[] {
  const environment = certbotEnvironment(config);
  return [
    ...(rehearsal ? [`rehearse: ${typed(rehearsal, environment)}`] : []),
    ...(issuance ? [`issue: ${typed(issuance, environment)}`] : []),
    ...files.map(({ path, target }) => `change ${path}${target === path ? '' : ` (${target})`}, as shown below`),
    `test: ${typed(test)}`,
    `load: ${typed(reload)}`,
    `prove: every endpoint of ${blocks.length === 1 ? 'this block' : `these ${blocks.length} blocks`} presents the new certificate`,
  ];
}
