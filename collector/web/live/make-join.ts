import type { TokenBody } from '../../serve/action-bodies.ts';
import { wordsOf } from './ask.ts';

/** A join string, good for one host until then; or why there is none, in words. */
export type Joined =
  | { readonly ok: true; readonly join: string; readonly expiresAt: string | undefined }
  | { readonly ok: false; readonly why: string };

/** Has the collector make a join string (POST /api/v1/tokens). */
export async function makeJoin(labels: Readonly<Record<string, string>>): Promise<Joined> {
  const body: TokenBody = Object.keys(labels).length === 0 ? {} : { labels: { ...labels } };
  try {
    const response = await fetch('/api/v1/tokens', {
      method: 'POST',
      cache: 'no-store',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    if (response.ok && isJoin(answer)) return { ok: true, join: answer.join, expiresAt: answer.expiresAt };
    return { ok: false, why: wordsOf(answer) ?? `the collector answered ${response.status}` };
  } catch {
    return { ok: false, why: 'The collector does not answer.' };
  }
}

function isJoin(answer: unknown): answer is { join: string; expiresAt?: string } {
  return typeof answer === 'object' && answer !== null && 'join' in answer && typeof answer.join === 'string';
}
