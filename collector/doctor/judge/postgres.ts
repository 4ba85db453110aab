import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { counted, listed } from '@certherd/command-line/words';
import type { Result } from '@certherd/protocol/failure';
import type { PostgresExamination } from '../../store/postgres/examination.ts';
import type { OpenFailure } from '../../store/sqlite/database.ts';

const why = {
  away: 'Nothing is acknowledged while the database is away: agents keep their events, and the page cannot be read.',
  unusable: 'The collector does not start: agents keep their events, and nobody sees the fleet.',
  rights: 'What agents tell cannot be kept.',
};

/** Can the shared database be reached, is it ours, of a version that this program knows, and may the account do what it has to? */
export function judgePostgres(examined: Result<PostgresExamination, OpenFailure>): Diagnosis[] {
  if (!examined.ok) {
    const { reason, message } = examined.failure;
    if (reason === 'foreign')
      return [wrong('database', message, why.unusable, 'Make one (createdb), and name it: store in collector.toml.')];
    return [
      wrong(
        'database',
        message,
        why.away,
        'Start the server, or correct store (and store_password_file) in collector.toml; psql with the same URL tells the same.',
      ),
    ];
  }
  const { name, server, version, newest, missing, isReadOnly, collectors } = examined.value;
  const place = `${name} (${server})`;
  if (version !== undefined && version > newest)
    return [
      wrong(
        'database',
        `${place} has schema ${version}, and this program knows ${newest} at most`,
        why.unusable,
        'Install the newer certherd-collector on this machine too; nothing was changed.',
      ),
    ];
  if (isReadOnly)
    return [
      wrong(
        'database',
        `${place} takes no writes: a standby, or set read-only`,
        why.rights,
        'Name the primary in store (collector.toml), or several hosts behind a name that leads to it.',
      ),
    ];
  const schema =
    version === undefined
      ? 'empty: its tables are made at the first start'
      : version === newest
        ? `schema ${version}`
        : `schema ${version}, brought to ${newest} at the next start`;
  if (missing.length > 0)
    return [
      wrong(
        'database-rights',
        `${place}: this account may not do ${listed(missing, 5)}`,
        why.rights,
        'As the owner of the database: GRANT ALL ON ALL TABLES IN SCHEMA public TO the account, and GRANT CREATE, USAGE ON SCHEMA public.',
      ),
    ];
  return [
    ok('database', `${place}, ${schema}`),
    collectors === 0
      ? notTold('collectors', 'no collector is at work with it at the moment')
      : ok('collectors', `${counted(collectors, 'collector')} at work with it`),
  ];
}
