import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

/** From SQLite to a database that several collectors may share. */
export const moveEntry: CommandEntry = {
  name: 'move',
  summary: 'carry everything in the SQLite database over to PostgreSQL; the file stays as it is',
  details:
    'It refuses while a collector serves, and a database that is not empty. All of it is there afterwards, or nothing. Then set store in collector.toml and start the ' +
    'collector with the same data directory: agents go on where they were.',
  options: [
    { flag: '--to', value: 'URL', values: 'text', summary: 'postgres://…, without the password (default: store)' },
    {
      flag: '--password-file',
      value: 'FILE',
      values: 'file',
      summary: 'whose first line is the password (default: store_password_file)',
    },
    {
      flag: '--dry-run',
      summary: 'look at both, say what would be moved, and write nothing; also while a collector serves',
    },
    { flag: '--json', summary: 'print {version, to, moved, rows, tables}' },
  ],
  examples: [
    {
      command:
        'move --to "postgres://certherd@db.example.org/certherd" --password-file /etc/certherd/postgres-password',
      what: 'after systemctl stop certherd-collector',
    },
    { command: 'move --to "postgres://certherd@db.example.org/certherd" --dry-run', what: 'before that' },
  ],
  exits: usualExits,
  settled: true,
  run: async (_args, options, console) =>
    (await import('./move.ts')).move(
      {
        ...commonOf(options),
        to: textOf(options['to']),
        passwordFile: textOf(options['passwordFile']),
        dryRun: options['dryRun'] === true,
      },
      console,
    ),
};
