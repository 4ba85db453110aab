import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Asks } from '../../../../agent/observe/endpoints/ask-endpoints.ts';
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
  const block = (name: string, file = name) =>
    `server { listen 127.0.0.1:${port} ssl; server_name ${name}; ssl_certificate ${sandbox.directory}/${file}.pem; ssl_certificate_key ${sandbox.directory}/${file}.key; }\n`;
  const sites = {
    all: names
      .map((name) => block(name))
      .join('')
      .replace(' ssl;', ' ssl reuseport;'),
  };
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port(), sites });
  const settings = {
    ...config(),
    certbot: { ...config().certbot, configDirectory: join(sandbox.directory, 'letsencrypt') },
    nginx: { binary: nginx.binary, config: nginx.configFile, prefix: nginx.prefix, errorLog: nginx.errorLog },
  };
  const looking = systemLooking();
  let later = 0;
  let suspended = 0;
  const clock = {
    ...looking.clock,
    now: () => looking.clock.now() + later + suspended,
    monotonic: () => looking.clock.monotonic() + later,
  };
  // time passes for the machine as well
  const uptime = (text: string | undefined) => `${Number.parseFloat(text ?? '') + (later + suspended) / 1000} 0\n`;
  const proc: typeof looking.proc = {
    ...looking.proc,
    read: (path) => (path === '/proc/uptime' ? uptime(looking.proc.read(path)) : looking.proc.read(path)),
  };
  const memory = lookMemory(looking.files, clock);
  const identity = { name: 'web-1', agentVersion: '0', platform: 'test' };
  // A port listens before the workers are there; once they have answered they are.
  await observeHost({ ...looking, clock, proc }, settings, identity, { memory: lookMemory(looking.files, clock) });
  /** What something in front leads elsewhere: the port of each such name. */
  const diverted = new Map<string, number>();
  const look = async (asks: Asks) => {
    const asked = new Set<string>();
    const kinds: string[] = [];
    const dial: typeof looking.dial = (target) => {
      asked.add(target.serverName);
      kinds.push(target.algorithm);
      return looking.dial({ ...target, port: diverted.get(target.serverName) ?? target.port });
    };
    const seen = await observeHost({ ...looking, clock, proc, dial }, settings, identity, { memory, asks });
    memory.looked();
    return { asked: [...asked].sort(), kinds: kinds.sort(), seen };
  };
  const wait = (ms: number) => (later += ms);
  return {
    sandbox,
    nginx,
    port,
    block,
    write,
    look,
    wait,
    suspend: (ms: number) => (suspended += ms),
    diverted,
    now: () => clock.now(),
    rescanMs: settings.rescanMs,
  };
}

test('after a change of files only the endpoints that it may concern are asked, and the others keep their answers', async (t) => {
  const { write, look } = await host(t);
  const first = await look('changed');
  t.deepEqual(first.asked, names, 'nothing is known yet');
  const quiet = await look('changed');
  t.deepEqual(quiet.asked, []);
  t.deepEqual(quiet.seen.endpoints, first.seen.endpoints);
  t.deepEqual(quiet.seen.certificates, first.seen.certificates);
  t.deepEqual(quiet.seen.trust, first.seen.trust);

  const renewed = await write('b.example.test');
  const changed = await look('changed');
  t.deepEqual(changed.asked, ['b.example.test']);
  const row = changed.seen.endpoints.find(({ serverName }) => serverName === 'b.example.test');
  t.is(row?.configured, renewed);
  t.not(row?.served, renewed);
  t.deepEqual((await look('changed')).asked, ['b.example.test'], 'what drifts is asked at each look');
});

test('a reload and an action have everything asked, and a change of files that comes a rescan later what time asks for', async (t) => {
  const { nginx, write, look, wait, rescanMs } = await host(t);
  await look('everything');
  t.deepEqual((await look('everything')).asked, names);
  const renewed = await write('a.example.test');
  const workers = nginx.workers();
  await nginx.reloadWhole();
  await until('only new workers run', () => {
    const now = nginx.workers();
    return now.length > 0 && now.every((pid) => !workers.includes(pid));
  });
  const after = await look('changed');
  t.deepEqual(after.asked, names);
  t.is(after.seen.endpoints.find(({ serverName }) => serverName === 'a.example.test')?.configured, renewed);
  await look('everything');
  t.deepEqual((await look('changed')).asked, []);
  wait(rescanMs);
  t.deepEqual((await look('changed')).asked, names.slice(0, 2));
  t.deepEqual((await look('changed')).asked, []);
});

test('when time has come half of what stands is asked in turn, and the oldest answer is as old as it is told', async (t) => {
  const { look, wait, now, rescanMs } = await host(t);
  t.deepEqual((await look('due')).asked, names, 'nothing is known yet');
  t.deepEqual((await look('due')).asked, names, 'of what has just started or changed no answer stands');
  wait(rescanMs);
  // one that runs another config has nothing to do with these endpoints
  const beside = openSandbox();
  t.teardown(() => beside.close());
  await startNginx(beside, { httpPort: await beside.port() });
  const at = now();
  const first = await look('due');
  t.deepEqual(first.asked, names.slice(0, 2));
  t.true((first.seen.askedAt ?? at) < at - 0.9 * rescanMs);
  wait(rescanMs);
  const next = await look('due');
  t.is(next.asked.length, 2);
  t.true(next.asked.includes('c.example.test'));
  t.true((next.seen.askedAt ?? 0) >= at - 1000);
  const shown = ({ seen }: typeof next) => seen.endpoints.map((row) => ({ ...row, answers: undefined }));
  t.deepEqual(shown(next), shown(first));
  t.deepEqual(next.seen.certificates, first.seen.certificates);
  t.deepEqual(next.seen.trust, first.seen.trust);
  t.deepEqual((await look('everything')).asked, names);
});

