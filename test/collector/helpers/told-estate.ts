import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCertificate } from '@certherd/x509/certificate';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { mint, mintKey } from '../../helpers/mint.ts';
import { certificate, day, endpoint, event, finding, snapshot, snapshotFrame, told } from './example-snapshot.ts';

/** A data directory in which two hosts have told something; whoever prepares it closes the store and removes it. */
export interface ToldEstate {
  directory: string;
  store: Store;
  /** Served by web-1, and issued for the other host as well. */
  shop: { fingerprint: string; pem: string };
  /** Served by the other host. */
  older: string;
  /** Nothing renews it. */
  bought: string;
}

/** What a terminal would take as a command, and a spreadsheet as a formula. */
export const hostile = '=web-2\u001B[31m\u202E';

/** web-1 serves the newest; a host of a hostile name still serves the one before; one was bought. `now`: milliseconds since 1970. */
export async function tellEstate(now: number): Promise<ToldEstate> {
  const instant = (days: number) => new Date(now + days * day).toISOString();
  const path = mkdtempSync(join(tmpdir(), 'certherd-read-'));
  const opened = openSqliteStore(path, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  for (const [agentId, hostName] of [
    ['agent-01', 'web-1'],
    ['agent-02', hostile],
  ] as const) {
    const tokenHash = Buffer.alloc(32, agentId);
    await store.addToken(tokenHash, now, now + 1000);
    await store.enrol({ tokenHash, publicKey: Buffer.from(agentId), hostName, proposedAgentId: agentId, at: now });
  }
  const minted = await mint({
    names: ['shop.example.test', 'www.shop.example.test'],
    key: mintKey('ec'),
    notBefore: new Date(now - 20 * day),
    notAfter: new Date(now + 70 * day),
  });
  const read = readCertificate(minted.der);
  if (!read.ok) throw new Error(read.failure.detail);
  const shop = read.value;
  const older = certificate('older', {
    notBefore: instant(-80),
    notAfter: instant(10),
    issuer: 'O=Northgate, CN=Northgate R1',
    subjectAltNames: ['shop.example.test'],
  });
  const bought = certificate('bought', {
    notBefore: instant(-300),
    notAfter: instant(25),
    issuer: 'O=Northgate, CN=Northgate R1',
    subjectAltNames: ['pay.example.test'],
  });
  const base = snapshot(shop);
  const [lineage] = base.lineages;
  if (!lineage) throw new Error('no lineage');
  await store.keepSnapshot(
    'agent-01',
    snapshotFrame(
      snapshot(shop, {
        certificates: [shop, bought],
        lineages: [
          {
            ...lineage,
            renewal: { basis: 'lifetime', at: instant(30), windowStart: instant(29), windowEnd: instant(31) },
          },
        ],
        files: [
          ...base.files,
          { path: '/etc/ssl/pay.pem', fingerprints: [bought.fingerprint], modifiedAt: instant(-1) },
        ],
        endpoints: [
          endpoint(shop),
          endpoint(bought, { id: 'pay.example.test@0.0.0.0:443/ecdsa', serverName: 'pay.example.test' }),
        ],
      }),
    ),
    now,
  );
  await store.keepDer('agent-01', [{ certificate: shop, der: minted.der }]);
  await store.keepSnapshot(
    'agent-02',
    snapshotFrame(
      snapshot(shop, {
        host: { name: hostile, agentVersion: '0.1.0', platform: 'Debian 12', mode: 'renew' },
        certificates: [shop, older],
        endpoints: [endpoint(older, { issued: shop.fingerprint, configured: shop.fingerprint, reached: 'configured' })],
        findings: [finding()],
      }),
    ),
    now,
  );
  await store.noteHeard([
    { agentId: 'agent-01', heardAt: now, observedAt: now },
    { agentId: 'agent-02', heardAt: now, observedAt: now },
  ]);
  await store.keepEvents(
    'agent-01',
    'e1',
    told(
      event(1, { kind: 'renewal', steps: [{ step: 'certbot', ok: true, durationMs: 4000 }] }),
      event(2, { ok: false, summary: 'nginx said no\u001B[2J', at: '2026-11-23T22:00:00.000Z' }),
    ),
    now,
  );
  await store.setLabels(
    [{ scope: 'name', pattern: 'pay.example.test', key: 'owner', value: 'payments', source: 'command', setBy: 'ana' }],
    now,
  );
  return {
    directory: path,
    store,
    shop: { fingerprint: shop.fingerprint, pem: minted.pem },
    older: older.fingerprint,
    bought: bought.fingerprint,
  };
}
