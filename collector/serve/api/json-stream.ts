import { Readable } from 'node:stream';
import { setImmediate as othersTurn } from 'node:timers/promises';

const chunkLength = 16 * 1024;
/** What is made of a text may take much work. */
const turnMs = 3;

/** The JSON text of an object, an item of its lists at a time: a large estate as one text would hold up all agents. */
export function jsonStream(body: object, now: () => number): Readable {
  return textStream(jsonPieces(body), now);
}

/**
 * Chunks large enough to be cheap; after each one, and where some milliseconds went since, everything else has its turn, however fast the reader is. That is
 * looked at after each piece: an empty one says that there was work. `now` in milliseconds, of a clock that may be set.
 */
export function textStream(pieces: Iterable<string>, now: () => number): Readable {
  return Readable.from(inChunks(pieces, now));
}

function* jsonPieces(body: object): Generator<string> {
  let lead = '{';
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined) continue;
    yield `${lead}${JSON.stringify(name)}:`;
    lead = ',';
    if (isList(value)) {
      yield '[';
      let comma = '';
      for (const item of value) {
        yield `${comma}${JSON.stringify(item)}`;
        comma = ',';
      }
      yield ']';
    } else yield JSON.stringify(value);
  }
  yield '}';
}

function isList(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

async function* inChunks(text: Iterable<string>, now: () => number): AsyncGenerator<string> {
  let chunk = '';
  let began = now();
  for (const piece of text) {
    chunk += piece;
    if (chunk.length >= chunkLength) {
      yield chunk;
      chunk = '';
    } else if (Math.abs(now() - began) < turnMs) continue;
    await othersTurn();
    began = now();
  }
  yield chunk;
}
