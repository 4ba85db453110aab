import { createHash } from 'node:crypto';
import type { Certificate, SignatureAlgorithm } from '@certherd/protocol/certificate';
import { type FailureReason, failed, type Result, success } from '@certherd/protocol/failure';
import { readCertificate } from '@certherd/x509/certificate';
import type { Clock, Dialer } from '../../ports.ts';
import { addressAndPort } from './place.ts';
import type { EndpointTarget } from './targets.ts';

/** The kind of signature that a client accepts. */
export type Offered = SignatureAlgorithm;

/** What one handshake showed: the leaf first, then the chain as sent. */
export type Answer = Result<{ certificates: Certificate[]; tlsVersion: string; alpn?: string }>;

export interface ProbePorts {
  dial: Dialer;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
}

/** A certificate that was read from a file, by its fingerprint. */
export type CertificateOf = (fingerprint: string) => Certificate | undefined;

/** One handshake to make. */
export interface Question {
  target: EndpointTarget;
  algorithm: Offered;
  address: string;
}

/** Asks within one look, or one proof; what was seen of a place is kept only for that long. */
export interface Asking {
  /** A failure that may pass by itself is looked at once more before it is told. */
  ask: (question: Question) => Promise<Answer>;
  /** One handshake, whatever comes of it. */
  askOnce: (question: Question) => Promise<Answer>;
  /** From 0.5 to 1.5 times `ms`. */
  pause: (ms: number) => Promise<void>;
}

/** What a server shows while it restarts, or is too busy for a moment. */
const passing: ReadonlySet<FailureReason> = new Set(['connection-refused', 'connection-reset', 'timed-out']);
const againMs = 150;

/**
 * Makes handshakes, each at most `timeoutMs` long. A place (address and port) that has answered nothing, and whose first failure stood
 * when it was asked again, is not asked twice any more; where it accepts and stays silent it is not asked at all any more, so that
 * fifty names behind it take no longer than one. After `untilMs` (on the monotonic clock) nothing is asked.
 */
export function asking(
  { dial, clock, random }: ProbePorts,
  {
    timeoutMs,
    untilMs = Number.POSITIVE_INFINITY,
    certificateOf,
  }: { timeoutMs: number; untilMs?: number; certificateOf?: CertificateOf | undefined },
): Asking {
  const places = new Map<string, { answered: boolean; stood?: FailureReason }>();
  const read = readingOnce(certificateOf);
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms * (0.5 + random()), resolve));

  const askOnce = async ({ target, algorithm, address }: Question): Promise<Answer> => {
    const { port, proxyProtocol, startTls } = target.listener;
    const handshake = await dial({
      address,
      port,
      serverName: target.askedName,
      algorithm,
      proxyProtocol,
      ...(startTls && { startTls }),
      timeoutMs,
    });
    if (!handshake.ok) return handshake;
    const { chain, tlsVersion, alpn } = handshake.value;
    const certificates: Certificate[] = [];
    for (const der of chain) {
      const certificate = read(der);
      if (!certificate.ok) return certificate;
      certificates.push(certificate.value);
    }
    return success({ certificates, tlsVersion, ...(alpn !== undefined && { alpn }) });
  };

  const ask = async (question: Question): Promise<Answer> => {
    const key = addressAndPort({ address: question.address, port: question.target.listener.port });
    const place = places.get(key) ?? { answered: false };
    places.set(key, place);
    const isSilent = () => !place.answered && place.stood === 'timed-out';
    if (isSilent()) return failed('timed-out', `not asked: ${key} answered no handshake within ${timeoutMs} ms`);
    if (clock.monotonic() >= untilMs) return failed('timed-out', 'not asked: the time for this look was over');
    const first = await askOnce(question);
    if (first.ok || !passing.has(first.failure.reason)) {
      place.answered ||= first.ok || first.failure.reason !== 'unreachable';
      return first;
    }
    if (!place.answered && place.stood) return first;
    await pause(againMs);
    if (isSilent() || clock.monotonic() >= untilMs) return first;
    const again = await askOnce(question);
    if (again.ok) place.answered = true;
    else if (passing.has(again.failure.reason)) place.stood = again.failure.reason;
    return again;
  };

  return { ask, askOnce, pause };
}

/** Most endpoints show what their files hold, and the same intermediates: each certificate is read once. */
function readingOnce(certificateOf: CertificateOf = () => undefined): (der: Uint8Array) => Result<Certificate> {
  const known = new Map<string, Result<Certificate>>();
  return (der) => {
    const fingerprint = createHash('sha256').update(der).digest('hex');
    const inFile = certificateOf(fingerprint);
    const read = known.get(fingerprint) ?? (inFile ? success(inFile) : readCertificate(der));
    known.set(fingerprint, read);
    return read;
  };
}
