import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { lookForCauses } from '../helpers/causes.ts';
import { shopName, startHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

test('20 renewals with reloads on a healthy host: no look after the new certificate is served finds anything', async (t) => {
  t.timeout(280_000);
  const host = await startHost(t);
  for (let renewal = 1; renewal <= 20; renewal += 1) {
    t.is((await host.certbot.renew('shop')).exit, 0);
    const leaf = host.certbot.lineage('shop').leaf();
    await host.nginx.reloadWhole();
    await until(
      'the new certificate is served',
      async () => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint === leaf,
      { everyMs: 5 },
    );
    // old workers may be there, and may even answer: that is a reload under way, and no other cause
    const during = await lookForCauses(host);
    const others = during.findings.filter(({ code }) => code !== 'not-served');
    t.deepEqual(others, []);
    t.deepEqual(
      during.causes.filter(({ kind }) => kind !== 'reloading'),
      [],
    );
    await until('only new workers accept connections', async () => {
      const { running } = await lookForCauses(host);
      const workers = running.masters.find(({ pid }) => pid === running.own)?.workers ?? [];
      return workers.filter(({ shuttingDown }) => !shuttingDown).length === 2;
    });
    const after = await lookForCauses(host);
    t.deepEqual(after.findings, []);
    t.deepEqual(after.causes, []);
  }
});

test('an agent that observes renewals with a deploy hook sees the drift before each reload, and tells of none', async (t) => {
  const host = await startHost(t, { findingDelaySeconds: 600 });
  const state = (name: string) => readFileSync(`${host.sandbox.directory}/state/${name}`, 'utf8');
  const { binary, prefix, configFile, errorLog } = host.nginx;
  const hooks = `${host.certbot.configDirectory}/renewal-hooks/deploy`;
  mkdirSync(hooks, { recursive: true });
  // The hook of a slow host: it reloads only once the agent has looked at what certbot left, and judged it.
  writeFileSync(
    `${hooks}/reload`,
    `#!/bin/sh
cd ${host.sandbox.directory}
until grep -q '"not-served"' state/memory.json && ! grep -q goneAt state/memory.json; do sleep 0.02; done
cp state/memory.json judged.json
exec ${binary} -p ${prefix} -c ${configFile} -e ${errorLog} -s reload
`,
    { mode: 0o755 },
  );
  host.daemon();
  const status = async () => (await host.agent(['status'])).stdout;
  await until('the agent looked', async () => (await status()).includes('1 of 1 present'));
  for (let renewal = 1; renewal <= 3; renewal += 1) {
    t.is((await host.certbot.renew('shop')).exit, 0);
    const judged = JSON.parse(readFileSync(`${host.sandbox.directory}/judged.json`, 'utf8'));
    t.deepEqual(
      judged.sightings.map(({ finding, shownAt }: { finding: { code: string }; shownAt?: number }) => [
        finding.code,
        shownAt,
      ]),
      [['not-served', undefined]],
    );
    await until('the agent sees that it is served', () => {
      const [sighting] = JSON.parse(state('memory.json')).sightings;
      return sighting?.goneAt !== undefined && state('outbox.jsonl').split('certificate-issued').length - 1 === renewal;
    });
    t.regex(await status(), /1 of 1 present/);
    t.notRegex(await status(), /[1-9] (?:critical|unknown|warning|notice)/);
  }
  const kinds = [...state('outbox.jsonl').matchAll(/"kind":"([a-z-]+)","subject"/g)].map(([, kind]) => kind);
  t.deepEqual(kinds, ['agent-started', ...Array.from({ length: 3 }, () => 'certificate-issued')]);
});
