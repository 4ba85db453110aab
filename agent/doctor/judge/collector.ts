import { oldestProtocolVersion, protocolVersion } from '@certherd/protocol/version';
import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { span } from '@certherd/command-line/span';
import type { CollectorFacts } from '../gather/collector.ts';
import type { Installation } from '../gather/installation.ts';
import { asRoot, withSettings } from './words.ts';
import { refusalWords } from '../../report/refusal-words.ts';

const why = {
  alone: 'The collector hears nothing of this host and calls it unknown; the agent goes on alone and keeps its events.',
  pin: 'Another machine answers there, or the collector got another key: nothing is sent until that is clear.',
  outbox: 'When the outbox is full its oldest events go, and the history has a gap.',
};
const enrolAgain = 'On the collector: certherd-collector token create; then here: certherd-agent enroll --replace JOIN';

/** Is the collector reached, is it the one that this host enrolled with, does it take what this host says? */
export function judgeCollector(
  facts: CollectorFacts,
  { status, daemon, named }: Installation,
  now: number,
): Diagnosis[] {
  const { enrolment, answer, waiting } = facts;
  if (enrolment === undefined)
    return [ok('collector', 'this host is not enrolled, and its agent works alone (certherd-agent enroll JOIN)')];
  if ('reason' in enrolment)
    return enrolment.reason === 'permission-denied'
      ? [
          notTold(
            'collector',
            'whether this host is enrolled is told by the state directory, which this user may not read',
            { fix: asRoot(named) },
          ),
        ]
      : [
          wrong(
            'collector-enrolment',
            `the enrolment of this host cannot be read: ${enrolment.detail}`,
            why.alone,
            enrolAgain,
          ),
        ];
  return [
    ...reached(enrolment, answer),
    ...session(enrolment.authority, status, daemon !== undefined, named),
    ...outbox(waiting, now),
  ];
}

function reached(
  { authority, collectorId }: { authority: string; collectorId: string },
  answer: CollectorFacts['answer'],
): Diagnosis[] {
  if (!answer) return [];
  if (!answer.reached) {
    if (answer.reason === 'wrong-pin')
      return [
        wrong(
          'collector-pin',
          `${authority} shows another TLS key than this host was enrolled with`,
          why.pin,
          `If the collector was set up anew: ${enrolAgain}`,
        ),
      ];
    if (answer.reason === 'untrusted')
      return [
        wrong(
          'collector-pin',
          `this host's CAs do not vouch for ${authority}: ${answer.detail}`,
          why.pin,
          `Mend the certificate that is shown there, or trust its CA on this host (update-ca-certificates); with a join string that pins its key: ${enrolAgain}`,
        ),
      ];
    const others = `On ${hostOf(authority)}: certherd-collector doctor`;
    return answer.reason === 'not-a-collector'
      ? [wrong('collector-reached', `${authority} does not answer as a collector: ${answer.detail}`, why.alone, others)]
      : [
          wrong(
            'collector-reached',
            `${authority} is not reached: ${answer.detail}`,
            why.alone,
            `${others}; if it serves, let this host connect to ${authority} in the firewalls between`,
          ),
        ];
  }
  if (answer.collectorId !== collectorId)
    return [
      wrong(
        'collector-identity',
        `${authority} is another collector than this host was enrolled with: it lost its database, or got another one`,
        why.alone,
        enrolAgain,
      ),
    ];
  const { minVersion, maxVersion } = answer;
  if (maxVersion < oldestProtocolVersion)
    return [versions(authority, minVersion, maxVersion, 'Install this version of certherd-collector there.')];
  if (minVersion > protocolVersion)
    return [
      versions(authority, minVersion, maxVersion, 'Install the version of certherd-agent here that the collector has.'),
    ];
  const agreed = Math.min(maxVersion, protocolVersion);
  return [ok('collector-reached', `${authority} answers with the pinned TLS key, protocol version ${agreed}`)];
}

function versions(authority: string, min: number, max: number, fix: string): Diagnosis {
  const says = `${authority} speaks versions ${min} to ${max} of the protocol, this agent ${oldestProtocolVersion} to ${protocolVersion}`;
  return wrong('collector-versions', says, why.alone, fix);
}

function session(
  authority: string,
  status: Installation['status'],
  isRunning: boolean,
  named: string | undefined,
): Diagnosis[] {
  const state = status.read?.collector;
  if (!isRunning || !state)
    return [
      notTold('collector-session', 'whether the collector takes this host is told to the daemon alone, and none runs', {
        fix: withSettings('run', named),
      }),
    ];
  if (state.state === 'connected') return [ok('collector-session', `the daemon is connected to ${authority}`)];
  if (state.state !== 'waiting')
    return [
      notTold('collector-session', 'the daemon is connecting at this moment', { fix: withSettings('status', named) }),
    ];
  if (state.why === refusalWords.revoked)
    return [wrong('collector-session', `${authority} has revoked this host`, why.alone, enrolAgain)];
  if (state.why === refusalWords['identity-in-use'])
    return [
      wrong(
        'collector-session',
        `${authority} has another session with the identity of this host: one of the two is a copy`,
        'The collector refuses the second of two sessions and flags both.',
        `On the copy: certherd-agent enroll --replace JOIN, with a word from certherd-collector token create`,
      ),
    ];
  return [
    wrong(
      'collector-session',
      `the daemon is not connected: ${state.why}`,
      why.alone,
      'journalctl -u certherd-agent -n 50',
    ),
  ];
}

function outbox(waiting: CollectorFacts['waiting'], now: number): Diagnosis[] {
  if (!waiting) return [];
  const { count, most, oldestAt, damaged } = waiting;
  if (count === 0 && damaged === 0) return [ok('collector-outbox', 'every event is acknowledged by the collector')];
  const age = oldestAt === undefined ? '' : `, the oldest for ${span(now - Date.parse(oldestAt))}`;
  const says = `${count} of at most ${most} events wait for the collector${age}`;
  if (count >= most * 0.8)
    return [
      wrong('collector-outbox', says, why.outbox, 'Mend the connection above: what waits is then sent by itself.'),
    ];
  return [ok('collector-outbox', damaged === 0 ? says : `${says}; ${damaged} damaged lines are counted as a gap`)];
}

function hostOf(authority: string): string {
  return authority.slice(0, authority.lastIndexOf(':'));
}
