import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { watchFiles } from '../../../agent/watch/file-changes.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';
import { inotifyWatches } from '../../helpers/inotify.ts';
import { until } from '../../helpers/testbed/until.ts';

function watching(t: ExecutionContext) {
  const directory = testDirectory(t);
  const seen: string[] = [];
  const changes = watchFiles(silentLog, (file) => seen.push(file));
  t.teardown(() => changes.stop());
  const sees = async (what: string, change: () => void) => {
    seen.length = 0;
    change();
    await until(what, () => seen.length > 0);
  };
  return { directory, live: `${directory}/certbot/live`, changes, seen, sees };
}

test('a directory that is not there yet is waited for, whatever part of its path is missing', async (t) => {
  const { live, changes, sees } = watching(t);
  const look = () => changes.watchOnly([{ directory: live, depth: 1 }]);
  t.true(await look());
  t.false(await look(), 'nothing new');
  await sees('the first part', () => fs.mkdirSync(live.replace('/live', '')));
  t.true(await look());
  await sees('the directory', () => fs.mkdirSync(`${live}/shop`, { recursive: true }));
  t.true(await look());
  await sees('a file in it', () => fs.writeFileSync(`${live}/shop/cert.pem`, 'x'));
  await sees('its change', () => fs.writeFileSync(`${live}/shop/cert.pem`, 'y'));
});

test('a directory that is removed and made again is watched again', async (t) => {
  const { live, changes, sees } = watching(t);
  const look = () => changes.watchOnly([{ directory: live, depth: 1 }]);
  fs.mkdirSync(`${live}/shop`, { recursive: true });
  fs.writeFileSync(`${live}/shop/cert.pem`, 'x');
  await look();
  await sees('its end', () => fs.rmSync(live, { recursive: true }));
  await look();
  await sees('its return', () => {
    fs.mkdirSync(`${live}/shop`, { recursive: true });
    fs.writeFileSync(`${live}/shop/cert.pem`, 'x');
  });
  t.true(await look());
  await sees('a change in it', () => fs.writeFileSync(`${live}/shop/cert.pem`, 'y'));
});

test('a directory that another one took the place of is watched again at the next look', async (t) => {
  const { live, changes, sees } = watching(t);
  const look = () => changes.watchOnly([{ directory: live, depth: 1 }]);
  fs.mkdirSync(live, { recursive: true });
  await look();
  fs.mkdirSync(`${live}.new/shop`, { recursive: true });
  fs.writeFileSync(`${live}.new/shop/cert.pem`, 'x');
  fs.renameSync(live, `${live}.old`);
  fs.renameSync(`${live}.new`, live);
  t.true(await look());
  await sees('a change in the new one', () => fs.writeFileSync(`${live}/shop/cert.pem`, 'y'));
});

test('files behind a link to a directory are watched without going deeper', async (t) => {
  const { directory, changes, sees } = watching(t);
  fs.mkdirSync(`${directory}/real`);
  fs.writeFileSync(`${directory}/real/site.pem`, 'x');
  fs.symlinkSync('real', `${directory}/link`);
  await changes.watchOnly([{ directory: `${directory}/link`, depth: 0 }]);
  await sees('a change', () => fs.writeFileSync(`${directory}/real/site.pem`, 'y'));
  t.pass();
});

test('a stop while directories are still being listed ends both', async (t) => {
  const { directory, changes } = watching(t);
  const started = changes.watchOnly([{ directory, depth: 1 }]);
  await changes.stop();
  t.true(await started);
  t.false(await changes.watchOnly([{ directory, depth: 0 }]), 'nothing is watched after the end');
});

/** certbot's layout: one lineage whose links lead into archive. */
function lineage(directory: string) {
  const [live, archive] = [`${directory}/certbot/live/shop`, `${directory}/certbot/archive/shop`];
  for (const path of [live, archive]) fs.mkdirSync(path, { recursive: true });
  for (const kind of ['cert', 'privkey', 'chain', 'fullchain']) {
    fs.writeFileSync(`${archive}/${kind}1.pem`, 'x');
    fs.symlinkSync(`../../archive/shop/${kind}1.pem`, `${live}/${kind}.pem`);
  }
  return { live, archive };
}

test('a swapped link, and every way to change what a link leads to, is seen', async (t) => {
  const { directory, live: root, changes, seen, sees } = watching(t);
  const { live, archive } = lineage(directory);
  await changes.watchOnly([{ directory: root, depth: 1 }]);
  fs.writeFileSync(`${archive}/cert2.pem`, 'y');
  await sees('a link that is made again', () => {
    fs.unlinkSync(`${live}/cert.pem`);
    fs.symlinkSync('../../archive/shop/cert2.pem', `${live}/cert.pem`);
  });
  // chokidar tells a file's change at most once in 50 ms: a write so soon after the swap may be told with it
  seen.length = 0;
  let written = '';
  const write = () => fs.writeFileSync(`${archive}/cert2.pem`, (written += 'z'));
  await until('a write in place behind the new link', () => seen.length > 0 || (write(), false), { everyMs: 100 });
  await sees('another file in its place', () => {
    fs.writeFileSync(`${archive}/new`, 'another');
    fs.renameSync(`${archive}/new`, `${archive}/cert2.pem`);
  });
  await sees('a file that is removed and made again', () => {
    fs.unlinkSync(`${archive}/fullchain1.pem`);
    fs.writeFileSync(`${archive}/fullchain1.pem`, 'made again');
  });
  await sees('a lineage that is removed and made again', () => {
    fs.rmSync(live, { recursive: true });
    fs.mkdirSync(live);
    fs.writeFileSync(`${live}/cert.pem`, 'a plain file');
  });
  await sees('a write in place in it', () => fs.writeFileSync(`${live}/cert.pem`, 'changed'));
  t.pass();
});

// alone, because the kernel counts for the whole process
test.serial('one inotify watch is taken for a directory, however many files and links are in it', async (t) => {
  const { directory, live: root, changes } = watching(t);
  lineage(directory);
  fs.mkdirSync(`${directory}/sites`);
  for (let at = 0; at < 50; at += 1) fs.writeFileSync(`${directory}/sites/${at}.conf`, 'x');
  const before = inotifyWatches();
  await changes.watchOnly([
    { directory: root, depth: 1 },
    { directory: `${directory}/sites`, depth: 0 },
  ]);
  // live, live/shop, archive/shop and sites
  t.is(inotifyWatches() - before, 4);
});
