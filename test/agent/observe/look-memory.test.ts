import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { keyMatches, observeCertificateFile } from '../../../agent/observe/certificate-file.ts';
import { lookMemory } from '../../../agent/observe/look-memory.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { mint } from '../../helpers/mint.ts';

/** Files that were written a minute ago, and which of them were opened. */
function remembering(t: ExecutionContext) {
  const directory = testDirectory(t);
  const opened: string[] = [];
  const machine = systemFiles();
  const counted = {
    ...machine,
    read: (path: string) => {
      opened.push(path.slice(directory.length + 1));
      return machine.read(path);
    },
  };
  const clock = { now: () => Date.now() + 60_000 };
  const memory = lookMemory(counted, clock);
  const opens = (work: () => unknown) => {
    opened.length = 0;
    work();
    return [...opened];
  };
  return { at: (name: string) => `${directory}/${name}`, memory, counted, opens };
}

test('a file that stands is not opened again, nor is its key', async (t) => {
  const { at, memory, opens } = remembering(t);
  const one = await mint({ names: ['a.test'] });
  fs.writeFileSync(at('a.pem'), one.pem);
  fs.writeFileSync(at('a.key'), one.keyPem);
  const look = () => {
    const seen = observeCertificateFile(memory.files, at('a.pem'));
    t.is(seen.certificates[0]?.subject, 'CN=a.test');
    t.deepEqual(keyMatches(memory.files, at('a.key'), one.der), { ok: true, value: true });
    memory.looked();
  };
  t.deepEqual(opens(look), ['a.pem', 'a.key']);
  t.deepEqual(opens(look), []);
  const other = await mint({ names: ['b.test'] });
  t.deepEqual(keyMatches(memory.files, at('a.key'), other.der), { ok: true, value: false });
});

test('every way of changing a file makes it be read again', async (t) => {
  const { at, memory, opens } = remembering(t);
  const [one, two] = [await mint({ names: ['a.test'] }), await mint({ names: ['b.test'] })];
  fs.writeFileSync(at('1.pem'), one.pem);
  // signatures, and so their files, differ in length
  fs.writeFileSync(at('2.pem'), two.pem.padEnd(2000));
  fs.symlinkSync('1.pem', at('link.pem'));
  const subject = () => observeCertificateFile(memory.files, at('link.pem')).certificates[0]?.subject;
  t.is(subject(), 'CN=a.test');
  fs.rmSync(at('link.pem'));
  fs.symlinkSync('2.pem', at('link.pem'));
  t.is(subject(), 'CN=b.test', 'another link');
  const { mtime, atime } = fs.statSync(at('2.pem'));
  fs.writeFileSync(at('2.pem'), one.pem.padEnd(2000));
  fs.utimesSync(at('2.pem'), atime, mtime);
  t.is(subject(), 'CN=a.test', 'the same size and mtime');
  fs.renameSync(at('1.pem'), at('2.pem'));
  t.deepEqual(opens(subject), ['link.pem'], 'another file in its place');
  fs.chmodSync(at('2.pem'), 0o600);
  t.deepEqual(opens(subject), ['link.pem'], 'other permissions');
  fs.rmSync(at('2.pem'));
  t.is(observeCertificateFile(memory.files, at('link.pem')).observation.failure?.reason, 'not-found');
});

test('what was written a moment ago is read again: it may change within the same tick', async (t) => {
  const { at, counted, opens } = remembering(t);
  fs.writeFileSync(at('a.pem'), (await mint({ names: ['a.test'] })).pem);
  const memory = lookMemory(counted, { now: Date.now });
  const look = () => observeCertificateFile(memory.files, at('a.pem'));
  t.is(opens(look).length, 1);
  t.is(opens(look).length, 1);
});

test('what a look did not ask for is forgotten when it ends', async (t) => {
  const { at, memory, opens } = remembering(t);
  fs.writeFileSync(at('a.pem'), (await mint({ names: ['a.test'] })).pem);
  const look = () => observeCertificateFile(memory.files, at('a.pem'));
  look();
  memory.looked();
  t.deepEqual(opens(look), []);
  memory.looked();
  memory.looked();
  t.is(opens(look).length, 1);
});
