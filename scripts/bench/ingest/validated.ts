import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { event } from '../../../test/collector/helpers/example-snapshot.ts';
import type { Goal } from '../goal.ts';
import type { Cost } from './receiver.ts';

const connections = 20;
const messages = 200_000;
const rounds = 3;
/** What a sender leaves unsent before it lets others have their turn. */
const mostBuffered = 256 * 1024;

/** Messages that are parsed and checked, against the same messages on the same sockets that are only counted: processor time of the receiver. */
export async function validatedIngest(progress: (text: string) => void): Promise<Goal[]> {
  const text = JSON.stringify({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  const best = { raw: Infinity, validated: Infinity };
  for (let round = 1; round <= rounds; round++)
    for (const what of ['raw', 'validated'] as const) best[what] = Math.min(best[what], await received(what, text));
  progress(`ingest: raw ${perSecond(best.raw)} a second, validated ${perSecond(best.validated)}`);
  return [
    {
      what: 'one message parsed and checked',
      unit: 'µs',
      ours: best.validated,
      baseline: { what: 'ws alone', value: best.raw },
      goal: { of: 'ratio', below: 142 / 100 },
      note: `${perSecond(best.validated)} a second on one core, ws alone ${perSecond(best.raw)}; ${text.length} bytes, best of ${rounds}`,
    },
  ];
}

/** Microseconds of the receiver's processor for a message. */
async function received(what: 'raw' | 'validated', text: string): Promise<number> {
  const child = fork(join(import.meta.dirname, 'receiver.ts'), [what, String(messages)]);
  try {
    const [ready]: { port: number }[] = await once(child, 'message');
    const answered: Promise<Cost[]> = once(child, 'message');
    const sockets = Array.from({ length: connections }, () => new WebSocket(`ws://127.0.0.1:${ready?.port}`));
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    for (let sent = 0; sent < messages; ) {
      for (const socket of sockets)
        for (let turn = 0; turn < 100 && socket.bufferedAmount < mostBuffered && sent < messages; turn++) {
          socket.send(text);
          sent += 1;
        }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [cost] = await answered;
    if (cost?.messages !== messages) throw new Error('not every message was received');
    for (const socket of sockets) socket.terminate();
    return cost.cpuMicros / messages;
  } finally {
    child.kill();
  }
}

function perSecond(micros: number): string {
  return (1e6 / micros).toFixed(0);
}
