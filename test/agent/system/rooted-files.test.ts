import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from '../../helpers/properties.ts';
import { rootedFiles } from '../../../agent/system/rooted-files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { until } from '../../helpers/testbed/until.ts';

/** A root with what a real one has, and a secret beside it that nobody inside may see. */
function treeWithSecret(t: ExecutionContext): { root: string; outside: string } {
  const directory = testDirectory(t);
  const root = path.join(directory, 'root');
  const outside = path.join(directory, 'secret');
  fs.mkdirSync(path.join(root, 'etc/live/shop'), { recursive: true });
  fs.mkdirSync(path.join(root, 'etc/archive/shop'), { recursive: true });
  fs.writeFileSync(path.join(root, 'etc/archive/shop/cert1.pem'), 'inside');
  fs.writeFileSync(outside, 'outside');
  return { root, outside };
}

test('absolute and relative links lead on inside the tree', (t) => {
  const { root } = treeWithSecret(t);
  fs.symlinkSync('/etc/archive/shop/cert1.pem', path.join(root, 'etc/live/shop/absolute.pem'));
  fs.symlinkSync('../../archive/shop/cert1.pem', path.join(root, 'etc/live/shop/relative.pem'));
  fs.symlinkSync('/etc/live', path.join(root, 'live'));
  const { files, permissions, logEnd } = rootedFiles(root);
  for (const name of ['/etc/live/shop/absolute.pem', '/etc/live/shop/relative.pem', '/live/shop/absolute.pem']) {
    const read = files.read(name);
    t.is(read.ok ? Buffer.from(read.value.bytes).toString() : read.failure.detail, 'inside');
    t.deepEqual(files.resolve(name), { ok: true, value: '/etc/archive/shop/cert1.pem' });
    t.true(permissions.of(name).ok);
    t.like(logEnd(name, 3), { ok: true, value: { text: 'ide' } });
  }
  t.deepEqual(files.list('/live/shop'), { ok: true, value: ['absolute.pem', 'relative.pem'] });
  const link = files.linkChangedAt('/live/shop/absolute.pem');
  t.is(link.ok && link.value, fs.lstatSync(path.join(root, 'etc/live/shop/absolute.pem')).mtimeMs);
});

test('no link and no ".." leads out of the tree', (t) => {
  const { root, outside } = treeWithSecret(t);
  const names = { absolute: outside, up: '../../../../../secret', far: `${'../'.repeat(40)}${outside.slice(1)}` };
  for (const [name, target] of Object.entries(names)) fs.symlinkSync(target, path.join(root, name));
  fs.symlinkSync(path.dirname(outside), path.join(root, 'directory'));
  const { files } = rootedFiles(root);
  for (const name of [...Object.keys(names), 'directory/secret', '../secret', 'etc/../../secret']) {
    t.like(files.read(`/${name}`), { ok: false, failure: { reason: 'not-found' } }, name);
  }
  t.deepEqual(files.resolve('/../../etc/live/..'), { ok: true, value: '/etc' });
});

test('a loop, a file on the way and a directory are failures that name the path as inside', (t) => {
  const { root } = treeWithSecret(t);
  fs.symlinkSync('b', path.join(root, 'a'));
  fs.symlinkSync('/a', path.join(root, 'b'));
  const { files } = rootedFiles(root);
  t.deepEqual(files.read('/a'), {
    ok: false,
    failure: { reason: 'link-broken', detail: '/a is a link that leads round in a circle' },
  });
  t.like(files.read('/etc/archive/shop/cert1.pem/x'), { failure: { reason: 'not-found' } });
  t.like(files.read('/etc/archive/shop/cert1.pem/'), { failure: { reason: 'not-found' } });
  t.deepEqual(files.read('/etc'), {
    ok: false,
    failure: { reason: 'not-a-regular-file', detail: '/etc is not a regular file' },
  });
  t.like(files.read('/none\0'), { failure: { reason: 'not-found' } });
});

