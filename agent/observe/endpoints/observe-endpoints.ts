import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment } from '@certherd/protocol/snapshot';
import { eachAtMost } from '../each-at-most.ts';
import type { ObservedEndpoint } from '../observations.ts';
import { asking, type Asking, type CertificateOf, type Offered, type ProbePorts } from './answer.ts';
import { type AddressAnswers, isNoWay, saying } from './conclude.ts';
import { countNotAsked, type NotAsked } from './not-asked.ts';
import { addressAndPort } from './place.ts';
import { type AlgorithmOf, algorithmsWithRow, configuredFor, offeredTo, rowsOf } from './rows.ts';
import type { EndpointTarget } from './targets.ts';

/** Handshakes under way at a time, in all and at one listener: the server is on this very host and has customers to serve. */
export const concurrency = { total: 32, perGroup: 16 } as const;
/** Answers that must agree, each on a connection of its own, before an endpoint counts as served while the state is not settled. */
export const agreeing = 3;
/** About this long between two of them, so that they do not all meet the same worker in the same moment. */
const confirmPauseMs = 20;
/** No handshake begins later than this after the first: a daemon that is told to stop waits for the look under way. */
export const longestMs = 60_000;

export interface LookAtEndpoints {
  algorithmOf: AlgorithmOf;
  certificateOf?: CertificateOf;
  /** For one handshake. */
  timeoutMs: number;
  /** Nothing is asked after this, on the monotonic clock; else for `longestMs`. */
  untilMs?: number;
  /** May old and new be served side by side at this moment? */
  isUnsettled: (deployment: Deployment) => boolean;
  /** Is it known, where the state is settled, that this target has no such leaf? */
  isRefused?: (target: EndpointTarget, algorithm: Offered) => boolean;
}

/** A kind of leaf that a target was asked for, and said that it has none of. */
export interface Refused {
  target: EndpointTarget;
  algorithm: Offered;
}

/** One name, algorithm and listener with what its addresses answered so far. */
interface Asked {
  target: EndpointTarget;
  algorithm: Offered;
  at: AddressAnswers[];
}

/**
 * Asks every target: at its first address for each algorithm, at its other addresses for those that get a row, and again where the
 * state is not settled or the addresses disagree.
 */
export async function observeEndpoints(
  ports: ProbePorts,
  targets: readonly EndpointTarget[],
  look: LookAtEndpoints,
): Promise<{
  endpoints: ObservedEndpoint[];
  certificates: Certificate[];
  notAsked: NotAsked[];
  /** Of kinds that get no row. */
  refused: Refused[];
}> {
  const { algorithmOf, timeoutMs } = look;
  const { untilMs = ports.clock.monotonic() + longestMs } = look;
  const questions = asking(ports, { timeoutMs, untilMs, certificateOf: look.certificateOf });
  const notAsked = countNotAsked();
  const all = targets.flatMap((target) =>
    offeredTo(target, algorithmOf)
      .filter((algorithm) => target.deployments.some(look.isUnsettled) || !look.isRefused?.(target, algorithm))
      .map((algorithm): Asked => ({ target, algorithm, at: [] })),
  );
  await askAt(questions, all, ({ target }) => target.addresses.slice(0, 1));
  const rows = withRow(all, algorithmOf);
  const told = new Set(rows);
  const refused = all.filter((asked) => !told.has(asked) && saidNone(asked));
  await askAt(questions, rows, ({ target }) => target.addresses.slice(1));
  for (const asked of rows) leaveOutUnreachable(asked, notAsked.note);
  const doubtful = rows.filter((asked) => isDoubtful(asked, look));
  await confirm(questions, doubtful, look);
  const certificates = rows.flatMap(({ at }) =>
    at.flatMap(({ answers }) => answers.flatMap((answer) => (answer.ok ? answer.value.certificates : []))),
  );
  return {
    endpoints: rows.flatMap(({ target, algorithm, at }) => rowsOf(target, algorithm, at, algorithmOf)),
    certificates: [...new Set(certificates)],
    notAsked: notAsked.counted(),
    refused,
  };
}

