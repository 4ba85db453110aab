import { createHash } from 'node:crypto';
import type { Store } from '../../../collector/store/store.ts';

/** Enrols an agent under this id. */
export async function enrolled(store: Store, agentId: string, at: number): Promise<void> {
  const tokenHash = createHash('sha256').update(agentId).digest();
  await store.addToken(tokenHash, at, at + 1000);
  const kept = await store.enrol({ tokenHash, publicKey: tokenHash, hostName: agentId, proposedAgentId: agentId, at });
  if (!kept.ok || kept.value === undefined || 'revoked' in kept.value) throw new Error(`${agentId} was not enrolled`);
}
