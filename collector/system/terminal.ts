import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks for a yes. undefined: there is no terminal. */
export async function confirmed(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${question} [y/N] `).catch(() => '');
  prompt.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

/** A line that is not shown while it is typed; without a terminal the first of standard input. undefined: there is none. */
export async function typedSecret(question: string): Promise<string | undefined> {
  const terminal = process.stdin.isTTY && process.stderr.isTTY;
  if (terminal) process.stderr.write(question);
  // readline shows what is typed where its output is a terminal: here it is none.
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
    if (terminal) process.stderr.write('\n');
  }
}
