import { useSignal } from '@preact/signals';
import type { LabelView } from '../../../serve/api/views.ts';
import type { sendChange, Sent } from '../../live/change.ts';

/** What somebody typed; it stays whatever the collector says. */
export interface Typed {
  readonly scope: LabelView['scope'];
  readonly pattern: string;
  readonly key: string;
  readonly value: string;
}

interface Needs {
  readonly send: typeof sendChange;
  readonly done: (changed: boolean) => void;
  readonly again: () => void;
}

/** One rule on its way to be another: as it was seen, as it is typed, and why it is not yet so. */
export function useRule(first: LabelView | undefined, { send, done, again }: Needs) {
  const rule = useSignal(first);
  const why = useSignal<string | undefined>(undefined);
  const typed = useSignal<Typed>({
    scope: first?.scope ?? 'name',
    pattern: first?.pattern ?? '',
    key: first?.key ?? '',
    value: first?.value ?? '',
  });

  return {
    rule,
    why,
    typed,
    change: (part: Partial<Typed>): void => {
      typed.value = { ...typed.value, ...part };
    },
    set: () => settle(rule.value ? changed(rule.value) : added()),
    remove: () =>
      rule.value
        ? settle(send({ method: 'DELETE', path: `labels/${rule.value.id}`, seen: rule.value.tag }))
        : Promise.resolve(),
  };

  function changed({ id, tag }: LabelView): Promise<Sent> {
    return send({ method: 'PATCH', path: `labels/${id}`, seen: tag, body: { value: typed.value.value } });
  }

  function added(): Promise<Sent> {
    const { scope, pattern, key, value } = typed.value;
    const body = { scope, pattern, labels: { [key]: value } };
    return send({ method: 'POST', path: 'labels', isNew: true, body });
  }

  async function settle(sending: Promise<Sent>): Promise<void> {
    const sent = await sending;
    if (sent.ok) return done(true);
    why.value = sent.why;
    if (sent.status !== 412 && sent.status !== 404) return;
    again();
    rule.value = await asItStands();
    const next = rule.value ? 'Once more, and it is as you typed it.' : 'You can add it anew.';
    why.value = `${sent.why} ${next}`;
  }

  /** undefined: it is there no more. */
  async function asItStands(): Promise<LabelView | undefined> {
    const { scope, pattern, key } = typed.value;
    try {
      const answer: { items: LabelView[] } = await (await fetch('/api/v1/labels', { cache: 'no-store' })).json();
      return answer.items.find(
        (one) => one.scope === scope && one.pattern === pattern.toLowerCase() && one.key === key,
      );
    } catch {
      return rule.value;
    }
  }
}