/** A first answer from each of these addresses. */
async function askAt(
  { ask }: Asking,
  all: readonly Asked[],
  addressesOf: (asked: Asked) => readonly string[],
): Promise<void> {
  const questions = all.flatMap((asked) => addressesOf(asked).map((address) => ({ asked, address })));
  const answers = await eachAtMost(concurrency, questions, placeOf, ({ asked, address }) =>
    ask({ target: asked.target, algorithm: asked.algorithm, address }),
  );
  questions.forEach(({ asked, address }, index) => {
    const answer = answers[index];
    if (answer) asked.at.push({ address, answers: [answer] });
  });
}

function saidNone({ at: [first] }: Asked): boolean {
  return saying(first?.answers[0]) === 'no-shared-algorithm';
}

function withRow(all: readonly Asked[], algorithmOf: AlgorithmOf): Asked[] {
  const byTarget = new Map<EndpointTarget, Map<Offered, Asked>>();
  for (const asked of all) {
    const known = byTarget.get(asked.target) ?? new Map<Offered, Asked>();
    byTarget.set(asked.target, known.set(asked.algorithm, asked));
  }
  return [...byTarget].flatMap(([target, byAlgorithm]) => {
    const answered = new Map([...byAlgorithm].map(([algorithm, { at }]) => [algorithm, at]));
    return algorithmsWithRow(target, answered, algorithmOf).flatMap((algorithm) => byAlgorithm.get(algorithm) ?? []);
  });
}

/**
 * An own address that this host cannot reach itself (being set up, or of a link that is down) says nothing of what is served there.
 * Where IPv6 is switched off that is so of "::1" and of every other, and then no client can connect to that listener at all.
 */
function leaveOutUnreachable(asked: Asked, note: ReturnType<typeof countNotAsked>['note']): void {
  const { serverName, listener } = asked.target;
  const reached = asked.at.filter(({ answers: [first] }) => saying(first) !== 'unreachable');
  const mayBeNone = asked.at.every(({ answers: [first] }) => isNoWay(listener, first));
  const kept = reached.length > 0 || mayBeNone ? reached : asked.at.slice(0, 1);
  for (const { address } of asked.at.filter((one) => !kept.includes(one)))
    note('address-unreachable', `${serverName}@${addressAndPort({ address, port: listener.port })}`);
  asked.at = kept;
}

function isDoubtful({ target, at }: Asked, { isUnsettled }: LookAtEndpoints): boolean {
  const said = new Set(at.map(({ answers }) => saying(answers[0])));
  return said.size > 1 || target.deployments.some(isUnsettled);
}

/** Asks each address until so many answers agree, or one does not, which is then the observation. A failure was asked about twice already. */
async function confirm(questions: Asking, doubtful: readonly Asked[], look: LookAtEndpoints): Promise<void> {
  const open = doubtful.flatMap((asked) => {
    const expected = configuredFor(asked.target, asked.algorithm, look.algorithmOf)?.configured;
    return asked.at
      .filter(({ answers: [first] }) => first?.ok)
      .filter(({ answers }) => asked.at.length > 1 || !expected || saying(answers[0]) === expected)
      .map((one) => ({ asked, address: one.address, answers: one.answers }));
  });
  await eachAtMost(concurrency, open, placeOf, async ({ asked, address, answers }) => {
    while (answers.length < agreeing && answers.every((answer) => saying(answer) === saying(answers[0]))) {
      await questions.pause(confirmPauseMs);
      answers.push(await questions.ask({ target: asked.target, algorithm: asked.algorithm, address }));
    }
  });
}

function placeOf({ asked, address }: { asked: Asked; address: string }): string {
  return addressAndPort({ address, port: asked.target.listener.port });
}
