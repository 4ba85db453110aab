import { openOutbox } from '../../agent/report/outbox.ts';
import { systemState } from '../../agent/system/state.ts';

// A process of its own for the outbox, on a disk or under a tracer that fails it: DIRECTORY COUNT SIZE. Adds events, "sends" what may be sent after each, and says
// in lines of JSON what was sent and what was complained of. It ends without closing anything, as a crash would.

const [directory = '', count = '0', size = '10'] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const complain = (_: unknown, message: string) => say({ complaint: message.split(':')[0] });
const log = { debug: () => {}, info: complain, warn: complain, error: complain };
const outbox = openOutbox(systemState(directory), log, 0, () => `epoch-${process.pid}`);
let sent = 0;
for (let each = 0; each < Number(count); each++) {
  const { seq } = outbox.add({
    at: '2026-11-23T12:00:00.000Z',
    kind: 'renewal',
    subject: { kind: 'lineage', id: 'shop' },
    ok: true,
    summary: `event ${each} ${'x'.repeat(Number(size))}`,
    detail: {},
    steps: [],
  });
  const sendable = outbox.after(sent, 1000);
  for (const event of sendable) say({ sent: event.seq, summary: event.summary });
  sent = sendable.at(-1)?.seq ?? sent;
  say({ added: seq });
}
say({ epoch: outbox.epoch, size: outbox.size });
