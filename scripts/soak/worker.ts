import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseJoin } from '@certherd/protocol/join';
import { systemState } from '../../agent/system/state.ts';
import { simulatedAgent } from '../load/simulated-agent.ts';
import { simulatedHost } from '../load/simulated-host.ts';
import { note } from './ledger.ts';
import type { Standing, WorkerOrder } from './agents.ts';

// A process of the soak's agents, with their state on disk: it may be killed at any moment, and is started again on the same state.

/** Between two renewals of one agent, at most. */
const renewalMs = 2_000;
const certificates = 3;

const standings: (() => Standing)[] = [];
let isBusy = false;

process.on('message', (order: WorkerOrder) => {
  if (order.order === 'work') for (const [index, word] of order.joins.entries()) void live(order, index, word);
  else if (order.order === 'count') process.send?.(standings.map((standing) => standing()));
  else isBusy = order.order === 'busy';
});
process.on('disconnect', () => process.exit());

async function live(order: WorkerOrder & { order: 'work' }, index: number, word: string): Promise<void> {
  const number = order.from + index;
  const folder = join(order.folder, String(number));
  mkdirSync(folder, { recursive: true });
  const hostFile = join(folder, 'host.json');
  const issuedAt: number[] = existsSync(hostFile)
    ? JSON.parse(readFileSync(hostFile, 'utf8'))
    : Array<number>(certificates).fill(Date.parse('2026-11-01T00:00:00Z'));
  const plain = simulatedHost(number, issuedAt);
  const host = {
    ...plain,
    renew(place: number, at: number) {
      const lineage = plain.renew(place, at);
      writeFileSync(hostFile, JSON.stringify(issuedAt));
      return lineage;
    },
  };
  const name = host.name;
  const told = {
    connected() {},
    failed() {},
    kept: (epoch: string, { seq, detail }: { seq: number; detail: Record<string, string> }) =>
      note(order.ledger, { agent: name, epoch, kept: seq, mark: detail['mark'] ?? '' }),
    acked: (epoch: string, seq: number) => note(order.ledger, { agent: name, epoch, acked: seq }),
  };
  const agent = simulatedAgent(host, undefined, told, systemState(folder));
  const invitation = parseJoin(word);
  if (!invitation.ok) throw new Error(invitation.failure);
  // The token lives for the whole soak, and the same key gives the same identity: it may be killed while it enrols.
  while (agent.agentId() === undefined) if ((await agent.enrol(invitation.value)) !== undefined) await pause(500);
  agent.start();
  standings.push(() => {
    const served = host.snapshot().endpoints.map((endpoint) => endpoint.served ?? '');
    return { ...agent.standing(), name, agentId: agent.agentId() ?? '', served };
  });
  for (;;) {
    await pause(Math.random() * renewalMs);
    if (isBusy) agent.renew(Math.floor(Math.random() * certificates), { mark: randomBytes(12).toString('hex') });
  }
}
