import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from './example-snapshot.ts';
import { begin, type Wire, type WireIdentity } from './wire-agent.ts';

const epoch = 'epoch-0001';
const batch = 5;

/** What one agent knows of itself: the ground truth. */
export interface Told {
  name: string;
  identity: WireIdentity;
  generation: number;
  sent: number;
  acked: number;
  looks: number;
  frame: ReturnType<typeof snapshotFrame>;
}

/** One session: goes on from the collector's ack, then tells looks and events until the connection is gone. */
export function tell(
  agent: Told,
  invitation: Parameters<typeof begin>[0],
): { firstAck: Promise<void>; ended: Promise<void> } {
  let acked = () => {};
  const firstAck = new Promise<void>((resolve) => {
    acked = resolve;
  });
  const ended = (async () => {
    let wire: Wire | undefined;
    try {
      const started = await begin(invitation, agent.identity, hello(agent));
      wire = started;
      agent.acked = Math.max(agent.acked, started.welcome.ackedSeq);
      if (started.welcome.wantSnapshot) started.send(agent.frame);
      let next = started.welcome.ackedSeq + 1;
      for (;;) {
        // Two batches are always on their way.
        while (next <= agent.acked + 2 * batch) {
          agent.frame = snapshotFrame(snapshot(certificate(`${agent.name} ${++agent.looks}`)));
          started.send(agent.frame);
          started.send({
            type: 'events',
            epoch,
            events: Array.from({ length: batch }, (_, index) => event(next + index)),
          });
          next += batch;
          agent.sent = Math.max(agent.sent, next - 1);
        }
        agent.acked = Math.max(agent.acked, (await started.next('ack')).seq);
        acked();
      }
    } catch {
      // The collector was killed.
    } finally {
      wire?.socket.terminate();
    }
  })();
  return { firstAck, ended };
}

function hello(agent: Told) {
  return { generation: ++agent.generation, hostName: agent.name, snapshotDigest: agent.frame.digest };
}

/** Of one agent: `seqs` are those that are stored of it, in order. */
export function checkKept(
  { name, acked, sent }: Told,
  seqs: readonly number[],
  same: (what: string, found: unknown, expected: unknown) => void,
): void {
  same(
    `${name} has no hole and nothing twice`,
    seqs,
    Array.from({ length: seqs.length }, (_, index) => index + 1),
  );
  same(
    `${name}: what was acked is stored, and no more than was sent`,
    seqs.length >= acked && seqs.length <= sent,
    true,
  );
}

/** Everybody tells what is left, until the collector has it. */
export async function heal(agents: Told[], invitation: Parameters<typeof begin>[0]): Promise<void> {
  for (const agent of agents) {
    const wire = await begin(invitation, agent.identity, hello(agent));
    if (wire.welcome.wantSnapshot) wire.send(agent.frame);
    for (let seq = wire.welcome.ackedSeq + 1; seq <= agent.sent; seq += batch)
      wire.send({ type: 'events', epoch, events: Array.from({ length: batch }, (_, index) => event(seq + index)) });
    if (wire.welcome.ackedSeq < agent.sent)
      await until('all is acked', async () => (await wire.next('ack')).seq === agent.sent);
    agent.acked = agent.sent;
    wire.close();
    await wire.closed;
  }
}
