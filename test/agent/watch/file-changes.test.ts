import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { watchFiles } from '../../../agent/watch/file-changes.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';
import { until } from '../../helpers/testbed/until.ts';

function watching(t: ExecutionContext) {
  const directory = testDirectory(t);
  const seen: string[] = [];
  const changes = watchFiles(silentLog, (file) => seen.push(file));
  t.teardown(() => changes.stop());
  const sees = async (what: string, change: () => void) => {
    seen.length = 0;
    change();
    await until(what, () => seen.length > 0, { deadlineMs: 5_000 });
  };
  return { directory, live: `${directory}/certbot/live`, changes, sees };
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
