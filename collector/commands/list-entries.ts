import { type CommandEntry, commonOf, usualExits } from './command-entry.ts';

/** Somebody's own list of names, in and out. */
export const listEntries: readonly CommandEntry[] = [
  {
    name: 'import',
    summary: 'take over a spreadsheet (CSV) or a list of names, and say which of them the agents see served',
    details:
      'The columns are guessed by their headers: domain, expiration, issuer, owner, team, environment, platform, contact, runbook, notes; any other becomes a ' +
      'label of its own name. A plain list has a name on each line. First it shows what would change; the list then takes the place of the one that was ' +
      'imported before, wholly or not at all. What its rows for a name agree on labels that name; a label set by hand stays. With - it is read from standard input.',
    arguments: [{ name: 'file', values: 'file' }],
    options: [
      { flag: '--dry-run', summary: 'only show what would change' },
      { flag: '--yes', summary: 'do not ask' },
      { flag: '--skip-wrong', summary: 'leave out rows that cannot be taken' },
      { flag: '--wide', summary: 'show every row' },
      { flag: '--json', summary: 'print {version, imported, items}; asks nothing, so that it needs --yes' },
    ],
    examples: [
      { command: 'import --dry-run certificates.csv', what: 'how the sheet compares with what is served' },
      { command: 'import domains.txt', what: 'names alone; asks before it does it' },
    ],
    exits: usualExits,
    settled: true,
    run: async ([file = ''], options, console) =>
      (await import('./import.ts')).importList(
        file,
        {
          ...commonOf(options),
          dryRun: options['dryRun'] === true,
          yes: options['yes'] === true,
          skipWrong: options['skipWrong'] === true,
          wide: options['wide'] === true,
        },
        console,
      ),
  },
  {
    name: 'export',
    summary: 'write the imported list as CSV, to FILE or standard output; import reads it back without loss',
    arguments: [{ name: 'file', values: 'file', count: 'optional' }],
    options: [
      { flag: '--served', summary: 'with two more columns: until when each name is served, and on which hosts' },
      { flag: '--json', summary: 'print {version, items}, with what is served' },
    ],
    examples: [{ command: 'export --served certificates.csv', what: 'the sheet with the dates of what is served' }],
    exits: usualExits,
    settled: true,
    run: async ([file], options, console) =>
      (await import('./export.ts')).exportList(
        file,
        { ...commonOf(options), served: options['served'] === true },
        console,
      ),
  },
];
