import test from 'ava';
import { openOutbox } from '../../../agent/report/outbox.ts';
import { silentLog } from '../../helpers/directory.ts';
import fc from '../../helpers/properties.ts';
import { renewalDraft as draft } from '../../helpers/renewal-draft.ts';

let epochs = 0;

test('whatever writes fail or are torn: what was sent stays under its number, through every crash, until it is acked', (t) => {
  const fault = fc.record({ fail: fc.integer({ min: 1, max: 3 }), torn: fc.integer({ min: 0, max: 250 }) });
  const step = fc.oneof(fc.constantFrom('add', 'send', 'ack', 'crash'), fault);
  fc.assert(
    fc.property(fc.option(fault), fc.array(step, { maxLength: 60 }), (atFirst, steps) => {
      const files = new Map<string, string>();
      let { fail: failing, torn } = atFirst ?? { fail: 0, torn: 0 };
      const attempt = (change: () => void) => {
        if (failing === 0) {
          change();
          return { ok: true as const, value: undefined };
        }
        failing -= 1;
        return { ok: false as const, failure: { reason: 'io-error' as const, detail: 'no' } };
      };
      const state = {
        read: (name: string) => ({ ok: true as const, value: files.get(name) }),
        write: (name: string, text: string) => attempt(() => files.set(name, text)),
        append: (name: string, text: string) => {
          if (failing > 0) files.set(name, (files.get(name) ?? '') + text.slice(0, torn));
          return attempt(() => files.set(name, (files.get(name) ?? '') + text));
        },
      };
      let count = 0;
      const reopen = () => openOutbox(state, silentLog, 0, () => `epoch-${++epochs}-y`);
      let outbox = reopen();
      const sent = new Map<string, string>();
      /** Sent, and not acked. */
      let open = new Map<number, string>();
      /** Added since the last crash, and not acked. */
      let added: string[] = [];
      const waiting = () => outbox.after(0, 1000).map(({ seq, summary }): [number, string] => [seq, summary]);
      const expectAll = (what: string, wanted: Iterable<string>, found: readonly string[]) => {
        for (const one of wanted)
          if (!found.includes(one)) throw new Error(`${what}: ${one} is not in ${found.join()}`);
      };
      const lookAtAll = (what: string) =>
        expectAll(
          what,
          [...open].map(([seq, summary]) => `${seq} ${summary}`),
          waiting().map((one) => one.join(' ')),
        );
      for (const one of steps) {
        if (one === 'add') {
          outbox.add(draft(`event ${++count}`));
          added.push(`event ${count}`);
        } else if (one === 'crash') {
          const before = outbox.epoch;
          outbox = reopen();
          added = [];
          if (open.size > 0 && outbox.epoch !== before)
            throw new Error('another epoch, with events of this one on their way');
          lookAtAll('after a crash');
        } else if (one === 'send') {
          for (const [seq, summary] of waiting()) {
            const known = sent.get(`${outbox.epoch} ${seq}`);
            if (known !== undefined && known !== summary) throw new Error(`${seq}: ${known}, then ${summary}`);
            sent.set(`${outbox.epoch} ${seq}`, summary);
            open.set(seq, summary);
          }
        } else if (one === 'ack') {
          const summaries = new Set(open.values());
          outbox.acked(Math.max(0, ...open.keys()));
          added = added.filter((summary) => !summaries.has(summary));
          open = new Map();
        } else ({ fail: failing, torn } = one);
      }
      failing = 0;
      const seqs = waiting().map(([seq]) => seq);
      t.deepEqual(
        seqs,
        [...new Set(seqs)].sort((a, b) => a - b),
      );
      lookAtAll('in the end');
      expectAll(
        'once it can be written',
        added,
        waiting().map(([, summary]) => summary),
      );
    }),
    { numRuns: 2000 },
  );
});
