import { setTimeout as pause } from 'node:timers/promises';
import type { Join } from '@certherd/protocol/join';
import type { Counts, Order, Share } from './messages.ts';
import { type SimulatedAgent, simulatedAgent } from './simulated-agent.ts';
import { certificateMaker } from './simulated-certificate.ts';
import { simulatedHost } from './simulated-host.ts';

// One process of the load, started by fleet.ts: it does what it is told by messages, and answers with counts.

/** A failed enrolment is tried again so often: the token is good until it was spent. */
const tries = 8;
/** As a real agent looks at its host again. */
const lookMs = 300_000;
/** For the next one to begin, although this one is not there yet. */
const patienceMs = 10_000;

const makeCertificate = certificateMaker();
const agents: SimulatedAgent[] = [];
const failures: Record<string, number> = {};
let connectMs: number[] = [];
let welcomes = 0;
let enrolled = 0;
let turnedAway = 0;
let given: Share | undefined;

process.on('message', (message: Order) => {
  if (message.order === 'work') void work(message.share);
  else if (message.order === 'connect') void connect();
  else if (message.order === 'count') process.send?.(counts());
  else stop();
});
// Whoever started this is gone.
process.on('disconnect', () => process.exit(1));

async function work(share: Share): Promise<void> {
  given = share;
  const left = [...share.joins.entries()];
  const one = async () => {
    for (let next = left.shift(); next; next = left.shift()) await enrolOne(share, ...next);
  };
  await Promise.all(Array.from({ length: share.abreast }, one));
}

async function enrolOne(share: Share, index: number, join: Join): Promise<void> {
  const number = share.from + index;
  const host = simulatedHost(number, Array<number>(share.certificates).fill(Date.now()), makeCertificate);
  const agent = simulatedAgent(host, addressOf(number, join.authority), {
    connected(afterMs) {
      welcomes += 1;
      connectMs.push(afterMs);
    },
    failed: note,
  });
  for (let attempt = 1; attempt <= tries; attempt++) {
    const failure = await agent.enrol(join);
    if (failure === undefined) {
      enrolled += 1;
      agents.push(agent);
      return;
    }
    note(`enrolment: ${failure}`);
    if (failure.startsWith('refused: token-refused')) break;
    await pause(Math.random() * 500 * 2 ** attempt);
  }
  turnedAway += 1;
}

/** A few at a time: to make a host's first snapshot takes some milliseconds, which a real one has for itself. */
async function connect(): Promise<void> {
  const perMs = (agents.length * (given?.renewalsPerHour ?? 0)) / 3_600_000;
  if (perMs > 0) void renewals(perMs);
  const left = [...agents];
  const one = async () => {
    for (let agent = left.shift(); agent; agent = left.shift()) {
      agent.start();
      setInterval(agent.look, lookMs).unref();
      const began = performance.now();
      while (!agent.standing().connected && performance.now() - began < patienceMs) await pause(20);
    }
  };
  await Promise.all(Array.from({ length: given?.abreast ?? 1 }, one));
}

async function renewals(perMs: number): Promise<void> {
  for (;;) {
    // Intervals of a Poisson process, in tens of milliseconds.
    await pause(-Math.log(1 - Math.random()) / perMs);
    agents[Math.floor(Math.random() * agents.length)]?.renew(Math.floor(Math.random() * (given?.certificates ?? 1)));
  }
}

function counts(): Counts {
  const standings = agents.map((agent) => agent.standing());
  const measured = connectMs;
  connectMs = [];
  return {
    agents: given?.joins.length ?? 0,
    enrolled,
    turnedAway,
    connected: standings.filter(({ connected }) => connected).length,
    welcomes,
    waiting: standings.reduce((sum, { waiting }) => sum + waiting, 0),
    acked: standings.reduce((sum, { acked }) => sum + acked, 0),
    failures,
    connectMs: measured,
  };
}

function stop(): void {
  for (const agent of agents) agent.stop();
  process.disconnect();
}

function note(why: string): void {
  failures[why] = (failures[why] ?? 0) + 1;
}

/** Towards loopback each agent comes from an address of its own, as a fleet does; elsewhere the system chooses. */
function addressOf(number: number, authority: string): string | undefined {
  if (!/^(?:127\.|localhost:)/.test(authority)) return undefined;
  return `127.${1 + (number >> 15)}.${(number >> 7) & 255}.${1 + (number & 127)}`;
}
