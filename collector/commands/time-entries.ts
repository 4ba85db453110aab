import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';
import { exitCodes } from './command.ts';

const common = { exits: usualExits, settled: true } as const;

/** What needs somebody now, what happened, and what comes due: the pages Now, Timeline and Reports. */
export const timeEntries: readonly CommandEntry[] = [
  {
    ...common,
    name: 'now',
    summary: 'what needs a person, most urgent first, with cause, deadline and remedy; if nothing does, the proof',
    details:
      'It tells what the database says, whether the collector serves or not. As a check of a monitoring system it needs nothing else: the first line is the verdict. ' +
      'What somebody has taken on (ack) or silenced still counts, unless with --unanswered.',
    options: [
      { flag: '--unanswered', summary: 'without what somebody took on or silenced' },
      { flag: '--notices', summary: 'with what can wait; it never counts' },
      { flag: '--all', summary: 'all of it, also where a terminal has room for the most urgent alone' },
      { flag: '--json', summary: 'print {version, at, verdict, pressing, notices, proof, items}' },
    ],
    examples: [
      { command: 'now', what: 'at three in the morning' },
      { command: 'now --unanswered --json', what: 'for a monitoring system' },
    ],
    exits: [
      { code: exitCodes.ok, what: 'nothing needs a person, and everything is proved' },
      { code: exitCodes.failed, what: 'something needs a person, or it could not be told' },
      { code: 3, what: 'nothing needs a person, and not everything is proved' },
      { code: exitCodes.usage, what: 'wrong usage' },
      { code: exitCodes.config, what: 'wrong settings' },
    ],
    run: async (_args, options, console) =>
      (await import('./now.ts')).tellNow(
        {
          ...commonOf(options),
          unanswered: options['unanswered'] === true,
          notices: options['notices'] === true,
          all: options['all'] === true,
        },
        console,
      ),
  },
  {
    ...common,
    name: 'events',
    summary: 'what happened, newest first: renewals, deployments, findings that opened and ended, requests',
    details: 'Every WORD has to be in an event: its host, kind, subject or text. The newest 10,000 are looked through.',
    arguments: [{ name: 'word', values: 'text', count: 'any' }],
    options: [
      { flag: '--host', value: 'HOST', values: 'text', summary: 'of this host: its name, or its agent id' },
      {
        flag: '--kind',
        value: 'KIND',
        values: 'text',
        summary: 'of this kind: renewal, deployment, finding-opened, …',
      },
      { flag: '--outcome', value: 'HOW', values: 'text', summary: 'good: went well; bad: did not' },
      { flag: '--limit', value: 'N', values: 'text', summary: 'so many (default: 100)' },
      { flag: '--follow', summary: 'in order of arrival, and what comes from now on, until it is ended (Ctrl-C)' },
      {
        flag: '--json',
        summary: 'print {version, items}, each as /api/v1/events has it; with --follow an event a line',
      },
    ],
    examples: [
      { command: 'events --kind renewal --outcome bad', what: 'renewals that failed' },
      { command: 'events --follow --host web-1', what: 'what happens on a host, as it is told' },
    ],
    run: async (words, options, console) =>
      (await import('./events.ts')).showEvents(
        {
          ...commonOf(options),
          words,
          host: textOf(options['host']),
          kind: textOf(options['kind']),
          outcome: textOf(options['outcome']),
          limit: textOf(options['limit']),
          follow: options['follow'] === true,
        },
        console,
      ),
  },
  {
    ...common,
    name: 'due',
    summary:
      "what comes due on each day ahead: renewals, and ends that nothing prevents; against Let's Encrypt's limits; and how much of their lives certificates have left",
    details:
      'Days are in UTC. What an agent or certbot renews has a renewal and no end, unless the renewal is overdue.',
    options: [
      { flag: '--weeks', value: 'N', values: 'text', summary: 'this week and so many in all (default: 13)' },
      { flag: '--day', value: 'DATE', values: 'text', summary: 'everything of one day: 2026-12-24' },
      { flag: '--csv', summary: 'print a line for each, as CSV' },
      { flag: '--json', summary: 'print {version, at, items, limits, shares}: an item for each day' },
    ],
    examples: [
      { command: 'due', what: 'the next thirteen weeks' },
      { command: 'due --weeks 5 --csv', what: 'for a calendar of your own' },
    ],
    run: async (_args, options, console) =>
      (await import('./due.ts')).tellDue(
        {
          ...commonOf(options),
          weeks: textOf(options['weeks']),
          day: textOf(options['day']),
          csv: options['csv'] === true,
        },
        console,
      ),
  },
  {
    ...common,
    name: 'history',
    summary: 'how many findings stood, a day at a time, and how long renewed certificates took to be served',
    options: [
      { flag: '--days', value: 'N', values: 'text', summary: 'so far back (default: 28, at most 730)' },
      { flag: '--json', summary: 'print it as /api/v1/history has it' },
    ],
    examples: [{ command: 'history --days 7', what: 'the last week' }],
    run: async (_args, options, console) =>
      (await import('./history.ts')).tellHistory({ ...commonOf(options), days: textOf(options['days']) }, console),
  },
  {
    ...common,
    name: 'report',
    summary:
      'certificates by CA with their cost, the share that renews by itself, incidents prevented, and who owns how many',
    details:
      'TABLE is one of costs, automation, prevented, owners; without it all of them are told. Prices are those of the imported list (its column cost), ' +
      'unless --prices names a sheet with the columns ca and price: what report costs --csv writes, with your prices in it. Nothing of it is kept.',
    arguments: [{ name: 'table', values: 'text', count: 'optional' }],
    options: [
      { flag: '--prices', value: 'FILE', values: 'file', summary: 'a year of one certificate of each CA, as CSV' },
      { flag: '--incident', value: 'SUM', values: 'text', summary: 'what one incident costs (default: 47000)' },
      { flag: '--csv', summary: 'print TABLE as the page saves it; of automation those that are renewed by hand' },
      { flag: '--json', summary: 'print {version, at, figures, costs, automation, prevented, owners}' },
    ],
    examples: [
      { command: 'report', what: 'all of it' },
      {
        command: 'report costs --csv > prices.csv',
        what: 'write prices into it, then: report costs --prices prices.csv',
      },
    ],
    run: async ([table], options, console) =>
      (await import('./report.ts')).report(
        table,
        {
          ...commonOf(options),
          prices: textOf(options['prices']),
          incident: textOf(options['incident']),
          csv: options['csv'] === true,
        },
        console,
      ),
  },
];
