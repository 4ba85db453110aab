import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

/** What people are told, and what they answer. */
export const notifyEntries: readonly CommandEntry[] = [
  {
    name: 'incidents',
    summary: 'list what people were told of and what is not over, with who took it on',
    options: [{ flag: '--json', summary: 'print {version, items}' }],
    examples: [{ command: 'incidents', what: 'what is told, to whom, and since when' }],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) => (await import('./incidents.ts')).listIncidents(commonOf(options), console),
  },
  {
    name: 'ack',
    summary: 'take an incident on: nobody else is called, and nothing is repeated, unless it gets worse',
    arguments: [{ name: 'incident', values: 'text' }],
    options: [
      { flag: '--reason', value: 'TEXT', values: 'text', summary: 'what is done about it, for the others' },
      { flag: '--give-back', summary: 'somebody else may have it: it is told again as if nobody had taken it on' },
      {
        flag: '--json',
        summary: 'print {version, incident, by, reason, at}; with --give-back {version, incident, by, at}',
      },
    ],
    examples: [
      { command: 'ack 0f3a9c11d2 --reason "reload at noon"', what: 'the id is in each message' },
      { command: 'ack 0f3a9c11d2 --give-back', what: 'who took it on cannot mend it' },
    ],
    exits: usualExits,
    settled: true,
    run: async ([incident = ''], options, console) => {
      const { acknowledge, giveBack } = await import('./incidents.ts');
      const given = { ...commonOf(options), reason: textOf(options['reason']) };
      return options['giveBack'] === true ? giveBack(incident, given, console) : acknowledge(incident, given, console);
    },
  },
  {
    name: 'silence',
    summary: 'tell nothing that fits, until an end; what it was told before, it is told the end of',
    details:
      'All that is given has to fit. In names and values "*" stands for any characters. With --end a silence ends now.',
    options: [
      { flag: '--incident', value: 'ID', values: 'text', summary: 'this one alone' },
      { flag: '--host', value: 'PATTERN', values: 'text', summary: 'of these hosts' },
      { flag: '--name', value: 'PATTERN', values: 'text', summary: 'of these server names' },
      { flag: '--code', value: 'CODE', values: 'text', summary: 'findings of this code' },
      { flag: '--label', value: 'KEY=VALUE,…', values: 'text', summary: 'with these labels' },
      { flag: '--for', value: 'TIME', values: 'text', summary: 'how long: 30m, 4h, 7d; at most 30d' },
      { flag: '--reason', value: 'TEXT', values: 'text', summary: 'why, for the others' },
      { flag: '--end', value: 'ID', values: 'text', summary: 'end this silence now' },
      { flag: '--json', summary: 'print {version, id, until, match, …}' },
    ],
    examples: [
      { command: 'silence --host \'web-*\' --for 4h --reason "move to another rack"', what: 'four hours of work' },
      { command: 'silence --end 5c2f01aa', what: 'the work was done earlier' },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) =>
      (await import('./silences.ts')).silence(
        {
          ...commonOf(options),
          incident: textOf(options['incident']),
          host: textOf(options['host']),
          name: textOf(options['name']),
          code: textOf(options['code']),
          label: textOf(options['label']),
          span: textOf(options['for']),
          reason: textOf(options['reason']),
          end: textOf(options['end']),
        },
        console,
      ),
  },
  {
    name: 'silences',
    summary: 'list the silences that hold, with their ends',
    options: [{ flag: '--json', summary: 'print {version, items}' }],
    examples: [{ command: 'silences', what: 'what is told to nobody, until when, and why' }],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) => (await import('./silences.ts')).listSilences(commonOf(options), console),
  },
  {
    name: 'notify test',
    summary: 'send a test message to a channel of the settings, now, and say what the receiver answered',
    arguments: [{ name: 'channel', values: 'text' }],
    options: [{ flag: '--json', summary: 'print {version, channel, ok, reason?, detail?}' }],
    examples: [{ command: 'notify test slack', what: 'after its settings were written' }],
    exits: usualExits,
    settled: true,
    run: async ([channel = ''], options, console) =>
      (await import('./notify-test.ts')).testChannel(channel, commonOf(options), console),
  },
];
