import { readFile, stat } from 'node:fs/promises';
import { codeOf } from '../../failure.ts';
import type { NotifySettings } from '../../notify/settings.ts';

/** A file that a channel needs, as this user finds it; nothing of what is in it. */
export interface SecretFacts {
  channel: string;
  path: string;
  /** Node's code where it cannot be read, as EACCES; 'empty': its first line is. */
  fault: string | undefined;
  /** Permission bits. */
  mode: number;
}

/** Every file that the settings' channels name with `…_file`, and the dead man's switch. */
export async function observeSecrets({
  channels,
  deadMansSwitch,
}: NotifySettings): Promise<Map<string, SecretFacts[]>> {
  const named = [...channels].map(([channel, settings]) => {
    const files = Object.entries(settings).flatMap(([field, path]) =>
      field.endsWith('File') && typeof path === 'string' ? [path] : [],
    );
    return [channel, files] as const;
  });
  if (deadMansSwitch) named.push(["dead man's switch", [deadMansSwitch.urlFile]]);
  const found = new Map<string, SecretFacts[]>();
  for (const [channel, paths] of named)
    found.set(channel, await Promise.all(paths.map((path) => observeSecret(channel, path))));
  return found;
}

async function observeSecret(channel: string, path: string): Promise<SecretFacts> {
  try {
    const [line = ''] = (await readFile(path, 'utf8')).split('\n');
    const { mode } = await stat(path);
    return { channel, path, fault: line.trim() === '' ? 'empty' : undefined, mode: mode & 0o777 };
  } catch (error) {
    return { channel, path, fault: codeOf(error) || 'unreadable', mode: 0 };
  }
}
