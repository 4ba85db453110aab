import { createHash } from 'node:crypto';
import type { Dialer, DialTarget, Handshake, Offered, TlsVersion } from '@certherd/handshake/dial';
import { systemDialer } from '@certherd/handshake/dialer';
import type { Result } from '@certherd/protocol/failure';
import type { Clock } from '../ports.ts';
import { type Reach, reachOf } from './address.ts';
import type { ReadAnswer } from './answers.ts';
import type { InTurn } from './pace.ts';
import type { Resolve } from './resolve.ts';
import type { OutsideFailure, SeenPlace, SeenTarget } from './seen.ts';
import { type Target, targetText } from './target.ts';

export interface ProbeNeeds {
  resolve: Resolve;
  /** Handshakes wait for their turn. */
  inTurn: InTurn;
  read: ReadAnswer;
  clock: Clock;
  /** Addresses besides public ones that may be asked. */
  allow: ReadonlySet<Reach>;
  /** Asks for every version of TLS too. */
  versions: boolean;
  /** Each handshake may take so long. */
  timeoutMs: number;
  dial?: Dialer;
}

/** Asks one target at all of its addresses. What goes wrong is part of what was seen; rejects only where `inTurn` does. */
export type Probe = (target: Target) => Promise<SeenTarget>;

const allVersions: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/**
 * A name is resolved once, and each address is judged right before the connection to it, which is made to that address and to no name: what the
 * DNS says meanwhile changes nothing. Nothing follows a redirect, and no address out of a certificate is asked.
 */
export function createProbe(needs: ProbeNeeds): Probe {
  const { resolve, clock } = needs;
  const dial = permitted(needs.dial ?? systemDialer(), needs.allow);
  return async (target) => {
    const found = await resolve(target.host);
    const places = found.ok
      ? await Promise.all(found.value.addresses.map((address) => probePlace(target, address, { ...needs, dial })))
      : [];
    return {
      target: targetText(target),
      ...target,
      at: new Date(clock.now()).toISOString(),
      places,
      leftOut: found.ok ? found.value.leftOut : 0,
      ...(found.ok && found.value.notTold && { notTold: found.value.notTold }),
      ...(!found.ok && { failure: found.failure }),
    };
  };
}

type Dialled = (target: DialTarget) => Promise<Result<Handshake, OutsideFailure>>;

/** The one way to a connection: an address that may not be asked gets none. */
function permitted(dial: Dialer, allow: ReadonlySet<Reach>): Dialled {
  return async (target) => {
    const reach = reachOf(target.address);
    if (reach === 'public' || (reach !== 'never' && allow.has(reach))) return dial(target);
    const word = {
      private: 'a private network',
      loopback: 'this machine itself',
      never: 'an address that is never asked',
    };
    return { ok: false, failure: { reason: 'not-allowed', detail: `${target.address} is ${word[reach]}` } };
  };
}

/**
 * First with every kind of key that there is, as a browser asks; then for the other of ECDSA and RSA, which many servers have beside it. A
 * refusal of the second is no failure; that it is lost on its way tells nothing of it.
 */
async function probePlace(
  target: Target,
  address: string,
  needs: Omit<ProbeNeeds, 'dial'> & { dial: Dialled },
): Promise<SeenPlace> {
  const { inTurn, dial, read, clock, timeoutMs } = needs;
  const ask = (algorithm: Offered, tlsVersion?: TlsVersion) =>
    inTurn(address, () =>
      dial({
        address,
        port: target.port,
        serverName: target.host,
        algorithm,
        proxyProtocol: false,
        ...(target.startTls && { startTls: target.startTls }),
        ...(tlsVersion && { tlsVersion }),
        timeoutMs,
      }),
    );
  const shown = await ask('any');
  if (!shown.ok) return { address, answers: [], failure: shown.failure };
  const first = read(shown.value, target.host, clock.now());
  if (!first.ok) return { address, answers: [], failure: first.failure };
  const answers = [first.value];
  const notAnswered: NonNullable<SeenPlace['notAnswered']> = [];
  const others = (['ecdsa', 'rsa'] as const).filter((algorithm) => algorithm !== first.value.algorithm);
  for (const algorithm of others) {
    const other = await ask(algorithm);
    if (other.ok && isSame(other.value, shown.value)) continue;
    const answer = other.ok ? read(other.value, target.host, clock.now()) : other;
    if (answer.ok && answer.value.algorithm === algorithm) answers.push(answer.value);
    if (!answer.ok && answer.failure.reason !== 'no-shared-algorithm')
      notAnswered.push({ algorithm, failure: answer.failure });
  }
  const seen = { address, answers, ...(notAnswered.length > 0 && { notAnswered }) };
  if (!needs.versions) return seen;
  const taken = await Promise.all(
    allVersions.map(async (version) => {
      const answer = await ask('any', version);
      return answer.ok && answer.value.tlsVersion === version ? [version] : [];
    }),
  );
  return { ...seen, versions: taken.flat() };
}

function isSame(one: Handshake, other: Handshake): boolean {
  return fingerprintOf(one) === fingerprintOf(other);
}

function fingerprintOf({ chain: [leaf] }: Handshake): string {
  return createHash('sha256')
    .update(leaf ?? '')
    .digest('hex');
}
