import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Sandbox } from './testbed/sandbox.ts';

/** One execve(2), as strace saw it. */
export interface Execution {
  program: string;
  argv: string[];
  environment: string[];
  /** The program that the calling process, or the one it was forked from, ran before. */
  by: string;
}

const strace = '/usr/bin/strace';

/** The words that run a command under strace, which writes a file for each thread below `folder`. */
export function tracing(folder: string): string[] {
  const calls = 'trace=execve,execveat,fork,vfork,clone,clone3';
  return [strace, '-f', '-ff', '--seccomp-bpf', '-q', '-v', '-s', '100000', '-e', calls, '-o', path.join(folder, 'of')];
}

/** May processes be traced here? Some containers forbid it. */
export async function canTrace(sandbox: Sandbox): Promise<boolean> {
  if (!existsSync(strace)) return false;
  const [program = '', ...words] = tracing(sandbox.folder('trace-try'));
  return (await sandbox.run(program, [...words, '/bin/true'])).exit === 0;
}

/** Every program that was run below the traced command, itself included. A line that cannot be read is an error. */
export function executions(folder: string): Execution[] {
  const threads = new Map<number, string[]>();
  for (const name of readdirSync(folder))
    threads.set(Number(name.split('.')[1]), readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean));
  const births = new Map<number, { parent: number; line: number }>();
  for (const [parent, lines] of threads)
    for (const [line, text] of lines.entries()) {
      const child = /^(?:fork|vfork|clone3?)\(.*\) = (\d+)$/.exec(text)?.[1];
      if (child) births.set(Number(child), { parent, line });
    }
  /** What a thread runs just before one of its lines. */
  const imageAt = (thread: number, before: number): string => {
    const own = (threads.get(thread) ?? []).slice(0, before).findLast(isSuccess);
    const birth = births.get(thread);
    if (own) return read(own).program;
    return birth ? imageAt(birth.parent, birth.line) : '';
  };
  return [...threads].flatMap(([thread, lines]) =>
    lines.flatMap((text, line) => (text.startsWith('execve') ? [{ ...read(text), by: imageAt(thread, line) }] : [])),
  );
}

function isSuccess(text: string): boolean {
  return text.startsWith('execve(') && text.endsWith(' = 0');
}

/** strace quotes as C does; what is beyond JSON's escapes is no word that was expected, and fails here. */
function read(text: string): Omit<Execution, 'by'> {
  const found = /^execve\((".*?"), (\[.*?\]), (\[.*\])\) = /.exec(text);
  if (!found) throw new Error(`not an execve as strace writes it: ${text}`);
  const [, program = '', argv = '', environment = ''] = found;
  return { program: JSON.parse(program), argv: JSON.parse(argv), environment: JSON.parse(environment) };
}
