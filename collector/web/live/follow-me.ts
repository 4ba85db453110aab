import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Me } from '../../serve/action-bodies.ts';
import type { Connection } from '../../present/connection.ts';

/** While nothing is heard, it may be that nobody is signed in any more. */
const lostMs = 2_000;

/** Who looks at this page; undefined until the collector has said so. Asked again whenever the collector is heard again, and while it is not. */
export function followMe(connection: ReadonlySignal<Connection>): ReadonlySignal<Me | undefined> {
  const me = signal<Me | undefined>(undefined);
  effect(() => {
    const ask = () => void askMe().then((answer) => (me.value = answer ?? me.peek()));
    if (connection.value === 'connecting') return undefined;
    ask();
    if (connection.value === 'live') return undefined;
    const asking = setInterval(ask, lostMs);
    return () => clearInterval(asking);
  });
  return me;
}

async function askMe(): Promise<Me | undefined> {
  try {
    const response = await fetch('/api/v1/me', { cache: 'no-store' });
    const answer: unknown = await response.json();
    return response.ok && isMe(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

function isMe(answer: unknown): answer is Me {
  return typeof answer === 'object' && answer !== null && 'by' in answer;
}
