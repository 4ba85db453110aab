import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';
import { addVersion, linkedVersions, linkVersion } from '../helpers/versions.ts';

const strace = '/usr/bin/strace';

/** Where `act` is killed, by the system call that it does not come to make, and what the links then lead to. */
const points: { call: string; when: number; links: number[] }[] = [
  { call: 'symlink', when: 1, links: [2, 2, 2, 2] },
  { call: 'rename', when: 1, links: [2, 2, 2, 2] },
  { call: 'rename', when: 2, links: [1, 2, 2, 2] },
  { call: 'symlink', when: 3, links: [1, 2, 1, 2] },
  { call: 'rename', when: 4, links: [1, 1, 1, 2] },
  { call: 'fsync', when: 4, links: [1, 1, 1, 1] },
];

(fs.existsSync(strace) ? test : test.skip)(
  'killed at any step of the swap of links, it leaves links that lead somewhere, and the daemon ends what was begun',
  async (t) => {
    const host = await startHost(t);
    host.setMode('deploy');
    const { certificate, leaf, archive } = host.certbot.lineage('shop');
    const live = path.dirname(certificate);
    const first = leaf();
    await addVersion(host, 'shop', { names: [shopName] });
    const second = leaf();
    const isServed = async (fingerprint: string) =>
      (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint === fingerprint;
    for (const { call, when, links } of points) {
      const point = `${call} ${when}`;
      linkVersion(live, 2);
      await host.nginx.reloadWhole();
      await until('the second is served', () => isServed(second));
      t.is(await killedAt(host, call, when), 'SIGKILL', point);
      t.deepEqual(linkedVersions(host, 'shop'), links, point);
      // as if it had been a minute ago: until then it may be certbot that writes
      const earlier = new Date(Date.now() - 120_000);
      for (const directory of [live, archive]) fs.utimesSync(directory, earlier, earlier);
      fs.rmSync(path.join(host.sandbox.directory, 'state'), { recursive: true, force: true });
      const [expected, version] = links.every((one) => one === 2) ? [second, 2] : [first, 1];
      const daemon = host.daemon();
      await until(`${point}: the links agree, and what they lead to is served`, async () => {
        const agree = linkedVersions(host, 'shop').every((one) => one === version);
        return agree && (await isServed(expected));
      });
      await daemon.end();
      t.pass(point);
    }
    t.deepEqual(
      fs.readdirSync(live).filter((name) => name.endsWith('.pem')),
      ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem'],
    );
  },
);

/** Runs `act` on a restoration and kills it where it begins this call for the nth time; gives the signal that ended it. */
function killedAt(host: TestHost, call: string, when: number): Promise<string | null> {
  const argv = ['-f', '-qq', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${when}`];
  const agent = [process.execPath, 'agent/main.ts', 'act', '--config', host.configFile];
  const child = spawn(strace, [...argv, '-o', '/dev/null', ...agent], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end('{"verb":"restore","lineage":"shop"}\n');
  return new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal)));
}
