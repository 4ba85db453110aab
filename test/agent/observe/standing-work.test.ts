import fs from 'node:fs';
import { dirname } from 'node:path';
import { failed, success } from '@certherd/protocol/failure';
import test, { type ExecutionContext } from 'ava';
import fc from '../../helpers/properties.ts';
import { atOnce } from '../../../agent/formats/steps.ts';
import { type KnownFiles, observeCertificateFile } from '../../../agent/observe/certificate-file.ts';
import { lookMemory } from '../../../agent/observe/look-memory.ts';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import { serverSteps } from '../../../agent/observe/servers.ts';
import { keptSteps, standingWork } from '../../../agent/observe/standing-work.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemPermissions } from '../../../agent/system/permissions.ts';
import type { Files } from '../../../agent/ports.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { mint } from '../../helpers/mint.ts';
import { config } from '../../helpers/observed.ts';

/** Files that were written a minute ago, and how often a work on them was done. */
function remembering(t: ExecutionContext, now = () => Date.now() + 60_000) {
  const directory = testDirectory(t);
  const machine = systemFiles();
  const memory = lookMemory(machine, { now });
  const standing = standingWork<unknown>({ now });
  let done = 0;
  const once = <T>(work: (files: Files) => T, mayStand?: () => boolean): { made: T; done: boolean } => {
    const before = done;
    const steps = function* (files: Files) {
      done += 1;
      yield;
      return work(files);
    };
    const made = atOnce(keptSteps(standing, memory.files, steps, mayStand && { mayStand }));
    return { made: made as T, done: done > before };
  };
  return { at: (name: string) => `${directory}/${name}`, memory, once, standing };
}

test('work is done anew as soon as one answer that it had is another one, and only then', (t) => {
  const { at, once } = remembering(t);
  fs.mkdirSync(at('d'));
  fs.writeFileSync(at('d/one'), 'one');
  fs.symlinkSync('d/one', at('link'));
  const work = (files: Files) => {
    const text = files.read(at('link'));
    return {
      names: files.list(at('d')),
      text: text.ok && new TextDecoder().decode(text.value.bytes),
      target: files.resolve(at('link')),
      absent: files.read(at('absent')).ok,
      changed: files.linkChangedAt(at('d/one')),
    };
  };
  const changes: [string, () => void][] = [
    ['nothing', () => {}],
    ['a name in a directory', () => fs.writeFileSync(at('d/two'), '')],
    ['a name less', () => fs.rmSync(at('d/two'))],
    ['what was absent', () => fs.writeFileSync(at('absent'), '')],
    ['and is absent again', () => fs.rmSync(at('absent'))],
    ['a content', () => fs.writeFileSync(at('d/one'), 'three')],
    ['the time of a file', () => fs.utimesSync(at('d/one'), 1, 1)],
    [
      'a link to another name of the same file',
      () => {
        fs.linkSync(at('d/one'), at('other'));
        fs.rmSync(at('link'));
        fs.symlinkSync('other', at('link'));
      },
    ],
    ['a broken link', () => fs.rmSync(at('other'))],
  ];
  once(work);
  for (const [what, change] of changes) {
    change();
    const { made, done } = once(work);
    t.is(done, what !== 'nothing', what);
    t.deepEqual(made, work(systemFiles()), what);
    t.false(once(work).done, `${what}: and then it stands`);
  }
});

test('what may change unseen, what followed from more than files, and what nobody asked for is not kept', (t) => {
  const young = remembering(t, Date.now);
  fs.writeFileSync(young.at('a'), '');
  const read = (files: Files) => files.read(young.at('a')).ok;
  t.true(young.once(read).done);
  t.true(young.once(read).done, 'written a moment ago');

  const old = remembering(t);
  const list = (files: Files) => files.list(old.at('')).ok;
  t.true(old.once(list, () => false).done);
  t.true(old.once(list).done, 'it may not stand');
  t.false(old.once(list).done);
  old.standing.forgetUnasked();
  old.standing.forgetUnasked();
  t.true(old.once(list).done, 'a look went by without it');
});

test('work that reads certificates is done anew when one of them changes', async (t) => {
  const { at, once } = remembering(t);
  const [one, two] = [await mint({ names: ['a.test'] }), await mint({ names: ['b.test', 'c.test'] })];
  fs.writeFileSync(at('a.pem'), one.pem);
  const work = (files: Files) => observeCertificateFile(files, at('a.pem')).certificates[0]?.subject;
  t.deepEqual(once(work), { made: 'CN=a.test', done: true });
  t.deepEqual(once(work), { made: 'CN=a.test', done: false });
  fs.writeFileSync(at('a.pem'), two.pem);
  t.deepEqual(once(work), { made: 'CN=b.test', done: true });
});

