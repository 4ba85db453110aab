import type { Result } from '@certherd/protocol/failure';
import {
  longestWaitMs,
  readDirectory,
  readRenewalInformation,
  renewalInfoUrl,
  spreadWait,
  type SuggestedWindow,
  waitAfterFailures,
  waitBeforeAsking,
} from '../formats/renewal-information.ts';
import type { HttpsAnswer, HttpsSession } from '../ports.ts';

/** A CA's answer for one certificate. */
export interface Told {
  /** 'none': this CA tells no windows. */
  answer: SuggestedWindow | 'none' | 'failed';
  /** How long it is then left alone for this certificate. */
  waitMs: number;
  /** Why it failed. */
  detail?: string;
}

/** What ACME directories said of themselves, by address: where their renewal information is, and until when that is believed (milliseconds since 1970). */
export type KnownDirectories = Map<string, { renewalInfo?: string; until: number }>;

/** Asks a certificate's ACME directory for its window; the directory itself at most twice a day. `drawn`: from 0 to 1. */
export async function askCa(
  session: HttpsSession,
  directories: KnownDirectories,
  certificate: { directory: string; certId: string; failures: number },
  now: number,
  drawn: number,
): Promise<Told> {
  const { directory, certId, failures } = certificate;
  const failed = (detail: string, retryAfter?: string): Told => {
    const least = retryAfter === undefined ? 0 : waitBeforeAsking(retryAfter, now);
    const waitMs = spreadWait(Math.max(least, waitAfterFailures(failures + 1)), drawn);
    return { answer: 'failed', waitMs, detail: `${directory}: ${detail}` };
  };
  const known = directories.get(directory);
  if (!known || known.until <= now || known.until > now + longestWaitMs) {
    const answer = await session.get(directory);
    const read = answer.ok && answer.value.status === 200 ? readDirectory(answer.value.body) : undefined;
    if (!read) return failed(wordsFor(answer, 'no ACME directory'), retryAfterOf(answer));
    directories.set(directory, { ...read, until: now + longestWaitMs });
  }
  const address = directories.get(directory)?.renewalInfo;
  if (address === undefined) return { answer: 'none', waitMs: spreadWait(longestWaitMs, drawn) };
  const answer = await session.get(renewalInfoUrl(address, certId));
  const window = answer.ok && answer.value.status === 200 ? readRenewalInformation(answer.value.body) : undefined;
  if (!window) return failed(wordsFor(answer, 'no renewal information'), retryAfterOf(answer));
  return { answer: window, waitMs: spreadWait(waitBeforeAsking(retryAfterOf(answer), now), drawn) };
}

function retryAfterOf(answer: Result<HttpsAnswer>): string | undefined {
  return answer.ok ? answer.value.retryAfter : undefined;
}

function wordsFor(answer: Result<HttpsAnswer>, otherwise: string): string {
  if (!answer.ok) return `${answer.failure.reason}: ${answer.failure.detail}`;
  return answer.value.status === 200 ? otherwise : `status ${answer.value.status}`;
}
