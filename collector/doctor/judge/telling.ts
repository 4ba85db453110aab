import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { span } from '@certherd/command-line/span';
import { typed } from '@certherd/command-line/words';
import type { ChannelState } from '../../store/tell.ts';
import type { SecretFacts } from '../gather/secrets.ts';
import { asOwner } from './words.ts';

/** A receiver that restarts is back by then. */
const patienceMs = 300_000;

/** Can each channel of the settings read its secrets, and does it take what it is sent? Of channels that the settings do not have, only what waits is told. */
export function judgeTelling(
  channels: ReadonlyMap<string, readonly SecretFacts[]>,
  states: readonly ChannelState[],
  now: number,
): Diagnosis[] {
  const strange = states.filter(({ channel }) => !channels.has(channel)).flatMap((one) => judgeStrange(one, now));
  if (channels.size === 0)
    return [ok('telling', 'nobody is told anything: there is no [[notify.channel]] (docs/notify.md)'), ...strange];
  const known = [...channels].map(([name, secrets]) => {
    const [faulty] = secrets.flatMap((one) => judgeSecret(one));
    return (
      faulty ??
      judgeState(
        name,
        states.find(({ channel }) => channel === name),
        now,
      )
    );
  });
  return [...known, ...strange];
}

/** The collector that leads gives such messages up, at once or after three days, by whether others may have the channel. */
function judgeStrange({ channel, waiting, oldestAt }: ChannelState, now: number): Diagnosis[] {
  if (waiting === 0 || now - (oldestAt ?? now) <= patienceMs) return [];
  return [
    wrong(
      `channel-${channel}`,
      `${channel}: ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'} for a channel that these settings do not have`,
      'Where no collector has it, what waits is given up after three days.',
      `Give every collector of this database the same [[notify.channel]] tables, "${channel}" among them.`,
    ),
  ];
}

function judgeSecret({ channel, path, fault, mode }: SecretFacts): Diagnosis[] {
  const check = `channel-${channel}`;
  if (fault === 'EACCES') return [notTold(check, `${path} may not be read by this user`, { fix: asOwner })];
  if (fault !== undefined)
    return [
      wrong(
        check,
        `${channel}: ${path} ${fault === 'empty' ? 'has nothing on its first line' : `cannot be read (${fault})`}`,
        'Nothing is told through it.',
        `Put the secret into ${path}, on its first line.`,
      ),
    ];
  // A root certificate is no secret.
  if ((mode & 0o002) === 0) return [];
  return [
    wrong(
      check,
      `${channel}: ${path} can be written by everybody`,
      'Anybody here can have messages sent elsewhere.',
      typed(['chmod', '600', path]),
    ),
  ];
}

function judgeState(name: string, state: ChannelState | undefined, now: number): Diagnosis {
  const check = `channel-${name}`;
  const { waiting = 0, oldestAt = now, sent = 0, dropped = 0, failure } = state ?? {};
  const age = now - oldestAt;
  if (waiting > 0 && (age > patienceMs || failure !== undefined))
    return wrong(
      check,
      `${name}: ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}, for up to ${span(age)}${failure === undefined ? '' : ` (${failure})`}`,
      'People are not told what the collector knows.',
      typed(['certherd-collector', 'notify', 'test', name]),
    );
  const lost = dropped > 0 ? `, ${dropped} given up after three days` : '';
  return ok(check, `${name}: ${sent} sent${lost}, ${waiting === 0 ? 'none waits' : `${waiting} on the way`}`);
}
