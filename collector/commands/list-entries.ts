import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

/** Somebody's own list of names, in and out; and what the years to come ask of all of them. */
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
  {
    name: 'forecast',
    summary: 'replay the fleet under the shorter lifetimes to come: renewals a day, work by hand, and who lapses',
    details:
      'Every certificate in use is renewed as it is today, by whoever does it: the agent, certbot, another client, or a person, who comes as often as the lifetime ' +
      "of today asks. The steps are Let's Encrypt's (64 days from 2027-02-10, 45 from 2028-02-16) and the CA/Browser Forum's (100 days from 2027-03-15, 47 from " +
      '2029-03-15).',
    options: [
      { flag: '--until', value: 'DATE', values: 'text', summary: 'the last day (default: 2030-03-15)' },
      {
        flag: '--lifetime',
        value: 'LIFE',
        values: 'text',
        summary: 'what if all certificates lived at most this long, from today: 45d, 160h',
      },
      { flag: '--wide', summary: 'show every name that lapses' },
      { flag: '--json', summary: 'print {version, certificates, items}: one item for each stretch of time' },
    ],
    examples: [
      { command: 'forecast', what: 'until a year into 47 days' },
      { command: 'forecast --lifetime 160h --until 2027-06-30', what: 'if all of them were short-lived from today' },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) =>
      (await import('./forecast.ts')).tellForecast(
        {
          ...commonOf(options),
          until: textOf(options['until']),
          lifetime: textOf(options['lifetime']),
          wide: options['wide'] === true,
        },
        console,
      ),
  },
];
