import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../failure.ts';
import type { Clock, Log } from '../ports.ts';
import { type CopyDatabase, removeLeftovers } from '../store/sqlite/backup.ts';
import type { Mark } from '../store/sqlite/mark.ts';
import { sendProblem } from './problem.ts';

export interface BackupNeeds {
  directory: string;
  log: Log;
  clock: Clock;
  copyTo: CopyDatabase;
}

/** A line of the answer to POST /backup: how far it is, then what came about. */
export type BackupLine =
  | { progress: { total: number; remaining: number } }
  /** `name` is a file of the data directory, for whoever asked to take away; `at` in milliseconds since 1970. */
  | { done: { name: string; mark: Mark; at: number } }
  | { failed: string };

const tellEveryMs = 500;

/** POST /backup: copies the database into the data directory, where the sandbox lets this process write. One at a time. */
export function addBackup(app: FastifyInstance, { directory, log, clock, copyTo }: BackupNeeds): void {
  let busy = false;
  app.post('/backup', (request, reply) => {
    if (busy) return sendProblem(reply, 409, 'Conflict', 'Another backup is being made: wait for its end.');
    busy = true;
    let gone = false;
    request.raw.socket.once('close', () => {
      gone = true;
    });
    return reply.header('content-type', 'application/x-ndjson').send(inLines(copy(() => gone)));
  });

  async function* copy(isGone: () => boolean): AsyncGenerator<BackupLine> {
    const name = `backup-${randomBytes(8).toString('hex')}.db`;
    let told: BackupLine | undefined;
    let answer: BackupLine | undefined;
    let wake = () => {};
    let abandoned = true;
    removeLeftovers(directory, clock.now());
    const ended = copyTo(join(directory, name), (progress) => {
      if (isGone()) throw new Error('whoever asked for it is gone');
      told = { progress };
    })
      .then(
        (mark) => ({ done: { name, mark, at: clock.now() } }),
        (error: unknown) => ({ failed: messageOf(error) }),
      )
      .then((line) => {
        answer = line;
        wake();
        return line;
      });
    try {
      while (!answer) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(tellEveryMs, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
        if (!answer && told) yield told;
      }
      yield await ended;
      abandoned = false;
    } finally {
      const line = await ended;
      if ('failed' in line) log.error({ detail: line.failed }, 'a backup failed');
      else log.info({ name }, 'the database was copied for a backup');
      if (abandoned) rmSync(join(directory, name), { force: true });
      busy = false;
    }
  }
}

/** A line of JSON for each value, as they come. */
function inLines(values: AsyncIterable<object>): Readable {
  return Readable.from(
    (async function* () {
      for await (const value of values) yield `${JSON.stringify(value)}\n`;
    })(),
  );
}
