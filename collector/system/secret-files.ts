import { readFile } from 'node:fs/promises';

/** A whole file of the operator's; undefined: it cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** The first line of a file, which is all that a secret is; undefined: it cannot be read, or is empty. */
export async function readSecret(path: string): Promise<string | undefined> {
  const [line = ''] = (await readText(path))?.split('\n') ?? [];
  return line.trim() === '' ? undefined : line.trim();
}
