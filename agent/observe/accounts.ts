import { join } from 'node:path';
import { parseNginxSteps } from '../formats/nginx-parser.ts';
import type { Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';

/** The accounts of a host as its own files list them; directories (LDAP) are not asked. */
export interface Accounts {
  userName(uid: number): string;
  groupName(gid: number): string | undefined;
  /** Names of those whose own group it is, or who are listed in it. Empty also where the group is not in the file. */
  members(gid: number): string[];
}

/** Reads etc/passwd and etc/group under `root` ("/" for this host). */
export function readAccounts(files: Files, root: string): Accounts {
  const users = lines(files, join(root, 'etc/passwd')).map(([name = '', , uid, gid]) => ({ name, uid, gid }));
  const groups = lines(files, join(root, 'etc/group')).map(([name = '', , gid, listed = '']) => ({
    name,
    gid,
    listed,
  }));
  return {
    userName: (uid) => users.find((user) => user.uid === String(uid))?.name ?? String(uid),
    groupName: (gid) => groups.find((group) => group.gid === String(gid))?.name,
    members(gid) {
      const own = users.filter((user) => user.gid === String(gid)).map((user) => user.name);
      const listed = groups.filter((group) => group.gid === String(gid)).flatMap((group) => group.listed.split(','));
      return [...new Set([...own, ...listed])].filter((name) => name !== '');
    },
  };
}

/** Account and group that nginx's workers run as: `user NAME [GROUP];` of the main file (ngx_set_user). */
export function* nginxAccounts(files: Files, configFile: string): Steps<string[]> {
  const content = files.read(configFile);
  if (!content.ok) return [];
  const { directives } = yield* parseNginxSteps(new TextDecoder().decode(content.value.bytes), configFile);
  return directives.filter(({ name }) => name === 'user').flatMap(({ args }) => args);
}

function lines(files: Files, path: string): string[][] {
  const content = files.read(path);
  if (!content.ok) return [];
  const text = new TextDecoder().decode(content.value.bytes);
  return text
    .split('\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
