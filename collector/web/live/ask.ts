import type { RequestedVerb } from '@certherd/protocol/frame';
import type { AskBody } from '../../serve/action-bodies.ts';
import type { RequestView } from '../../serve/request-view.ts';

/** What became of an asking: where it stands at the collector, or why it came to nothing, in words. */
export type Asked =
  | { readonly ok: true; readonly request: RequestView }
  | { readonly ok: false; readonly why: string; readonly signIn: boolean };

export interface Question {
  /** The agent's id. */
  readonly host: string;
  readonly verb: RequestedVerb;
  readonly subject: string;
  readonly reason: string;
}

const pollMs = 1000;

/** Asks a host for something and follows it until it is answered or its time is over. */
export async function ask(question: Question, tell: (asked: Asked) => void, signal: AbortSignal): Promise<void> {
  const body: AskBody = { ...question, key: crypto.randomUUID() };
  let asked = askedOf(await answerTo('/api/v1/requests', signal, body));
  tell(asked);
  while (asked.ok && ['waiting', 'sent'].includes(asked.request.state) && !signal.aborted) {
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
    const now = askedOf(await answerTo(`/api/v1/requests/${encodeURIComponent(asked.request.id)}`, signal));
    // A collector that does not answer for a moment may still have done what was asked.
    if (!now.ok && !now.signIn) continue;
    asked = now;
    if (!signal.aborted) tell(asked);
  }
}

function askedOf({ status, body }: Answer): Asked {
  if (status < 400 && isRequest(body)) return { ok: true, request: body };
  return { ok: false, signIn: status === 401, why: wordsOf(body) ?? `the collector answered ${status}` };
}

interface Answer {
  /** 599: none came. */
  readonly status: number;
  readonly body: unknown;
}

async function answerTo(path: string, signal: AbortSignal, body?: AskBody): Promise<Answer> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const response = await fetch(path, { signal, cache: 'no-store', ...(body && post) });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 599, body: { detail: 'The collector does not answer.' } };
  }
}

function isRequest(answer: unknown): answer is RequestView {
  return typeof answer === 'object' && answer !== null && 'state' in answer && 'id' in answer;
}

/** A problem's own words (RFC 9457). */
export function wordsOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const told = ['detail', 'title'].map((name): unknown => Object.entries(answer).find(([key]) => key === name)?.[1]);
  return told.find((words): words is string => typeof words === 'string' && words !== '');
}
