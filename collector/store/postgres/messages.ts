import { randomBytes } from 'node:crypto';
import { messageOf } from '../../failure.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Others } from '../../receive/records.ts';
import type { Database, Queries } from './database.ts';
import { nowSql } from './lead.ts';

/** Questions between collectors, as rows: they work with every database, and a notification makes them quick. */
export interface Messages {
  /** Has that collector a session of the agent that still answers? False too where it does not say so in time. */
  ask: (collector: string, agentId: string) => Promise<boolean>;
  /** There may be some. */
  look: () => void;
  close: () => void;
}

type Said =
  | { ask: string; agentId: string; from: string }
  | { answer: string; alive: boolean }
  | { begun: string; generation: number };

/** A session that answers does so at once; one that does not is asked for as long. */
const answerMs = 3_000;
const lookMs = { woken: 1_000, asking: 250 };

interface MessageNeeds {
  database: Database;
  /** This collector. */
  id: string;
  announce: (tx: Queries, notice: { by: string; to: string }) => Promise<void>;
  /** Is it woken by notifications? */
  hears: () => boolean;
  clock: Clock;
  log: Log;
}

export function createMessages(needs: MessageNeeds, own: Parameters<Others['attend']>[0]): Messages {
  const { database, id, announce, hears, clock, log } = needs;
  const asked = new Map<string, (alive: boolean) => void>();
  let looking = false;
  let again = false;
  let closed = false;
  let cancel = clock.after(lookMs.asking, tick);

  return {
    ask(collector, agentId) {
      const name = randomBytes(9).toString('base64url');
      return new Promise((resolve) => {
        const settle = (alive: boolean) => {
          cancelLate();
          asked.delete(name);
          resolve(alive);
        };
        const cancelLate = clock.after(answerMs, () => settle(false));
        asked.set(name, settle);
        send(collector, { ask: name, agentId, from: id });
      });
    },
    look,
    close() {
      closed = true;
      cancel();
    },
  };

  function tick(): void {
    look();
    if (!closed) cancel = clock.after(hears() ? lookMs.woken : lookMs.asking, tick);
  }

  function look(): void {
    again = looking;
    if (looking || closed) return;
    looking = true;
    database
      .all<{ id: number; body: string }>('DELETE FROM message WHERE recipient = $1 RETURNING id, body', [id])
      .then((rows) => {
        for (const { body } of rows.toSorted((a, b) => a.id - b.id)) take(body);
      })
      .catch((error: unknown) => log.debug({ detail: messageOf(error) }, 'what others say cannot be read'))
      .finally(() => {
        looking = false;
        if (again) look();
      });
  }

  function take(body: string): void {
    const said: Said = JSON.parse(body);
    if ('answer' in said) asked.get(said.answer)?.(said.alive);
    else if ('begun' in said) own.yield(said.begun, said.generation);
    else void own.answers(said.agentId).then((alive) => send(said.from, { answer: said.ask, alive }));
  }

  function send(recipient: string, said: Said): void {
    database
      .write(async (tx) => {
        await tx.all(`INSERT INTO message (recipient, body, sent_at) VALUES ($1, $2, ${nowSql})`, [
          recipient,
          JSON.stringify(said),
        ]);
        await announce(tx, { by: id, to: recipient });
      })
      .catch((error: unknown) => log.debug({ detail: messageOf(error) }, 'nothing could be said to another collector'));
  }
}
