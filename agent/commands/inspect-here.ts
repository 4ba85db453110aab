import { systemClock } from '../system/clock.ts';
import { systemFiles } from '../system/files.ts';
import type { Options } from './command.ts';
import { inspectCommand } from './inspect.ts';
import { terminalOf } from '@certherd/command-line/terminal';

/** `inspect` of files on this machine, to standard output. */
export function inspectHere(paths: string[], { json, passwordFile }: Options): Promise<number> {
  const { colours, columns = 120 } = terminalOf(process.stdout, process.env);
  const io = {
    files: systemFiles(),
    clock: systemClock(),
    write: (text: string) => void process.stdout.write(text),
    writeError: (text: string) => void process.stderr.write(text),
    colour: colours.isColorSupported,
    columns,
  };
  return inspectCommand(paths, { json: json === true, ...(typeof passwordFile === 'string' && { passwordFile }) }, io);
}
