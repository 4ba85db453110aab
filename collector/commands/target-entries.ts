import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';
import { details, listed, listOptions, words } from './read-entries.ts';

/** Of a target that is asked from several places. */
const onlyFrom = {
  flag: '--from',
  value: 'WHERE',
  values: 'text',
  summary: 'only as it is asked from there (default: everywhere)',
} as const;

/** What the serving collector asks from outside, again and again. */
export const targetEntries: readonly CommandEntry[] = [
  {
    name: 'target add',
    summary: 'have the collector ask this from outside, again and again',
    details:
      'Written as for scan: shop.example.com, [2001:db8::1]:8443, smtp://mail.example.com. What its addresses present is compared with what the hosts prove for the ' +
      'name. Of one that is there already the interval becomes another.',
    arguments: [{ name: 'target', values: 'text', count: 'any' }],
    options: [
      {
        flag: '--file',
        value: 'FILE',
        values: 'file',
        summary: 'targets of a list or a sheet (CSV), as for scan; - for standard input',
      },
      { flag: '--every', value: 'TIME', values: 'text', summary: 'how often: 1m, 1h, 1d (default: 1h; from 10s)' },
      { flag: '--starttls', value: 'PROTOCOL', values: 'text', summary: 'as for scan, of targets that name none' },
      {
        flag: '--from',
        value: 'WHERE',
        values: 'text',
        summary: 'collector, or hosts whose agents look: web-1,web-2 (default: collector)',
      },
      { flag: '--json', summary: 'print {version, items}' },
    ],
    examples: [
      { command: 'target add shop.example.com --every 5m', what: 'all addresses of a name, every five minutes' },
      { command: 'target add smtp://mail.example.com', what: 'a mail server, with STARTTLS' },
      { command: 'target add --file domains.txt --every 15m', what: 'a list of names' },
      {
        command: 'target add shop.internal.example.com --from web-1,web-2',
        what: 'what only these hosts reach; their agent.toml has to allow it',
      },
    ],
    exits: usualExits,
    settled: true,
    run: async (targets, options, console) =>
      (await import('./target.ts')).addTargets(
        targets,
        {
          ...commonOf(options),
          file: textOf(options['file']),
          every: textOf(options['every']),
          startTls: textOf(options['starttls']),
          from: textOf(options['from']),
        },
        console,
      ),
  },
  {
    name: 'target list',
    summary: 'what is asked from outside, and what was seen: a line for each address, what needs a person first',
    details,
    arguments: words,
    options: listOptions('target'),
    examples: [
      { command: 'target list', what: 'a line for each address' },
      { command: 'target list --state failing --csv', what: 'what shows nothing, for a spreadsheet' },
    ],
    exits: usualExits,
    settled: true,
    run: async (args, options, console) =>
      (await import('./show-target.ts')).listTargets(listed('target', args, options), console),
  },
  {
    name: 'target show',
    summary: 'tell everything of one: findings, what each address presents, and what it presented before',
    arguments: [{ name: 'target', values: 'text' }],
    options: [onlyFrom, { flag: '--json', summary: 'print {version, at, items}, one for each place that asks it' }],
    examples: [{ command: 'target show shop.example.com:443', what: 'as target list has it' }],
    exits: usualExits,
    settled: true,
    run: async ([target = ''], options, console) =>
      (await import('./show-target.ts')).showTarget(
        target,
        { ...commonOf(options), from: textOf(options['from']) },
        console,
      ),
  },
  {
    name: 'target look',
    summary: 'have this asked within seconds, and then at its interval again',
    arguments: [{ name: 'target', values: 'text', count: 'many' }],
    options: [onlyFrom, { flag: '--json', summary: 'print {version, asked}' }],
    examples: [{ command: 'target look shop.example.com', what: 'after a load balancer got its new file' }],
    exits: usualExits,
    settled: true,
    run: async (targets, options, console) =>
      (await import('./target.ts')).lookAtTargets(
        targets,
        { ...commonOf(options), from: textOf(options['from']) },
        console,
      ),
  },
  {
    name: 'target remove',
    summary: 'ask this no more; its history goes with it',
    arguments: [{ name: 'target', values: 'text', count: 'many' }],
    options: [onlyFrom, { flag: '--json', summary: 'print {version, removed}' }],
    examples: [{ command: 'target remove shop.example.com', what: 'as it was added, or as target list has it' }],
    exits: usualExits,
    settled: true,
    run: async (targets, options, console) =>
      (await import('./target.ts')).removeTargets(
        targets,
        { ...commonOf(options), from: textOf(options['from']) },
        console,
      ),
  },
  {
    name: 'transparency',
    summary: 'what the transparency logs have for watched names, and names that nobody listed',
    options: [{ flag: '--json', summary: 'print it as /api/v1/transparency has it' }],
    examples: [{ command: 'transparency', what: 'how far each log was read, and what no host holds' }],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) =>
      (await import('./transparency.ts')).showTransparency(commonOf(options), console),
  },
];
