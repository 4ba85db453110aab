import { createHash } from 'node:crypto';
import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import type { Result } from '@certherd/protocol/failure';
import type { NotTold, OutsideFailure } from '@certherd/protocol/look';
import type { StartTls } from '@certherd/protocol/snapshot';
import type { Dialer, DialTarget, Handshake, Offered, TlsVersion } from '../dial.ts';
import { type Reach, reachOf } from './address.ts';
import type { InTurn } from './pace.ts';
import type { Resolve } from './resolve.ts';

/** One thing to ask from outside. */
export interface Target {
  /** A name in lower case, as in the DNS (RFC 5890), or an IP address. */
  host: string;
  port: number;
  startTls?: StartTls;
}

export interface AskNeeds<Answer> {
  resolve: Resolve;
  /** Handshakes wait for their turn. */
  inTurn: InTurn;
  dial: Dialer;
  /** What is made of one handshake with this host. */
  read: (shown: Handshake, host: string) => Result<Answer, OutsideFailure>;
  /** Addresses besides public ones that may be asked. */
  allow: ReadonlySet<Reach>;
  /** Asks for every version of TLS too. */
  versions: boolean;
  /** Each handshake may take so long. */
  timeoutMs: number;
}

/** What was seen at one address. */
export interface AskedPlace<Answer> {
  address: string;
  answers: Answer[];
  /** Kinds of key that were asked for without an answer, while another was answered: neither shown nor refused. */
  notAnswered?: { algorithm: SignatureAlgorithm; failure: OutsideFailure }[];
  /** TLS versions that it takes, oldest first; absent where that was not asked. */
  versions?: TlsVersion[];
  failure?: OutsideFailure;
}

/** What was seen of one target. */
export interface Asked<Answer> {
  /** One for each address that was asked, or may not be. */
  places: AskedPlace<Answer>[];
  /** Addresses of the name that were not asked, because it has so many. */
  leftOut: number;
  notTold?: NotTold;
  failure?: OutsideFailure;
}

const allVersions: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/**
 * Asks one target at all of its addresses: the same at the collector and at an agent. A name is resolved once, and each address is judged right before
 * the connection to it, which is made to that address and to no name: what the DNS says meanwhile changes nothing. Nothing follows a redirect, and no
 * address out of a certificate is asked. Rejects only where `inTurn` does.
 */
export async function askPlaces<Answer extends { algorithm: SignatureAlgorithm }>(
  target: Target,
  needs: AskNeeds<Answer>,
): Promise<Asked<Answer>> {
  const found = await needs.resolve(target.host);
  if (!found.ok) return { places: [], leftOut: 0, failure: found.failure };
  const { addresses, leftOut, notTold } = found.value;
  const dial = permitted(needs.dial, needs.allow);
  const places = await Promise.all(addresses.map((address) => askPlace(target, address, { ...needs, dial })));
  return { places, leftOut, ...(notTold && { notTold }) };
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
async function askPlace<Answer extends { algorithm: SignatureAlgorithm }>(
  target: Target,
  address: string,
  needs: Omit<AskNeeds<Answer>, 'dial'> & { dial: Dialled },
): Promise<AskedPlace<Answer>> {
  const { inTurn, dial, read, timeoutMs } = needs;
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
  const first = read(shown.value, target.host);
  if (!first.ok) return { address, answers: [], failure: first.failure };
  const answers = [first.value];
  const notAnswered: NonNullable<AskedPlace<Answer>['notAnswered']> = [];
  const others = (['ecdsa', 'rsa'] as const).filter((algorithm) => algorithm !== first.value.algorithm);
  for (const algorithm of others) {
    const other = await ask(algorithm);
    if (other.ok && isSame(other.value, shown.value)) continue;
    const answer = other.ok ? read(other.value, target.host) : other;
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
