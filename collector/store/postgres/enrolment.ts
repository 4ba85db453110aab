import type { Enrolment } from '../../receive/records.ts';
import type { Queries } from './database.ts';
import { draftsOf } from '../rows/label.ts';
import { hosts } from './hosts.ts';
import { labels } from './labels.ts';

/** A spent token answers again for the key that spent it, while it lives: the reply may have been lost. */
export async function enrolHost(tx: Queries, { tokenHash, publicKey, hostName, proposedAgentId, at }: Enrolment) {
  const token = await tx.one<{ expires_at: number; host: number | null; labels: string | null }>(
    'SELECT expires_at, host, labels FROM token WHERE hash = $1 FOR UPDATE',
    [tokenHash],
  );
  const known = await hosts.byPublicKey(tx, publicKey);
  if (!token || at >= token.expires_at || (token.host !== null && known?.id !== token.host)) return undefined;
  if (known?.revokedAt !== undefined) return { revoked: true as const };
  const id = known?.id ?? (await hosts.add(tx, { agentId: proposedAgentId, publicKey, name: hostName, at }));
  if (token.host === null) {
    await tx.all('UPDATE token SET spent_at = $1, host = $2 WHERE hash = $3', [at, id, tokenHash]);
    if (token.labels !== null) await labels.set(tx, draftsOf(JSON.parse(token.labels), hostName), at);
  }
  return { agentId: known?.agentId ?? proposedAgentId };
}
