import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { lookMemory } from '../../../../agent/observe/look-memory.ts';
import type { Observations } from '../../../../agent/observe/observations.ts';
import { observeHost } from '../../../../agent/observe/observe.ts';
import { systemLooking } from '../../../../agent/system/looking.ts';
import { mint, type Minted } from '../../../helpers/mint.ts';
import { config } from '../../../helpers/observed.ts';
import { startNginx } from '../../../helpers/testbed/nginx.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { until } from '../../../helpers/testbed/until.ts';

const names = ['a.example.test', 'b.example.test', 'c.example.test'];
const fingerprintOf = ({ x509 }: Minted) => x509.fingerprint256.replaceAll(':', '').toLowerCase();

/** A real nginx with three sites, an agent's memory, and whom each look asked. */
async function host(t: ExecutionContext) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const port = await sandbox.port();
  const write = async (name: string, key: 'ec' | 'rsa' = 'ec') => {
    const leaf = await mint({ names: [name], key });
    writeFileSync(join(sandbox.directory, `${name}.pem`), leaf.pem);
    writeFileSync(join(sandbox.directory, `${name}.key`), leaf.keyPem, { mode: 0o600 });
    return fingerprintOf(leaf);
  };
  for (const name of names) await write(name);
  const block = (name: string) =>
    `server { listen 127.0.0.1:${port} ssl; server_name ${name}; ssl_certificate ${sandbox.directory}/${name}.pem; ssl_certificate_key ${sandbox.directory}/${name}.key; }\n`;
  const sites = { all: names.map(block).join('') };
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port(), sites });
  const settings = {
    ...config(),
    certbot: { ...config().certbot, configDirectory: join(sandbox.directory, 'letsencrypt') },
    nginx: { binary: nginx.binary, config: nginx.configFile, prefix: nginx.prefix, errorLog: nginx.errorLog },
  };
  const looking = systemLooking();
  let later = 0;
  const clock = {
    ...looking.clock,
    now: () => looking.clock.now() + later,
    monotonic: () => looking.clock.monotonic() + later,
  };
  // time passes for the machine as well
  const uptime = (text: string | undefined) => `${Number.parseFloat(text ?? '') + later / 1000} 0\n`;
  const proc: typeof looking.proc = {
    ...looking.proc,
    read: (path) => (path === '/proc/uptime' ? uptime(looking.proc.read(path)) : looking.proc.read(path)),
  };
  const memory = lookMemory(looking.files, clock);
  const identity = { name: 'web-1', agentVersion: '0', platform: 'test' };
  // A port listens before the workers are there; once they have answered they are.
  await observeHost({ ...looking, clock, proc }, settings, identity, { memory: lookMemory(looking.files, clock) });
  const look = async (changesOnly: boolean) => {
    const asked = new Set<string>();
    const kinds: string[] = [];
    const dial: typeof looking.dial = (target) => {
      asked.add(target.serverName);
      kinds.push(target.algorithm);
      return looking.dial(target);
    };
    const seen = await observeHost({ ...looking, clock, proc, dial }, settings, identity, { memory, changesOnly });
    memory.looked();
    return { asked: [...asked].sort(), kinds: kinds.sort(), seen };
  };
  return { sandbox, nginx, block, write, look, wait: (ms: number) => (later += ms), rescanMs: settings.rescanMs };
}

test('after a change of files only the endpoints that it may concern are asked, and the others keep their answers', async (t) => {
  const { write, look } = await host(t);
  const first = await look(true);
  t.deepEqual(first.asked, names, 'nothing is known yet');
  const quiet = await look(true);
  t.deepEqual(quiet.asked, []);
  t.deepEqual(quiet.seen.endpoints, first.seen.endpoints);
  t.deepEqual(quiet.seen.certificates, first.seen.certificates);
  t.deepEqual(quiet.seen.trust, first.seen.trust);

  const renewed = await write('b.example.test');
  const changed = await look(true);
  t.deepEqual(changed.asked, ['b.example.test']);
  const row = changed.seen.endpoints.find(({ serverName }) => serverName === 'b.example.test');
  t.is(row?.configured, renewed);
  t.not(row?.served, renewed);
  t.deepEqual((await look(true)).asked, ['b.example.test'], 'what drifts is asked at each look');
});

