import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, endpoint, snapshot, snapshotFrame } from '../../../test/collector/helpers/example-snapshot.ts';

const together = 200;

/** A data directory with a fleet in it, as its agents would have told it; returns the agents' ids. */
export async function fillStore(
  data: string,
  hosts: number,
  certificates: number,
  snapshotOf: (hostName: string, certificates: number) => Snapshot = hostSnapshot,
): Promise<string[]> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const opened = openSqliteStore(data, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  const ids = Array.from({ length: hosts }, (_, host) => `agent-${String(host).padStart(8, '0')}`);
  const now = Date.now();
  for (let at = 0; at < hosts; at += together)
    await Promise.all(
      ids.slice(at, at + together).map(async (agentId, index) => {
        const tokenHash = createHash('sha256').update(agentId).digest();
        const hostName = `web-${at + index}.example.test`;
        void store.addToken(tokenHash, now, now + 3_600_000);
        await store.enrol({ tokenHash, publicKey: tokenHash, hostName, proposedAgentId: agentId, at: now });
        await store.keepSnapshot(agentId, snapshotFrame(snapshotOf(hostName, certificates)), now);
      }),
    );
  await store.close();
  return ids;
}

/** What a host of the bench tells. */
function hostSnapshot(hostName: string, count: number) {
  const list = Array.from({ length: count }, (_, index) =>
    certificate(`${hostName} ${index}`, { subjectAltNames: [`shop-${index}.${hostName}`] }),
  );
  const [first = certificate(hostName)] = list;
  const { host } = snapshot(first);
  return snapshot(first, {
    host: { ...host, name: hostName },
    certificates: list,
    files: list.map(({ fingerprint }, index) => ({
      path: join('/etc/tls', `${index}.pem`),
      fingerprints: [fingerprint],
    })),
    endpoints: list.map((one, index) =>
      endpoint(one, { id: `shop-${index}@0.0.0.0:443/ecdsa`, serverName: `shop-${index}.${hostName}` }),
    ),
  });
}
