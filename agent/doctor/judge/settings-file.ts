import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { typed } from '../../decide/command-line.ts';
import type { SettingsFacts } from '../gather/settings-file.ts';
import { asRoot } from './words.ts';

/** Is the settings file there, without a mistake, and root's alone where root obeys it? */
export function judgeSettings(facts: SettingsFacts): Diagnosis[] {
  const { path, named, found, mistakes, mode } = facts;
  if (found === 'absent' && named)
    return [
      wrong(
        'settings-file',
        `${path} is not there`,
        'No command that is given this file does anything.',
        'Name a file that is there with --config, or leave --config out.',
      ),
    ];
  if (found === 'absent')
    return [ok('settings-file', `no ${path}: the defaults hold, with which nothing is ever changed (mode "observe")`)];
  if (found === 'unreadable')
    return [
      notTold('settings-file', `${path} may not be read by this user`, { fix: asRoot(named ? path : undefined) }),
    ];
  const open = openToOthers(facts);
  if (mistakes.length === 0 && open.length === 0)
    return [ok('settings-file', `${path} is read, and belongs to nobody who should not write it; mode is "${mode}"`)];
  return [...mistakes.map((mistake) => mistaken(path, mistake)), ...open];
}

function mistaken(path: string, mistake: string): Diagnosis {
  const [, line] = new RegExp(`^.{${path.length}}:(\\d+):`).exec(mistake) ?? [];
  return wrong(
    'settings-mistake',
    mistake,
    'With a mistake in its settings the agent does not start, and no action is taken. The rest of this report is told of the defaults.',
    line === undefined
      ? `Correct ${path}.`
      : `Correct line ${line} of ${path}; docs/settings.md tells every field and what it may be.`,
  );
}

function openToOthers({ path, file, directory, directoryPath, rootObeys, ownUid }: SettingsFacts): Diagnosis[] {
  const owners = rootObeys ? [0] : [0, ownUid];
  const why = rootObeys
    ? 'It says what root may do here: where others can write it, root does not obey it, and nothing is renewed or reloaded.'
    : 'It says what may be done here, and others can change it.';
  const places = [
    { check: 'settings-owner', at: path, permissions: file },
    // whoever may rename in the directory may put another file in its place
    { check: 'settings-directory', at: directoryPath, permissions: directory },
  ];
  return places.flatMap(({ check, at, permissions }) => {
    if (!permissions) return [];
    const { uid, mode } = permissions;
    const isSticky = (mode & 0o1000) !== 0 && at === directoryPath;
    const isOpen = (mode & 0o022) !== 0 && !isSticky;
    if (owners.includes(uid) && !isOpen) return [];
    const state = `its owner is uid ${uid}, its mode ${mode.toString(8)}`;
    const owner = rootObeys ? 'root:' : `${ownUid}`;
    const fix = `${typed(['chown', owner, at])} && ${typed(['chmod', 'go-w', at])}`;
    return [wrong(check, `others can change ${at}: ${state}`, why, fix)];
  });
}