test('a reload, a look that time asks for, and answers that are a rescan old have everything asked', async (t) => {
  const { nginx, write, look, wait, rescanMs } = await host(t);
  await look(false);
  t.deepEqual((await look(false)).asked, names);
  const renewed = await write('a.example.test');
  const workers = nginx.workers();
  await nginx.reloadWhole();
  await until('only new workers run', () => {
    const now = nginx.workers();
    return now.length > 0 && now.every((pid) => !workers.includes(pid));
  });
  const after = await look(true);
  t.deepEqual(after.asked, names);
  t.is(after.seen.endpoints.find(({ serverName }) => serverName === 'a.example.test')?.configured, renewed);
  await look(false);
  t.deepEqual((await look(true)).asked, []);
  wait(rescanMs);
  t.deepEqual((await look(true)).asked, names);
});

test('a site that is added is asked, and one that another block takes over is no longer what it was', async (t) => {
  const { nginx, block, write, look } = await host(t);
  await look(false);
  await write('d.example.test');
  nginx.writeSite('more', block('d.example.test'));
  const { asked, seen } = await look(true);
  t.true(asked.includes('d.example.test'));
  t.is(seen.endpoints.filter(({ algorithm }) => algorithm === 'ecdsa').length, 4);
});

test('at rest each endpoint is asked once: that it has no leaf of the other kind stands while the same workers run', async (t) => {
  const { nginx, write, look, wait } = await host(t);
  const each = ['ecdsa', 'ecdsa', 'ecdsa'];
  const both = [...each, 'rsa', 'rsa', 'rsa'];
  const fresh = await look(false);
  t.is(fresh.kinds.filter((kind) => kind === 'rsa').length, 3, 'nothing is known yet');
  t.true((await look(false)).kinds.includes('rsa'), 'what has just changed is asked in full');
  wait(200_000);
  const quiet = await look(false);
  t.deepEqual(quiet.kinds, each);
  t.deepEqual(
    quiet.seen.endpoints.map(({ id, served, chain }) => ({ id, served, chain })),
    fresh.seen.endpoints.map(({ id, served, chain }) => ({ id, served, chain })),
  );
  wait(3_600_000);
  t.deepEqual((await look(false)).kinds, both, 'an hour is the longest that it stands');
  t.deepEqual((await look(false)).kinds, each);

  const rsa = await write('b.example.test', 'rsa');
  wait(200_000);
  const replaced = await look(false);
  t.deepEqual(replaced.kinds, [...each, 'rsa'], 'a kind that is configured is always asked for');
  t.deepEqual(rowsAt(replaced, 'b.example.test'), ['ecdsa served', 'rsa no-shared-algorithm']);
  const workers = nginx.workers();
  await nginx.reloadWhole();
  await until('only new workers run', () => nginx.workers().every((pid) => !workers.includes(pid)));
  const loaded = await look(false);
  t.true(loaded.kinds.filter((kind) => kind === 'rsa').length >= 3, 'other workers are asked in full');
  t.deepEqual(rowsAt(loaded, 'b.example.test'), ['rsa served']);
  t.is(loaded.seen.endpoints.find(({ algorithm }) => algorithm === 'rsa')?.served, rsa);
});

function rowsAt({ seen }: { seen: Observations }, name: string): string[] {
  const rows = seen.endpoints.filter(({ serverName }) => serverName === name);
  return rows.map(({ algorithm, failure }) => `${algorithm} ${failure?.reason ?? 'served'}`).sort();
}
