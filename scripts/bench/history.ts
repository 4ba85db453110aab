import { randomBytes } from 'node:crypto';
import { openSqliteStore } from '../../collector/store/sqlite/store.ts';
import { silentLog } from '../../collector/system/log.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { certificate, day, event, snapshotFrame, told } from '../../test/collector/helpers/example-snapshot.ts';
import { exampleHost } from './example-host.ts';
import type { Bench } from './goal.ts';
import { enrolled } from './store/enrolled.ts';

const hosts = 8;
const certificates = 20;
const days = 365;
const renewedEach = 60;
/** Of a leaf of today's, between those of EC and of RSA keys. */
const derBytes = 1400;

/** How much a host's history grows in a year: 20 certificates, each renewed every 60 days, and a snapshot every day. */
export const history: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const opened = openSqliteStore(sandbox.folder('history'), silentLog);
    if (!opened.ok) throw new Error(opened.failure.message);
    const store = opened.value;
    const start = Date.parse('2026-01-01T00:00:00.000Z');
    let toldBytes = 0;
    let before = 0;
    for (let each = 0; each < hosts; each++) await enrolled(store, `agent-${each}`, start);
    for (let today = 0; today < days; today++) {
      for (let each = 0; each < hosts; each++) {
        const agentId = `agent-${each}`;
        const issued = Array.from({ length: certificates }, (_, index) => {
          const renewals = Math.floor((today + index * 3) / renewedEach);
          return certificate(`${each} ${index} ${renewals}`, {
            notBefore: new Date(start + today * day).toISOString(),
          });
        });
        const frame = snapshotFrame(exampleHost(issued), new Date(start + today * day).toISOString());
        toldBytes += JSON.stringify(frame).length;
        await store.keepSnapshot(agentId, frame, start + today * day);
        const asked = new Set((await store.notProved(agentId, 0, certificates)).map(({ fingerprint }) => fingerprint));
        const proved = issued.filter(({ fingerprint }) => asked.has(fingerprint));
        await store.keepDer(
          agentId,
          proved.map((one) => ({ certificate: one, der: randomBytes(derBytes) })),
        );
        const renewed = issued.flatMap((_, index) =>
          today > 0 && (today + index * 3) % renewedEach === 0 ? [index] : [],
        );
        const seq = today * 3 * certificates;
        for (const index of renewed) {
          const subject = { kind: 'lineage' as const, id: `shop-${index}.example.test` };
          const kinds = ['certificate-issued', 'renewal', 'deployment'] as const;
          const events = kinds.map((kind, at) =>
            event(seq + index * 3 + at + 1, { kind, subject, steps: stepsOf(kind), detail: { lineage: subject.id } }),
          );
          await store.keepEvents(agentId, 'epoch-0001', told(...events), start + today * day);
        }
      }
      if (today === 0) before = await store.usedBytes();
      if (today % 73 === 72) progress(`history: day ${today + 1} of ${days}`);
    }
    const grown = ((await store.usedBytes()) - before) / hosts;
    await store.close();
    return [
      {
        what: `history of a host with ${certificates} certificates in a year`,
        unit: 'KB',
        ours: grown / 1e3,
        baseline: { what: 'its daily snapshots as told', value: toldBytes / hosts / 1e3 },
        goal: { of: 'ours', below: 2000 },
        note: `a renewal of each every ${renewedEach} days, ${derBytes} bytes of DER for it, a snapshot a day, ${hosts} hosts`,
      },
    ];
  } finally {
    await sandbox.close();
  }
};

function stepsOf(kind: 'certificate-issued' | 'renewal' | 'deployment') {
  if (kind === 'certificate-issued') return [];
  const steps = kind === 'renewal' ? ['lock', 'certbot', 'compare'] : ['preflight', 'test', 'reload', 'prove', 'prove'];
  const detail = 'www.shop.example.test@0.0.0.0:443/ecdsa presents the new certificate at 127.0.0.1 and ::1';
  return steps.map((step) => ({ step, ok: true, durationMs: 123.456, detail }));
}
