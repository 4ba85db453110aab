import { type Diagnosis, ok, wrong } from '@certherd/command-line/diagnosis';
import { typed } from '@certherd/command-line/words';

export interface SettingsFacts {
  path: string;
  /** It was named, or is there. */
  isRead: boolean;
  /** A line each, as the program says them. */
  mistakes: readonly string[];
  /** Absent where it is not there, or not told. */
  mode?: number;
}

export function judgeSettings({ path, isRead, mistakes, mode }: SettingsFacts): Diagnosis[] {
  const wrongs = mistakes.map((mistake) => {
    const line = mistake.startsWith(`${path}:`) ? /^:(\d+):/.exec(mistake.slice(path.length))?.[1] : undefined;
    const fix =
      line === undefined
        ? `Make ${path} readable, or name another file with --config.`
        : `Correct line ${line} of ${path}; docs/settings.md tells every field and what it may be.`;
    return wrong(
      'settings-mistake',
      mistake,
      'With a mistake in its settings the collector does not start. The rest of this report is told of the defaults.',
      fix,
    );
  });
  const open =
    mode !== undefined && (mode & 0o022) !== 0
      ? [
          wrong(
            'settings-mode',
            `others can change ${path}: its mode is ${mode.toString(8)}`,
            'Whoever changes it decides where the collector listens and keeps its key.',
            typed(['chmod', 'go-w', path]),
          ),
        ]
      : [];
  if (wrongs.length + open.length > 0) return [...wrongs, ...open];
  return [ok('settings-file', isRead ? `${path} is read` : `no ${path}: the defaults hold`)];
}

/** Does the name that join strings tell agents lead anywhere? */
export function judgeAddress(told: { host: string; field: string; found: string[] | string } | undefined): Diagnosis[] {
  if (!told) return [];
  const { host, field, found } = told;
  if (typeof found !== 'string' && found.length > 0)
    return [ok('address', `join strings name ${host}, which is ${found.join(', ')} as seen from here`)];
  const reason = typeof found === 'string' ? found : 'it has no address';
  return [
    wrong(
      'address',
      `join strings name ${host}, which cannot be looked up here: ${reason}`,
      'Hosts that look it up as this machine does cannot enrol or connect.',
      `Set ${field === 'public_address' ? 'public_address in collector.toml to a name that can be looked up' : 'public_address = "NAME:PORT" in collector.toml'}, or add ${host} to the DNS.`,
    ),
  ];
}
