import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { lookMemory } from '../../../agent/observe/look-memory.ts';
import { observeFiles } from '../../../agent/observe/observe.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { mint } from '../../helpers/mint.ts';
import { config } from '../../helpers/observed.ts';
import fc from '../../helpers/properties.ts';
import { kinds, letsencrypt } from './lineage-tree.ts';

/** One change of a lineage, of the certificate that a server names beside it, or of the config that names both. */
const change = fc.oneof(
  fc.record({
    how: fc.constant('link' as const),
    version: fc.integer({ min: 1, max: 3 }),
    only: fc.subarray([...kinds]),
  }),
  fc.record({ how: fc.constantFrom('remove', 'return', 'copy', 'key', 'move', 'conf', 'config', 'mode', 'nothing') }),
);

test('whatever is changed, files that stand are told as they are read anew, and opened only where something did', async (t) => {
  const { root, archive, live, add, link } = letsencrypt(t);
  for (const version of [1, 2, 3]) await add(version);
  const copies = [await mint({ names: ['a.test'] }), await mint({ names: ['b.test'] })];
  const at = (name: string) => join(root, name);
  const nginx = (more = '') =>
    writeFileSync(
      at('nginx.conf'),
      `events {} http { server { listen 443 ssl; ssl_certificate ${live}/fullchain.pem; ssl_certificate_key ${live}/privkey.pem; }
      server { listen 444 ssl; ssl_certificate ${at('copy.pem')}; ssl_certificate_key ${at('copy.key')}; } } ${more}`,
    );
  const machine = systemFiles();
  const opened = new Set<string>();
  const read = (path: string) => machine.read(opened.add(path) && path);
  const noting = { ...machine, read };
  // nothing was written a moment ago
  const now = Date.now() + 3_600_000;
  const clock = { now: () => now, monotonic: () => performance.now(), after: () => () => {} };
  const settings = {
    ...config(),
    stateDirectory: at('state'),
    certbot: { ...config().certbot, configDirectory: root },
    nginx: { ...config().nginx, config: at('nginx.conf') },
  };

  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      link(1);
      nginx();
      writeFileSync(at('copy.pem'), copies[0]?.pem ?? '');
      writeFileSync(at('copy.key'), copies[0]?.keyPem ?? '');
      const memory = lookMemory(noting, clock);
      for (const [index, one] of [{ how: 'nothing' as const }, ...changes].entries()) {
        const copy = copies[index % 2];
        const certificate = join(archive, 'cert3.pem');
        if (one.how === 'link') link(one.version, one.only);
        else if (one.how === 'remove' && existsSync(certificate)) renameSync(certificate, at('away'));
        else if (one.how === 'return' && existsSync(at('away'))) renameSync(at('away'), certificate);
        else if (one.how === 'copy') writeFileSync(at('copy.pem'), `${copy?.pem}${' '.repeat(index)}`);
        else if (one.how === 'key') writeFileSync(at('copy.key'), `${copy?.keyPem}${' '.repeat(index)}`);
        else if (one.how === 'mode') chmodSync(at('copy.pem'), 0o600 + index);
        else if (one.how === 'conf') mkdirSync(at(`renewal/${index}.conf`), { recursive: true });
        else if (one.how === 'config') nginx(`# ${'x'.repeat(index)}`);
        else if (one.how === 'move' && !existsSync(at('elsewhere'))) {
          renameSync(at('archive'), at('elsewhere'));
          symlinkSync('elsewhere', at('archive'));
        }
        const seen = await observeFiles({ files: memory.files, clock }, settings);
        memory.looked();
        t.deepEqual(seen, await observeFiles({ files: machine, clock }, settings), one.how);
        opened.clear();
        const again = await observeFiles({ files: memory.files, clock }, settings);
        memory.looked();
        t.deepEqual(again, seen);
        const isWhole = again.lineages.every(({ failure }) => failure === undefined);
        if (isWhole) t.false(opened.has(at('renewal/shop.example.test.conf')), one.how);
      }
      if (existsSync(at('away'))) renameSync(at('away'), join(archive, 'cert3.pem'));
      if (existsSync(at('elsewhere'))) {
        rmSync(at('archive'));
        renameSync(at('elsewhere'), at('archive'));
      }
      for (let index = 0; index < 13; index += 1) rmSync(at(`renewal/${index}.conf`), { recursive: true, force: true });
    }),
    { numRuns: 40 },
  );
});
