import { isIP } from 'node:net';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Handshake } from '@certherd/handshake/dial';
import type { Target } from '@certherd/handshake/outside/ask-places';
import type { LookedAnswer, LookedFrame, LookedPlace, OutsideFailure } from '@certherd/protocol/look';
import type { Result } from '@certherd/protocol/failure';
import { maxLookedBytes } from '@certherd/protocol/version';
import type { Looked, LookWish } from '../receive/looking.ts';
import type { Clock } from '../ports.ts';
import type { ReadAnswer } from './answers.ts';
import type { SeenAnswer, SeenPlace, SeenTarget } from './seen.ts';
import { targetText } from './target.ts';

/** An agent that can be asked, and what its host is called. */
export interface Vantage {
  name: string;
  look: (wish: LookWish) => Promise<Looked>;
}

/**
 * Has an agent look at a target, and judges what it was shown as the collector's own looks are judged: by the DER. Undefined: it did not look, as it is gone or busy,
 * and is asked again. What an agent says of a name is its own word, and is shown as that host's.
 */
export async function askVantage(
  { name, look }: Vantage,
  target: Target,
  { read, clock }: { read: ReadAnswer; clock: Pick<Clock, 'now'> },
): Promise<SeenTarget | undefined> {
  const looked = await look(target);
  const seen = { target: targetText(target), ...target, at: new Date(clock.now()).toISOString() };
  const without = (failure: OutsideFailure) => ({ ...seen, places: [], leftOut: 0, failure });
  if ('lost' in looked) {
    if (looked.lost === 'gone') return undefined;
    if (looked.lost === 'late') return without({ reason: 'timed-out', detail: `${name} did not answer in time` });
    return without({
      reason: 'vantage-too-old',
      detail: `the agent of ${name} cannot be asked to look: it is an older version`,
    });
  }
  const { leftOut, notTold, failure } = looked;
  if (failure?.reason === 'vantage-busy') return undefined;
  if (failure) return without({ ...failure, detail: `${name}: ${failure.detail}`.slice(0, 2000) });
  if (bytesOf(looked) > maxLookedBytes)
    return without({ reason: 'too-large', detail: `${name} told of more certificates than an agent may` });
  // Each once, however many chains name it: an answer is cheap to send.
  const ders = looked.certificates.map((text) => Buffer.from(text, 'base64'));
  const judge = (answer: LookedAnswer) => judged(answer, ders, (shown) => read(shown, target.host, clock.now()));
  const places = new Map<string, SeenPlace>();
  for (const place of looked.places) {
    if (isIP(place.address) === 0 || place.address.includes('%')) continue;
    places.set(place.address, placeOf(place, judge));
    await othersTurn();
  }
  return { ...seen, places: [...places.values()], leftOut, ...(notTold && { notTold }) };
}

/** Of base64. */
function bytesOf({ certificates, places }: LookedFrame): number {
  const staples = places.flatMap(({ answers }) => answers.map(({ staple = '' }) => staple));
  return [...certificates, ...staples].reduce((sum, text) => sum + text.length, 0);
}

function placeOf(
  { address, answers, notAnswered, failure }: LookedPlace,
  judge: (answer: LookedAnswer) => Result<SeenAnswer, OutsideFailure>,
): SeenPlace {
  if (failure) return { address, answers: [], failure };
  const read = answers.map(judge);
  const wrong = read.find((one) => !one.ok);
  if (wrong && !wrong.ok) return { address, answers: [], failure: wrong.failure };
  // Of each kind of key one: what the agent calls it does not count.
  const byKind = new Map(read.flatMap((one) => (one.ok ? [[one.value.algorithm, one.value] as const] : [])));
  return { address, answers: [...byKind.values()], ...(notAnswered && { notAnswered }) };
}

function judged(
  { chain, tlsVersion, alpn, staple }: LookedAnswer,
  ders: readonly Uint8Array[],
  read: (shown: Handshake) => Result<SeenAnswer>,
): Result<SeenAnswer, OutsideFailure> {
  const named = chain.flatMap((at) => ders[at] ?? []);
  if (named.length < chain.length)
    return { ok: false, failure: { reason: 'malformed', detail: 'the agent told of a certificate without its DER' } };
  return read({
    chain: named,
    tlsVersion,
    ...(alpn !== undefined && { alpn }),
    ...(staple !== undefined && { staple: Buffer.from(staple, 'base64') }),
  });
}
