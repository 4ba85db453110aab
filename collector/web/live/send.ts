import { wordsOf } from './ask.ts';

/** What the collector made of a request that changes something; or why it did not, in words. */
export type Sent<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly why: string };

/** Asks for a change at an address of the API. */
export async function send<Answer extends { readonly version: 1 }>(
  method: 'POST' | 'PATCH' | 'DELETE',
  address: string,
  body?: object,
): Promise<Sent<Answer>> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const response = await fetch(address, { method, cache: 'no-store', ...(body && json) });
    const answer: Answer | null = await response.json();
    if (response.ok && answer?.version === 1) return { ok: true, answer };
    return { ok: false, why: wordsOf(answer) ?? `the collector answered ${response.status}` };
  } catch {
    return { ok: false, why: 'The collector does not answer.' };
  }
}
