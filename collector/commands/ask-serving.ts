import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { printable } from '@certherd/command-line/printable';
import { codeOf, messageOf, startFailure } from '../failure.ts';
import { controlPath } from '../serve/control-path.ts';

/** What the serving process answered. */
export interface ServingAnswer<T> {
  status: number;
  /** Each line of JSON, as it comes. */
  lines: AsyncIterable<T>;
}

/**
 * Asks the process that serves this data directory, over its unix socket. undefined: none listens there. Rejects, with one line that
 * says what to do, where the socket may not be used or the connection is lost.
 */
export async function askServing<T>(
  directory: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<ServingAnswer<T> | undefined> {
  const control = controlPath(directory);
  try {
    const asked = request({
      socketPath: control.path,
      method,
      path,
      headers: body ? { 'content-type': 'application/json' } : {},
    });
    asked.end(body && JSON.stringify(body));
    const [response]: IncomingMessage[] = await once(asked, 'response');
    if (!response) throw new Error('no answer');
    asked.on('error', () => {});
    return { status: response.statusCode ?? 0, lines: linesOf(response, directory) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw startFailure(
      code === 'EACCES'
        ? `${directory}: the serving collector may not be asked (EACCES): run this as root or as the collector's own user`
        : `${directory}: the serving collector does not answer (${messageOf(error)}): look at its log`,
    );
  } finally {
    control.close();
  }
}

/** The one answer of the serving process. Rejects, with one line that says what to do, where none serves or it refuses. */
export async function servedAnswer<T extends object>(
  directory: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<T> {
  const answer = await askServing<T & { detail?: string }>(directory, method, path, body);
  if (!answer)
    throw startFailure(
      `${directory}: no collector serves it, and agents speak to one that does: start certherd-collector serve`,
    );
  for await (const view of answer.lines) {
    if (answer.status === 200) return view;
    throw startFailure(printable(view.detail ?? `the serving collector answered ${answer.status}`));
  }
  throw startFailure('the serving collector gave no answer: look at its log');
}

async function* linesOf<T>(response: IncomingMessage, directory: string): AsyncGenerator<T> {
  try {
    for await (const line of createInterface({ input: response })) {
      const value: T = JSON.parse(line);
      yield value;
    }
  } catch (error) {
    throw lost(directory, messageOf(error));
  }
  if (!response.complete) throw lost(directory, 'the connection broke');
}

function lost(directory: string, why: string): Error {
  return startFailure(
    `${directory}: the serving collector ended in the middle (${why}): look at its log, and run this again`,
  );
}
