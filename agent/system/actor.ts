import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import Type from 'typebox';
import { Outcome, type Request } from '../decide/action.ts';
import { checkedJson } from '../formats/checked-json.ts';
import type { Actor } from '../ports.ts';

const Line = Type.Union([Type.Object({ progress: Type.String() }), Type.Object({ outcome: Outcome })]);
const longestMs = 3_700_000;

/** Runs `act` as a child process: the daemon itself runs no other program and loads nothing that could. */
export function childActor(configPath: string | undefined): Actor {
  return (request, progress) =>
    new Promise((resolve) => {
      const script = process.argv[1] ? [process.argv[1]] : [];
      const child = spawn(process.execPath, [...script, 'act', ...(configPath ? ['--config', configPath] : [])], {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true,
      });
      let outcome: Outcome | undefined;
      const deadline = setTimeout(() => child.kill('SIGTERM'), longestMs);
      const end = (fallback: string) => {
        clearTimeout(deadline);
        resolve(outcome ?? broken(request, fallback));
      };
      child.once('error', (error) => end(error.message));
      child.stdin.on('error', () => {});
      child.stdin.end(`${JSON.stringify(request)}\n`);
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => {
        const message = checkedJson(line, Line);
        if (message && 'progress' in message) progress(message.progress);
        if (message && 'outcome' in message) outcome = message.outcome;
      });
      child.once('close', (code, signal) => end(`the action's process ended without an outcome (${signal ?? code})`));
    });
}

function broken(request: Request, detail: string): Outcome {
  return { verb: request.verb, reason: 'internal', detail, steps: [] };
}
