import type { Result } from '@certherd/protocol/failure';
import type { LoggedDraft, LogState } from '../../store/transparency.ts';
import { type Checkpoint, type LogIdentity, readCheckpoint } from './checkpoint.ts';
import { loggedCertificate } from './logged-certificate.ts';
import { appended, emptyRange, fullRoot, rootOf, type TreeRange } from './merkle.ts';
import { readDataTile } from './tile-leaf.ts';
import { tilePath, tileWidth } from './tile-path.ts';
import type { IsWatched } from './watched-names.ts';

/** Gets what is below a log's monitoring prefix; 'absent': it has no such thing. */
export type GetFromLog = (path: string) => Promise<Result<Uint8Array, string>>;

export interface LogNeeds {
  log: LogIdentity;
  get: GetFromLog;
  isWatched: IsWatched;
  /** Data tiles that one pass reads. */
  mostTiles: number;
  /** Of a log that is read for the first time its last so many entries are. */
  firstEntries: number;
}

/** What one pass came to: how far it got, and what is proved of what was found. */
export interface LogPass {
  state: Pick<LogState, 'proved' | 'towards' | 'size'>;
  found: LoggedDraft[];
  /** Why it did not get further; what is proved stays so. */
  failure?: string;
}

/**
 * Reads a log on from where it was read to, towards a tree that its key signed. What is found counts once all hashes up to that tree's end make its root:
 * then every entry is in the tree, none was left out, and the tree of before is its beginning (RFC 6962 2.1.2). Else all since then is dropped.
 */
export async function readLog(before: LogState | undefined, needs: LogNeeds): Promise<LogPass> {
  const known: LogPass['state'] = before ?? { proved: { size: 0, hashes: [] }, size: 0 };
  const stopped = (failure: string, state = known): LogPass => ({ state, found: [], failure });
  let { towards } = known;
  let size = known.size;
  if (!towards) {
    const text = await needs.get('checkpoint');
    if (!text.ok) return stopped(text.failure);
    const checkpoint = readCheckpoint(Buffer.from(text.value).toString('utf8'), needs.log);
    if (!checkpoint.ok) return stopped(`checkpoint: ${checkpoint.failure}`);
    const begun = await begin(before && rangeOf(known.proved), checkpoint.value, needs);
    if (!begun.ok) return stopped(begun.failure);
    size = Math.max(size, checkpoint.value.size);
    // A cache may still have the checkpoint of before.
    if (checkpoint.value.size <= begun.value.size)
      return { state: { proved: keptRange(begun.value), size }, found: [] };
    const root = Buffer.from(checkpoint.value.root).toString('base64');
    towards = { size: checkpoint.value.size, root, read: keptRange(begun.value), found: [] };
  }
  const read = await readTowards(towards, needs);
  const state = { proved: known.proved, size, towards: read.towards };
  if (read.failure !== undefined)
    return read.isWrong ? stopped(read.failure, without(state)) : stopped(read.failure, state);
  if (read.towards.read.size < towards.size) return { state, found: [] };
  const root = Buffer.from(rootOf(rangeOf(read.towards.read))).toString('base64');
  if (root !== towards.root)
    return stopped('what it gave is not what its key signed: the hashes do not make the tree’s', without(state));
  return { state: { proved: read.towards.read, size }, found: read.towards.found };
}

type Towards = NonNullable<LogState['towards']>;

interface ReadTowards {
  towards: Towards;
  failure?: string;
  /** What it gave is wrong, and not only late. */
  isWrong?: boolean;
}

async function readTowards(
  { size, root, read, found }: Towards,
  { log, get, isWatched, mostTiles }: LogNeeds,
): Promise<ReadTowards> {
  let range = rangeOf(read);
  const all = [...found];
  const soFar = (): Towards => ({ size, root, read: keptRange(range), found: all });
  for (let tiles = 0; tiles < mostTiles && range.size < size; tiles++) {
    const index = Math.floor(range.size / tileWidth);
    const width = Math.min(tileWidth, size - index * tileWidth);
    const bytes = await getTile(get, 'data', index, width);
    if (!bytes.ok) return { towards: soFar(), failure: bytes.failure };
    const entries = readDataTile(bytes.value);
    const where = tilePath('data', index, width);
    if (!entries.ok) return { towards: soFar(), failure: `${where}: ${entries.failure}`, isWrong: true };
    if (entries.value.length < width)
      return { towards: soFar(), failure: `${where}: ${entries.value.length} entries`, isWrong: true };
    for (const entry of entries.value.slice(range.size - index * tileWidth, width)) {
      const logged = loggedCertificate(entry, isWatched);
      if (logged) all.push({ ...logged, log: log.origin, entry: range.size });
      range = appended(range, entry.hash);
    }
  }
  return { towards: soFar() };
}

/** Where reading goes on: where it ended, or, the first time, some way before the end of the tree, with the hashes of what lies before. */
async function begin(
  proved: TreeRange | undefined,
  { size, root }: Checkpoint,
  { get, firstEntries }: LogNeeds,
): Promise<Result<TreeRange, string>> {
  if (!proved) {
    const from = Math.max(0, Math.floor((size - firstEntries) / tileWidth) * tileWidth);
    return rangeAt(from, size, get);
  }
  if (size === proved.size && !Buffer.from(root).equals(rootOf(proved)))
    return { ok: false, failure: `it signed two trees of ${size} entries` };
  return { ok: true, value: proved };
}

/** The hashes of the first `from` entries (whole tiles), out of the tiles of a tree of `size`: proved with all that is read behind them. */
async function rangeAt(from: number, size: number, get: GetFromLog): Promise<Result<TreeRange, string>> {
  const hashes: Uint8Array[] = [];
  let offset = 0;
  for (let bit = 48; bit >= 8; bit--) {
    const span = 2 ** bit;
    if (Math.floor(from / span) % 2 === 0) continue;
    const level = Math.floor(bit / 8);
    const unit = tileWidth ** level;
    const first = offset / unit;
    const index = Math.floor(first / tileWidth);
    const width = Math.min(tileWidth, Math.floor(size / unit) - index * tileWidth);
    const tile = await getTile(get, level, index, width);
    if (!tile.ok) return tile;
    if (tile.value.length < width * 32) return { ok: false, failure: `${tilePath(level, index, width)} is too short` };
    const at = first - index * tileWidth;
    const parts = Array.from({ length: span / unit }, (_, part) =>
      tile.value.subarray((at + part) * 32, (at + part + 1) * 32),
    );
    const hash = fullRoot(parts);
    if (hash) hashes.push(hash);
    offset += span;
  }
  return { ok: true, value: from === 0 ? emptyRange : { size: from, hashes } };
}

/** A partial tile may be gone once the whole one is there. */
async function getTile(
  get: GetFromLog,
  level: number | 'data',
  index: number,
  width: number,
): Promise<Result<Uint8Array, string>> {
  const tile = await get(tilePath(level, index, width));
  return tile.ok || width === tileWidth ? tile : get(tilePath(level, index, tileWidth));
}

function rangeOf({ size, hashes }: LogState['proved']): TreeRange {
  return { size, hashes: hashes.map((hash) => Buffer.from(hash, 'base64')) };
}

function keptRange({ size, hashes }: TreeRange): LogState['proved'] {
  return { size, hashes: hashes.map((hash) => Buffer.from(hash).toString('base64')) };
}

function without({ proved, size }: LogPass['state']): LogPass['state'] {
  return { proved, size };
}
