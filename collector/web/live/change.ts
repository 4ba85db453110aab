import { wordsOf } from './ask.ts';

/** What became of a change: what the collector answered, or why nothing was changed, in words. */
export type Sent =
  | { readonly ok: true; readonly answer: unknown }
  /** `status` 599: no answer came. */
  | { readonly ok: false; readonly status: number; readonly why: string };

export interface Change {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  /** Below /api/v1. */
  readonly path: string;
  readonly body?: object;
  /** The tag of what is changed, as it was seen. */
  readonly seen?: string;
  /** Only where nothing is. */
  readonly isNew?: boolean;
}

/** Asks the collector to change something that was seen, or to answer it; `send` is for what has no state to compare. */
export async function sendChange({ method, path, body, seen, isNew }: Change): Promise<Sent> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      cache: 'no-store',
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(seen !== undefined && { 'if-match': `"${seen}"` }),
        ...(isNew === true && { 'if-none-match': '*' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { ok: true, answer };
    const why = wordsOf(answer) ?? `the collector answered ${response.status}`;
    return { ok: false, status: response.status, why };
  } catch {
    return { ok: false, status: 599, why: 'The collector does not answer.' };
  }
}