test('after the machine was suspended everything is asked: the monotonic clock does not tell how old an answer is', async (t) => {
  const { look, wait, suspend, now, rescanMs } = await host(t);
  await look('everything');
  wait(rescanMs);
  t.is((await look('due')).asked.length, 2);
  suspend(8 * 3_600_000);
  const resumed = await look('due');
  t.deepEqual(resumed.asked, names);
  t.true((resumed.seen.askedAt ?? 0) >= now() - 60_000);
  suspend(-2_000);
  t.deepEqual((await look('changed')).asked, names, 'nor after the clock was set');
  t.deepEqual((await look('changed')).asked, []);
});

test('what changes with no sign on the host is seen where it is asked, and then everywhere in the same look', async (t) => {
  const { sandbox, look, wait, write, block, diverted, rescanMs } = await host(t);
  const port = await sandbox.port();
  const another = await write('front.example.test');
  const site = block('front.example.test').replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
  const beside = openSandbox();
  t.teardown(() => beside.close());
  await startNginx(beside, { httpPort: await beside.port(), sites: { front: site } });
  await look('everything');
  wait(rescanMs);
  for (const name of ['a.example.test', 'c.example.test']) diverted.set(name, port);
  const seen = await look('due');
  t.deepEqual(seen.asked, names);
  const served = seen.seen.endpoints.filter(({ served }) => served === another).map(({ serverName }) => serverName);
  t.deepEqual(served.sort(), ['a.example.test', 'c.example.test']);
});

test('another socket at the port has everything asked, and a certificate that a variable names is asked for at each look', async (t) => {
  const { nginx, look, wait, write, block, port, rescanMs } = await host(t);
  await write('v.example.test');
  nginx.writeSite('variable', block('v.example.test', '$ssl_server_name'));
  await nginx.reloadWhole();
  await look('everything');
  for (const _ of [1, 2]) {
    wait(rescanMs);
    const { asked } = await look('due');
    t.is(asked.length, 3, asked.join());
    t.true(asked.includes('v.example.test'));
  }
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen({ host: '127.0.0.1', port, reusePort: true }, resolve));
  t.teardown(() => void other.close());
  wait(rescanMs);
  t.deepEqual((await look('due')).asked, [...names, 'v.example.test']);
});

test('a site that is added is asked, and one that another block takes over is no longer what it was', async (t) => {
  const { nginx, block, write, look } = await host(t);
  await look('everything');
  await write('d.example.test');
  nginx.writeSite('more', block('d.example.test'));
  const { asked, seen } = await look('changed');
  t.true(asked.includes('d.example.test'));
  t.is(seen.endpoints.filter(({ algorithm }) => algorithm === 'ecdsa').length, 4);
});

test('at rest each endpoint is asked once: that it has no leaf of the other kind stands while the same workers run', async (t) => {
  const { nginx, write, look, wait } = await host(t);
  const each = ['ecdsa', 'ecdsa', 'ecdsa'];
  const both = [...each, 'rsa', 'rsa', 'rsa'];
  const fresh = await look('everything');
  t.is(fresh.kinds.filter((kind) => kind === 'rsa').length, 3, 'nothing is known yet');
  t.true((await look('everything')).kinds.includes('rsa'), 'what has just changed is asked in full');
  wait(200_000);
  const quiet = await look('everything');
  t.deepEqual(quiet.kinds, each);
  t.deepEqual(
    quiet.seen.endpoints.map(({ id, served, chain }) => ({ id, served, chain })),
    fresh.seen.endpoints.map(({ id, served, chain }) => ({ id, served, chain })),
  );
  wait(3_600_000);
  t.deepEqual((await look('everything')).kinds, both, 'an hour is the longest that it stands');
  t.deepEqual((await look('everything')).kinds, each);

  const rsa = await write('b.example.test', 'rsa');
  wait(200_000);
  const replaced = await look('everything');
  t.deepEqual(replaced.kinds, [...each, 'rsa'], 'a kind that is configured is always asked for');
  t.deepEqual(rowsAt(replaced, 'b.example.test'), ['ecdsa served', 'rsa no-shared-algorithm']);
  const workers = nginx.workers();
  await nginx.reloadWhole();
  await until('only new workers run', () => nginx.workers().every((pid) => !workers.includes(pid)));
  const loaded = await look('everything');
  t.true(loaded.kinds.filter((kind) => kind === 'rsa').length >= 3, 'other workers are asked in full');
  t.deepEqual(rowsAt(loaded, 'b.example.test'), ['rsa served']);
  t.is(loaded.seen.endpoints.find(({ algorithm }) => algorithm === 'rsa')?.served, rsa);
});

function rowsAt({ seen }: { seen: Observations }, name: string): string[] {
  const rows = seen.endpoints.filter(({ serverName }) => serverName === name);
  return rows.map(({ algorithm, failure }) => `${algorithm} ${failure?.reason ?? 'served'}`).sort();
}