test('what is no regular file is not even opened: a device could do something then', async (t) => {
  const { root } = treeWithSecret(t);
  const pipe = path.join(root, 'etc/pipe.pem');
  const writing = spawn('/usr/bin/python3', ['-c', waitForReader, pipe], { stdio: 'pipe' });
  t.teardown(() => writing.kill('SIGKILL'));
  let said = '';
  writing.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await new Promise((resolve) => void writing.stdout.once('data', resolve));
  await until('the writer waits for a reader', () =>
    fs.readFileSync(`/proc/${writing.pid}/stat`, 'utf8').includes(') S '),
  );
  const { files, logEnd } = rootedFiles(root);
  t.like(files.read('/etc/pipe.pem'), {
    failure: { reason: 'not-a-regular-file', detail: '/etc/pipe.pem is not a regular file' },
  });
  t.like(logEnd('/etc/pipe.pem', 10), { failure: { reason: 'not-a-regular-file' } });
  const ended = new Promise((resolve) => void writing.once('close', resolve));
  writing.kill('SIGTERM');
  await ended;
  t.is(said, 'waiting\nnobody came\n');
});

/** Opens a pipe for writing, which lasts until somebody opens it for reading. */
const waitForReader = `
import os, signal, sys
os.mkfifo(sys.argv[1])
def end(*_):
    print("nobody came", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print("waiting", flush=True)
os.open(sys.argv[1], os.O_WRONLY)
print("opened", flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pause()
`;

test('a directory that another process swaps for a link all the while does not lead out', async (t) => {
  const { root, outside } = treeWithSecret(t);
  fs.writeFileSync(path.join(root, 'etc/archive/shop/secret'), 'inside');
  fs.symlinkSync(path.dirname(outside), path.join(root, 'etc/archive/leak'));
  const swapping = spawn('/usr/bin/python3', ['-c', swap, path.join(root, 'etc/archive')], { stdio: 'pipe' });
  const ended = new Promise((resolve) => void swapping.once('exit', resolve));
  t.teardown(() => swapping.kill('SIGKILL'));
  await new Promise((resolve) => void swapping.stdout.once('data', resolve));
  const { files } = rootedFiles(root);
  const seen = new Set<string>();
  for (let round = 0; round < 3000 || seen.size < 2; round++) {
    const read = files.read('/etc/archive/shop/secret');
    seen.add(read.ok ? Buffer.from(read.value.bytes).toString() : 'failure');
  }
  swapping.stdin.end();
  await ended;
  t.deepEqual([...seen].sort(), ['failure', 'inside'], 'both states were met, and neither showed the secret');
});

test('no descriptor stays open, whatever was asked', (t) => {
  const { root } = treeWithSecret(t);
  fs.symlinkSync('/etc/live/../live/shop/../../archive', path.join(root, 'winding'));
  const { files } = rootedFiles(root);
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for (const name of ['/winding/shop/cert1.pem', '/none', '/winding/none/x', '/etc/archive/shop/cert1.pem/..', '/..'])
    for (let round = 0; round < 50; round++) files.read(name);
  t.true(open() - before < 20, `${before} descriptors were open, then ${open()}`);
});

test('the root of a process that runs elsewhere is such a tree, although its path says "/"', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('only root may change its root');
    return;
  }
  const { root } = treeWithSecret(t);
  fs.symlinkSync('/etc/archive/shop/cert1.pem', path.join(root, 'link'));
  const caged = spawn('/usr/bin/python3', ['-c', cage, root], { stdio: 'pipe' });
  t.teardown(() => caged.kill('SIGKILL'));
  await new Promise((resolve) => void caged.stdout.once('data', resolve));
  const { files } = rootedFiles(`/proc/${caged.pid}/root`);
  t.deepEqual(files.list('/'), { ok: true, value: ['etc', 'link'] });
  t.deepEqual(files.resolve('/link'), { ok: true, value: '/etc/archive/shop/cert1.pem' });
  t.true(files.read('/link').ok);
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom('..', '.', '', 'secret'));
const target = fc
  .tuple(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 6 }))
  .map(([absolute, steps]) => `${absolute ? '/' : ''}${steps.join('/')}` || '.');
const entry = fc.record({
  at: fc.array(name, { minLength: 1, maxLength: 3 }),
  what: fc.oneof(
    fc.constant('file' as const),
    fc.constant('directory' as const),
    target.map((link) => ({ link })),
  ),
});

