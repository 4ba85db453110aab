import { type ReadonlySignal, signal } from '@preact/signals';
import type { IncidentView, SilenceView } from '../../serve/api/inventory-views.ts';

/** What people were told as one, and what is silent. */
export interface Answers {
  readonly incidents: readonly IncidentView[];
  readonly silences: readonly SilenceView[];
}

/** Follows what people answer. */
export interface Board {
  readonly answers: ReadonlySignal<Answers>;
  /** Somebody here answered: it is read again. */
  readonly again: () => void;
  readonly stop: () => void;
}

const againMs = 15_000;

/** Reads what was answered now, and again while the page is looked at. What cannot be read stays as it was. */
export function followAnswers(): Board {
  const answers = signal<Answers>({ incidents: [], silences: [] });
  const gone = new AbortController();
  const read = async (): Promise<void> => {
    try {
      const [incidents, silences] = await Promise.all([
        list<IncidentView>('incidents', gone.signal),
        list<SilenceView>('silences', gone.signal),
      ]);
      const before = answers.peek();
      answers.value = { incidents: incidents ?? before.incidents, silences: silences ?? before.silences };
    } catch {}
  };
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void read();
  }, againMs);
  void read();
  return {
    answers,
    again: () => void read(),
    stop() {
      clearInterval(timer);
      gone.abort();
    },
  };
}

async function list<Item>(name: string, aborted: AbortSignal): Promise<readonly Item[] | undefined> {
  const response = await fetch(`/api/v1/${name}`, { signal: aborted, cache: 'no-store' });
  const answer: { items?: Item[] } = await response.json();
  return response.ok ? answer.items : undefined;
}
