import { spawn } from 'node:child_process';
import path from 'node:path';
import test from 'ava';
import { shopName, startHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';

test('a renewal by hand is brought into service and to its end when its terminal goes away in the middle', async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  const before = host.certbot.lineage('shop').leaf();
  const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
  const child = spawn(process.execPath, [program, 'renew', 'shop', '--config', host.configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  t.teardown(() => child.kill('SIGKILL'));
  // The first line of progress is the last one that anybody reads.
  await new Promise<void>((resolve) => child.stderr.once('data', () => resolve()));
  child.stderr.destroy();
  child.stdout.destroy();
  for (const signal of ['SIGHUP', 'SIGINT'] as const) child.kill(signal);
  const exit = await new Promise<unknown>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  t.is(exit, 0);
  const after = host.certbot.lineage('shop').leaf();
  t.not(after, before);
  t.is((await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint, after);
});