test('of any tree no read leaves it, and none throws', (t) => {
  const directory = testDirectory(t);
  let round = 0;
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 12 }),
      fc.array(target, { minLength: 1, maxLength: 12 }),
      (tree, asked) => {
        const root = plant(path.join(directory, String(round++)), tree);
        const { files, permissions, logEnd } = rootedFiles(root);
        for (const one of asked.map((text) => `/${text}`)) {
          const read = files.read(one);
          if (read.ok) t.is(Buffer.from(read.value.bytes).toString(), 'inside', one);
          const end = logEnd(one, 100);
          if (end.ok) t.is(end.value.text, 'inside', one);
          const list = files.list(one);
          if (list.ok) t.false(list.value.includes('secret'), one);
          const resolved = files.resolve(one);
          if (resolved.ok) t.false(fs.lstatSync(path.join(root, resolved.value)).isSymbolicLink(), one);
          t.is(permissions.of(one).ok, resolved.ok, one);
        }
      },
    ),
    { numRuns: 300 },
  );
  t.true(round >= 300);
});

test('it answers as chroot(2) does', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('only root may change its root');
    return;
  }
  const directory = testDirectory(t);
  const samples = fc.sample(
    fc.tuple(fc.array(entry, { maxLength: 12 }), fc.array(target, { minLength: 30, maxLength: 30 })),
    40,
  );
  const trees = samples.map(([tree, asked], index) => ({
    root: plant(path.join(directory, String(index)), tree),
    asked: asked.map((text) => `/${text}`),
  }));
  const real: (string | null)[][] = JSON.parse(await python(chrootAnswers, JSON.stringify(trees)));
  let answered = 0;
  trees.forEach(({ root, asked }, index) => {
    const { files } = rootedFiles(root);
    asked.forEach((one, place) => {
      const resolved = files.resolve(one);
      t.is(
        resolved.ok ? resolved.value : null,
        real[index]?.[place] ?? null,
        `${one} in ${JSON.stringify(samples[index]?.[0])}`,
      );
      if (resolved.ok) answered += 1;
    });
  });
  t.true(answered > 40, `${answered} paths led somewhere`);
});

/** What the kernel opens in each tree: one process each, since there is no way back out of a chroot. */
const chrootAnswers = `
import json, os, sys
answers = []
for tree in json.load(sys.stdin):
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        fds = os.open('/proc/self/fd', os.O_RDONLY)
        os.chroot(tree['root'])
        os.chdir('/')
        found = []
        for path in tree['asked']:
            try:
                place = os.open(path, os.O_PATH)
                found.append(os.readlink(str(place), dir_fd=fds) or '/')
            except OSError:
                found.append(None)
        os.write(theirs, json.dumps(found).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as stream:
        answers.append(json.load(stream))
    os.waitpid(child, 0)
print(json.dumps(answers))
`;

/** Puts the link in the directory's place and back until standard input ends. */
const swap = `
import os, select, sys
os.chdir(sys.argv[1])
print('swapping', flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    os.rename('shop', 'kept')
    os.rename('leak', 'shop')
    os.rename('shop', 'leak')
    os.rename('kept', 'shop')
`;

/** Waits in another root until standard input ends. */
const cage = `
import os, sys
os.chroot(sys.argv[1])
print('caged', flush=True)
sys.stdin.read()
`;

function python(script: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('/usr/bin/python3', ['-c', script], (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stdout),
    );
    child.stdin?.end(input);
  });
}

/** Makes the tree below TOP/root, as far as its entries do not contradict each other, with a secret in TOP. */
function plant(top: string, tree: readonly { at: string[]; what: 'file' | 'directory' | { link: string } }[]): string {
  const root = path.join(top, 'root');
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(top, 'secret'), 'outside');
  for (const { at, what } of tree) {
    const place = path.join(root, ...at);
    try {
      // Only below real directories: what is planted must itself stay inside.
      if (fs.realpathSync(path.dirname(place)) !== path.dirname(place)) continue;
      if (what === 'file') fs.writeFileSync(place, 'inside', { flag: 'wx' });
      else if (what === 'directory') fs.mkdirSync(place);
      else fs.symlinkSync(what.link, place);
    } catch {
      // it is there already, or its directory is not
    }
  }
  return root;
}
