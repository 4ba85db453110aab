import { type Facts, newestEvents } from '../facts.ts';
import { createCurrentCertificates } from './certificates.ts';
import type { Database, Queries } from './database.ts';
import { countEvents, newestEventsOf } from './events.ts';
import { hosts } from './hosts.ts';
import { labels, listed } from './labels.ts';
import { targetTable } from './targets.ts';
import { createCurrentSnapshots } from './snapshots.ts';

/**
 * The whole fleet as of one moment. One read is out at a time, since each goes on from what the last one found; whoever asks meanwhile shares
 * the next one, which begins after it was asked for.
 */
export function createFacts(database: Pick<Database, 'read'>): () => Promise<Facts> {
  const currentSnapshots = createCurrentSnapshots();
  const currentCertificates = createCurrentCertificates();
  let out: Promise<Facts> | undefined;
  let next: Promise<Facts> | undefined;

  return () => {
    if (next) return next;
    if (!out) return begin();
    next = out
      .catch(() => {})
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  };

  function begin(): Promise<Facts> {
    const begun = database.read(read).finally(() => {
      if (out === begun) out = undefined;
    });
    out = begun;
    return begun;
  }

  async function read(tx: Queries): Promise<Facts> {
    const current = await currentSnapshots(tx);
    const all = await hosts.all(tx);
    return {
      hosts: all.map(({ agentId, name, agentVersion, enrolledAt, heardAt, conflictAt, revokedAt, id }) => {
        const snapshot = current.get(id);
        return { agentId, name, agentVersion, enrolledAt, heardAt, conflictAt, revokedAt, snapshot };
      }),
      certificates: await currentCertificates(tx),
      events: await newestEventsOf(tx, newestEvents),
      eventsTotal: await countEvents(tx),
      labels: await labels.all(tx),
      listed: await listed.all(tx),
      targets: await targetTable.all(tx),
    };
  }
}
