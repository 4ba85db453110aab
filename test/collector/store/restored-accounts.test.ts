import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { freshSecret, hashSecret } from '../../../collector/accounts/secret.ts';
import { restoreBackup } from '../../../collector/store/sqlite/restore.ts';
import { installedSqlite } from '../../../collector/store/sqlite/sqlite.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';
import { addApiToken, addUsers, withAccounts } from '../helpers/signed-in.ts';

test('after a restoration users are there, and no session, API token or set-up link of before is good', async (t) => {
  const directory = temporaryDirectory(t);
  const cookie = hashSecret(freshSecret());
  await withAccounts(directory, (accounts) => accounts.keepSetUp('link', Date.now() + 3_600_000));
  await addUsers(directory, { anna: 'admin' });
  const token = hashSecret(await addApiToken(directory, 'ci', 'viewer'));
  const entry = { at: 1, actor: 'anna', via: 'page', action: 'signed-in', subject: 'anna', detail: {} } as const;
  const session = { user: 'anna', createdAt: Date.now(), endsAt: Date.now() + 3_600_000, address: '' };
  await withAccounts(directory, (accounts) => accounts.addSession(cookie, session, entry));
  const invite = hashSecret(freshSecret());
  await withAccounts(directory, (accounts) =>
    accounts.invite('anna', invite, Date.now() + 3_600_000, { ...entry, action: 'user-invited' }),
  );
  const backup = join(directory, 'backup.db');
  copyFileSync(join(directory, 'certherd.db'), backup);
  t.truthy(await withAccounts(directory, (accounts) => accounts.session(cookie)));

  const at = Date.now();
  const restored = restoreBackup(directory, backup, at, installedSqlite);
  t.true(restored.ok, restored.ok ? '' : restored.failure);
  await withAccounts(directory, async (accounts) => {
    t.deepEqual(
      (await accounts.users()).map(({ name, role }) => [name, role]),
      [['anna', 'admin']],
    );
    t.is(await accounts.session(cookie), undefined);
    t.is(await accounts.invited(invite, at), undefined);
    t.is((await accounts.apiToken(token))?.expiresAt, at);
    await accounts.removeUser('anna', { ...entry, action: 'user-removed' });
    t.false(await accounts.isSetUp('link', at));
    t.true(
      (await accounts.audit(undefined, 10)).some(({ action }) => action === 'signed-in'),
      'the history stays',
    );
  });
});
