import { setImmediate as othersTurn } from 'node:timers/promises';
import type { CollectorFrame } from '@certherd/protocol/frame';
import { readCertificate } from '@certherd/x509/certificate';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { createProving, maxHostDerBytes } from '../../../collector/receive/proving.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { mint, mintKey } from '../../helpers/mint.ts';

const key = mintKey('ec');

async function made(name: string) {
  const { der } = await mint({ names: [name], key });
  const read = readCertificate(der);
  if (!read.ok) throw new Error(read.failure.detail);
  return { certificate: read.value, der };
}

test('the DER of one host’s certificates has a bound, and comes no faster than a mebibyte a second', async (t) => {
  const ders = await Promise.all([1, 2, 3].map((at_) => made(`site-${at_}.test`)));
  const rows = ders.map((one, index) => ({ id: index + 1, fingerprint: one.certificate.fingerprint }));
  for (const bytesBefore of [0, maxHostDerBytes - 1, maxHostDerBytes]) {
    const sent: CollectorFrame[] = [];
    const waits: { ms: number; task: () => void }[] = [];
    const proving = createProving(
      'agent-01',
      4,
      { send: (frame) => void sent.push(frame), isOpen: () => true, refuse: (reason) => t.fail(reason) },
      {
        records: {
          notProved: async (_, beyond) => rows.filter(({ id }) => id > beyond).slice(0, 1),
          derBytes: async () => bytesBefore,
          keepDer: async () => ({ ok: true, value: { topics: [], contradicted: [] } }),
        },
        clock: {
          now: () => 0,
          monotonic: () => 0,
          after: (ms, task) => {
            waits.push({ ms, task });
            return () => {};
          },
        },
        log: silentLog,
        changed() {},
        asked: new Map(),
      },
    );
    proving.begin('digest');
    await othersTurn();
    let bytes = 0;
    for (const one of ders) {
      const { fingerprint } = one.certificate;
      const asked = sent.at(-1);
      if (asked?.type !== 'want-certificates' || asked.fingerprints[0] !== fingerprint) break;
      await proving.take({ type: 'certificates', certificates: [{ fingerprint, der: one.der.toString('base64') }] });
      bytes += one.der.length;
      t.is(waits.at(-1)?.ms, (bytes / 2 ** 20) * 1000, 'since the clock stands still, all of them');
      waits.at(-1)?.task();
      await othersTurn();
    }
    t.is(sent.length, bytesBefore === 0 ? 3 : maxHostDerBytes - bytesBefore);
  }
});

test('a database that cannot be read for a moment costs one session, and not the collector', async (t) => {
  const one = await made('site-1');
  const { fingerprint } = one.certificate;
  const refused: string[] = [];
  const later: (() => void)[] = [];
  let reads = 0;
  let asked = 0;
  const proving = createProving(
    'agent-01',
    4,
    { send: () => (asked += 1), isOpen: () => true, refuse: (reason) => refused.push(reason) },
    {
      records: {
        notProved: async () => {
          reads += 1;
          if (reads > 1) throw new Error('disk I/O error');
          return [{ id: 1, fingerprint }];
        },
        derBytes: async () => 0,
        keepDer: async () => ({ ok: true, value: { topics: [], contradicted: [] } }),
      },
      clock: {
        now: () => 0,
        monotonic: () => 0,
        after: (_, task) => {
          later.push(task);
          return () => {};
        },
      },
      log: silentLog,
      changed() {},
      asked: new Map(),
    },
  );
  proving.begin('digest');
  await until('it is asked for', () => asked === 1);
  await proving.take({ type: 'certificates', certificates: [{ fingerprint, der: one.der.toString('base64') }] });
  t.notThrows(() => later.at(-1)?.());
  await until('the session is refused', () => refused.length > 0);
  t.deepEqual([reads, asked, refused], [2, 1, ['try-later']]);
});
