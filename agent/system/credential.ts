import { join } from 'node:path';
import { systemFiles } from './files.ts';

/** A secret that systemd handed to this service (LoadCredential= in systemd.exec(5)); undefined where there is none. */
export function systemCredential(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const directory = environment.CREDENTIALS_DIRECTORY;
  if (!directory?.startsWith('/')) return undefined;
  const content = systemFiles().read(join(directory, name));
  return content.ok ? new TextDecoder().decode(content.value.bytes) : undefined;
}
