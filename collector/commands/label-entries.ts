import type { OptionEntry, Options } from '@certherd/command-line/command';
import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

const place: readonly OptionEntry[] = [
  { flag: '--host', value: 'PATTERN', values: 'text', summary: 'hosts of this name; * stands for any characters' },
  {
    flag: '--name',
    value: 'PATTERN',
    values: 'text',
    summary: 'what serves this server name, on whatever host; * stands for any characters',
  },
];
const changed: OptionEntry = { flag: '--json', summary: 'print {version, changed}: how many labels are not as before' };

/** Who owns what. */
export const labelEntries: readonly CommandEntry[] = [
  {
    name: 'label set',
    summary: 'label hosts or names: owner, team, environment, platform, contact, runbook, notes, or any other key',
    details:
      'A label for a name counts before one for the host that serves it, and of several patterns that fit the one that says most. The page, ' +
      'the API and host list show them. Hosts may also be labelled as they enrol: token create --labels.',
    arguments: [{ name: 'label', values: 'text', count: 'many' }],
    options: [...place, changed],
    examples: [
      {
        command: `label set owner=payments team=checkout --name '*.shop.example.com'`,
        what: 'all names below a domain',
      },
      { command: `label set environment=production --host 'web-*'`, what: 'a group of hosts' },
      {
        command: `label set runbook=https://wiki.example.com/tls --host '*'`,
        what: 'what everything gets that has no other',
      },
    ],
    exits: usualExits,
    settled: true,
    run: async (words, options, console) =>
      (await import('./label.ts')).setLabels(words, labelOptions(options), console),
  },
  {
    name: 'label remove',
    summary: 'take labels away again: those of that very pattern',
    arguments: [{ name: 'key', values: 'text', count: 'many' }],
    options: [...place, changed],
    examples: [{ command: `label remove team --host 'web-*'`, what: 'as label list shows the pattern' }],
    exits: usualExits,
    settled: true,
    run: async (keys, options, console) =>
      (await import('./label.ts')).removeLabels(keys, labelOptions(options), console),
  },
  {
    name: 'label list',
    summary: 'all labels and who set them; with --host or --name what one thing is labelled, and by which of them',
    options: [
      { flag: '--host', value: 'HOST', values: 'text', summary: 'what this host is labelled' },
      {
        flag: '--name',
        value: 'NAME',
        values: 'text',
        summary: 'what this server name is labelled, with --host as served there',
      },
      { flag: '--json', summary: 'print {version, items}' },
    ],
    examples: [
      { command: 'label list', what: 'every pattern' },
      { command: 'label list --name pay.shop.example.com --host web-1', what: 'which of them counts' },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) => (await import('./label.ts')).listLabels(labelOptions(options), console),
  },
];

function labelOptions(options: Options) {
  return { ...commonOf(options), host: textOf(options['host']), name: textOf(options['name']) };
}
