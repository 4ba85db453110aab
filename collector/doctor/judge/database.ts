import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { bytes, counted, listed } from '@certherd/command-line/words';
import type { Result } from '@certherd/protocol/failure';
import type { OpenFailure } from '../../store/sqlite/database.ts';
import type { EnrolledAgent, Examination } from '../../store/sqlite/examination.ts';
import type { Serving } from '../gather/serving.ts';
import { asOwner } from './words.ts';

const why = {
  unusable: 'The collector does not start: agents keep their events, and nobody sees the fleet.',
  silent: 'What these hosts serve is not known: they count as unknown.',
  newer: 'A collector that is older than its agents may not understand all that they tell.',
};

/** Is the database whole, and of a version that this program knows? */
export function judgeDatabase(examined: Result<Examination | 'absent', OpenFailure>, directory: string): Diagnosis[] {
  if (!examined.ok) {
    const { reason, message } = examined.failure;
    if (reason === 'unreadable') return [notTold('database', message, { fix: asOwner })];
    return [wrong('database', message, why.unusable, mending(reason, directory))];
  }
  if (examined.value === 'absent') return [ok('database', 'there is none yet: it is made at the first start')];
  const { version, newest, checked, tables } = examined.value;
  const size = bytes(examined.value.bytes);
  if (version > newest) {
    const says = `the database has schema ${version}, and this program knows ${newest} at most`;
    return [wrong('database', says, why.unusable, mending('newer', directory))];
  }
  const schema = version === newest ? `schema ${version}` : `schema ${version}, brought to ${newest} at the next start`;
  if (checked < tables || tables === 0)
    return [
      notTold(
        'database',
        `${size}, ${schema}; checked are ${checked} of ${counted(tables, 'table')}: a larger file takes longer`,
        {
          fix: `sqlite3 ${directory}/certherd.db "PRAGMA integrity_check"`,
        },
      ),
    ];
  return [ok('database', `${size}, ${schema}, found whole`)];
}

function mending(reason: OpenFailure['reason'], directory: string): string {
  const file = `${directory}/certherd.db`;
  if (reason === 'newer') return 'Install the newer certherd-collector again; nothing was changed.';
  if (reason === 'foreign') return 'Choose another directory: data_directory in collector.toml, or --data.';
  if (reason === 'old-library') return 'Install the dependencies of this version: npm ci.';
  return `Stop the collector and put a backup in its place; without one: mkdir ${directory}/damaged && mv ${file}* ${directory}/damaged/, and enrol the hosts again`;
}

const silentSlackMs = 30_000;

/** Who is enrolled, who is silent, and which versions they have. */
export function judgeAgents(
  agents: readonly EnrolledAgent[],
  { by, version, start }: Serving,
  { silentAfterMs, now }: { silentAfterMs: number; now: number },
): Diagnosis[] {
  const enrolled = agents.filter(({ revoked }) => !revoked);
  if (enrolled.length === 0) return [ok('agents', 'no host is enrolled (certherd-collector token create)')];
  return [
    ...silence(enrolled, by, start, silentAfterMs + silentSlackMs, now),
    ...versions(enrolled, version),
    ...doubles(enrolled, now),
  ];
}

function silence(
  enrolled: readonly EnrolledAgent[],
  by: Serving['by'],
  start: string,
  patienceMs: number,
  now: number,
): Diagnosis[] {
  const all = `${counted(enrolled.length, 'host')} enrolled`;
  if (by === 'nobody')
    return [notTold('agents', `${all}; which of them speak is told while the collector serves`, { fix: start })];
  const ahead = enrolled.filter(({ heardAt = 0 }) => heardAt > now + patienceMs);
  if (ahead.length > 0)
    return [
      wrong(
        'clock-back',
        `${listed(ahead.map(({ name }) => name))} was heard in the future: this clock was set back`,
        'Silent hosts are not noticed until it has caught up.',
        'timedatectl set-ntp true',
      ),
    ];
  const silent = enrolled.filter(({ heardAt = 0 }) => now - heardAt > patienceMs);
  if (silent.length === 0) return [ok('agents', `${all}, all are heard`)];
  const names = silent.map(({ name }) => name);
  return [
    wrong(
      'agents',
      `${all}, ${silent.length} of them silent: ${listed(names, 5)}`,
      why.silent,
      `On each of them: certherd-agent doctor`,
    ),
  ];
}

function versions(enrolled: readonly EnrolledAgent[], own: string): Diagnosis[] {
  const known = [...new Set(enrolled.map(({ version }) => version).filter((version) => version !== ''))].sort();
  const newer = enrolled.filter(({ version }) => isAfter(version, own));
  if (newer.length > 0) {
    const says = `${listed(newer.map(({ name }) => name))} run a newer version (${newer[0]?.version}) than this collector (${own})`;
    return [wrong('agent-versions', says, why.newer, 'Install the newer version of certherd-collector here.')];
  }
  return known.length === 0 ? [] : [ok('agent-versions', `agents have ${known.join(', ')}; this collector is ${own}`)];
}

/** Told for a day after it was last seen. */
function doubles(enrolled: readonly EnrolledAgent[], now: number): Diagnosis[] {
  const cloned = enrolled.filter(({ conflictAt = 0 }) => now - conflictAt < 86_400_000);
  return cloned.map(({ name }) =>
    wrong(
      'agent-copied',
      `two machines have spoken with the identity of ${name} within a day`,
      'One is a copy of the other, and which of them is seen is chance.',
      'On the copy: certherd-agent enroll --replace JOIN, with a word from certherd-collector token create',
    ),
  );
}

function isAfter(version: string, other: string): boolean {
  const [a, b] = [version, other].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  const at = [0, 1, 2].find((index) => a?.[index] !== b?.[index]);
  return at !== undefined && (a?.[at] ?? 0) > (b?.[at] ?? 0);
}
