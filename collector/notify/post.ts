import { codeOf } from '../failure.ts';
import { type Delivery, undelivered } from './channel.ts';

/** Of an answer that is no JSON for us, this much is read: some words of why. */
const mostWords = 300;
const mostRetryAfterMs = 3_600_000;

/**
 * Sends JSON and takes any 2xx for "taken over". Goes where it was told to and nowhere else: a redirection is a failure, since it would take the message, and the
 * secret in its address, to somebody else. The answer is read up to some words, until `deadline`.
 */
export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  deadline: AbortSignal,
): Promise<Delivery> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'certherd-collector', ...headers },
      body,
      redirect: 'manual',
      signal: deadline,
    });
  } catch (error) {
    if (deadline.aborted) return undelivered('no-answer', 'no answer in time');
    const code = codeOf(error instanceof Error ? error.cause : undefined) || codeOf(error);
    // The connection was there, and ended while an answer was awaited.
    const began = /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code);
    return undelivered(began ? 'no-answer' : 'unreachable', code || 'cannot be reached');
  }
  const words = await firstWords(response);
  const { status } = response;
  if (status >= 200 && status < 300) return { ok: true };
  const detail = words === '' ? `status ${status}` : `status ${status}: ${words}`;
  if (status >= 300 && status < 400) return undelivered('redirected', `status ${status}`);
  const retryAfterMs = readRetryAfter(
    response.headers.get('retry-after'),
    Date.parse(response.headers.get('date') ?? ''),
  );
  if (status === 429) return undelivered('too-many', detail, retryAfterMs);
  if (status === 404 || status === 410) return undelivered('gone', detail);
  return undelivered(status < 500 ? 'refused' : 'failed', detail, retryAfterMs);
}

/** Seconds, or an instant by the receiver's own clock (RFC 9110 10.2.3); at most an hour. */
function readRetryAfter(value: string | null, receiverNow: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - receiverNow;
  return Number.isFinite(ms) ? Math.min(mostRetryAfterMs, Math.max(0, ms)) : undefined;
}

async function firstWords({ body }: Response): Promise<string> {
  if (!body) return '';
  const reader = body.getReader();
  let text = '';
  try {
    const decoder = new TextDecoder();
    while (text.length < mostWords) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // It is known already whether it was taken.
  } finally {
    void reader.cancel().catch(() => {});
  }
  return text
    .slice(0, mostWords)
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim();
}