/** One change of a config that includes sites by a pattern, some of them by links, as Debian's does. */
const change = fc.record({
  site: fc.constantFrom('a', 'b', 'c'),
  how: fc.constantFrom('write', 'enable', 'disable', 'remove', 'break', 'mend', 'nothing'),
});

test('whatever is changed, a config that is kept says what one says that is read anew', (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const { at, memory } = remembering(t);
      for (const name of ['available', 'enabled']) fs.mkdirSync(at(name));
      const main = (text: string) =>
        fs.writeFileSync(at('nginx.conf'), `events {} http { ${text} include ${at('enabled')}/*; }`);
      main('');
      const settings = { ...config(), nginx: { ...config().nginx, config: at('nginx.conf') } };
      for (const [index, { site, how }] of changes.entries()) {
        const [available, enabled] = [at(`available/${site}`), at(`enabled/${site}`)];
        // each with a length of its own: on a coarse clock the times of two changes may be the same
        const block = `server { listen 443 ssl; server_name ${site}${'x'.repeat(index)}.test; ssl_certificate ${at(site)}; }`;
        if (how === 'write') fs.writeFileSync(available, block);
        else if (how === 'remove') fs.rmSync(available, { force: true });
        else if (how === 'enable' && !isThere(enabled)) fs.symlinkSync(`../available/${site}`, enabled);
        else if (how === 'disable') fs.rmSync(enabled, { force: true });
        else if (how === 'break') main(`server {${' '.repeat(index)}`);
        else if (how === 'mend') main(' '.repeat(100 + index));
        const { servers, deployments } = atOnce(serverSteps(memory.files, settings));
        const fresh = observeNginx(systemFiles(), at('nginx.conf'));
        const own = deployments.filter(({ server }) => server === 'nginx');
        t.deepEqual([servers[0], own], [fresh.server, fresh.deployments]);
        memory.looked();
      }
      fs.rmSync(dirname(at('nginx.conf')), { recursive: true });
    }),
    { numRuns: 60 },
  );
});

function isThere(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

test('work that asks for permissions is done anew when those are others, whatever times say, and when it is made of something else', (t) => {
  const { at, memory } = remembering(t);
  fs.mkdirSync(at('d'));
  const permissions = systemPermissions();
  const files = { ...memory.files, permissions: (path: string) => permissions.of(path) };
  const standing = standingWork<unknown>(Date);
  const made = (basis: readonly unknown[]) =>
    atOnce(
      keptSteps(
        standing,
        files,
        function* (noted) {
          yield;
          return noted.permissions?.(at('d'));
        },
        { basis },
      ),
    );
  const basis = {};
  const first = made([basis, 1]);
  t.is(made([basis, 1]), first);
  fs.chmodSync(at('d'), 0o750);
  const second = made([basis, 1]);
  t.deepEqual(second, permissions.of(at('d')));
  t.not(second, first);
  fs.writeFileSync(at('d/file'), '');
  t.is(made([basis, 1]), second);
  t.not(made([basis, 2]), second);
});

test('what could not be read for a moment is no answer that stands, though the file is as it was', async (t) => {
  let isBroken = true;
  let asked = 0;
  const status = success({ device: 1, inode: 2, size: 3, modifiedAt: 1, changedAt: 1 });
  const machine: Files = {
    ...systemFiles(),
    read: (path) => {
      asked += 1;
      return isBroken
        ? failed('io-error', `${path} cannot be read (EMFILE)`)
        : success({ bytes, modifiedAt: 1, mode: 0o644 });
    },
    status: () => status,
  };
  const bytes = Buffer.from((await mint()).pem);
  const memory = lookMemory(machine, { now: () => 1_000_000 });
  const works: [string, (files: KnownFiles) => boolean][] = [
    ['a config', (files) => files.read('/etc/nginx/nginx.conf').ok],
    ['a certificate', (files) => observeCertificateFile(files, '/etc/ssl/one.pem').certificates.length > 0],
    ['another question', (files) => (isBroken ? (files.doubt?.(), false) : true)],
  ];
  for (const [what, work] of works) {
    const standing = standingWork<boolean>({ now: () => 1_000_000 });
    const look = () =>
      atOnce(
        keptSteps(standing, memory.files, function* (files) {
          yield;
          return work(files);
        }),
      );
    isBroken = true;
    t.false(look(), what);
    t.false(look(), what);
    isBroken = false;
    t.true(look(), what);
    const before = asked;
    t.true(look(), what);
    t.is(asked, before, `${what}: what could be read stands`);
  }
});
