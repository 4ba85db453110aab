import type { Result } from '@certherd/protocol/failure';
import type { LogFailureReason, LoggedDraft, LogState } from '../../store/transparency.ts';
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
  /** Milliseconds since 1970. */
  now: number;
}

/** Why a pass got no further. The detail is raw. */
export interface LogFailure {
  reason: LogFailureReason;
  detail: string;
}

/** Of what is found on the way to a tree so much is kept as JSON, some ten thousand certificates: it is written with each pass. */
const mostFoundLength = 4 * 1024 * 1024;
/** A log signs its tree anew within its maximum merge delay, which is a day for all. */
const mostAgeMs = 86_400_000;
/** So far the clocks of a log and of this machine may differ. */
const mostAheadMs = 3_600_000;

/** What one pass came to: how far it got, and what is proved of what was found. */
export interface LogPass {
  state: Pick<LogState, 'proved' | 'towards' | 'size'>;
  found: LoggedDraft[];
  /** So many more were found than are kept; absent: none. */
  leftOut?: number;
  /** Why it did not get further; what is proved stays so. */
  failure?: LogFailure;
}

/**
 * Reads a log on from where it was read to, towards a tree that its key signed. What is found counts once all hashes up to that tree's end make its root:
 * then every entry is in the tree, none was left out, and the tree of before is its beginning (RFC 6962 2.1.2). Else all since then is dropped.
 */
export async function readLog(before: LogState | undefined, needs: LogNeeds): Promise<LogPass> {
  const known: LogPass['state'] = before ?? { proved: { size: 0, hashes: [] }, size: 0 };
  const stopped = (failure: LogFailure, state = known): LogPass => ({ state, found: [], failure });
  let { towards } = known;
  let size = known.size;
  if (!towards) {
    const signed = await signedTree(known.proved.size, needs);
    if (!signed.ok) return stopped(signed.failure);
    const checkpoint = signed.value;
    const begun = await begin(known.proved.size > 0 ? rangeOf(known.proved) : undefined, checkpoint, needs);
    if (!begun.ok) return stopped(begun.failure);
    ({ size } = checkpoint);
    if (size === begun.value.size) return { state: { proved: keptRange(begun.value), size }, found: [] };
    const root = Buffer.from(checkpoint.root).toString('base64');
    towards = { size, root, timestamp: checkpoint.timestamp, read: keptRange(begun.value), found: [], leftOut: 0 };
  }
  const read = await readTowards(towards, needs);
  const state = { proved: known.proved, size, towards: read.towards };
  if (read.failure) return stopped(read.failure, read.failure.reason === 'wrong-tile' ? without(state) : state);
  if (read.towards.read.size < towards.size) return { state, found: [] };
  const root = Buffer.from(rootOf(rangeOf(read.towards.read))).toString('base64');
  if (root !== towards.root) {
    const detail = 'what it gave is not what its key signed: the hashes do not make the tree’s';
    return stopped({ reason: 'other-tree', detail }, without(state));
  }
  const { read: proved, found, leftOut } = read.towards;
  return { state: { proved, size }, found, ...(leftOut > 0 && { leftOut }) };
}

/** The checkpoint that a log has now: of its key, of these hours, and of no fewer entries than are proved. */
async function signedTree(proved: number, { log, get, now }: LogNeeds): Promise<Result<Checkpoint, LogFailure>> {
  const text = await get('checkpoint');
  if (!text.ok) return failed('no-answer', text.failure);
  const checkpoint = readCheckpoint(Buffer.from(text.value).toString('utf8'), log);
  if (!checkpoint.ok) return failed('not-signed', `checkpoint: ${checkpoint.failure}`);
  const { size, timestamp } = checkpoint.value;
  if (timestamp > now + mostAheadMs) return failed('early', 'its checkpoint is of a time to come');
  if (timestamp < now - mostAgeMs)
    return failed('old', `its checkpoint was signed last at ${new Date(timestamp).toISOString()}`);
  if (size < proved) return failed('smaller', `its checkpoint has ${size} entries, and ${proved} are proved`);
  return checkpoint;
}

type Towards = NonNullable<LogState['towards']>;

interface ReadTowards {
  towards: Towards;
  failure?: LogFailure;
}

async function readTowards(
  { read, found, leftOut: before, ...tree }: Towards,
  { log, get, isWatched, mostTiles }: LogNeeds,
): Promise<ReadTowards> {
  const { size, timestamp } = tree;
  let range = rangeOf(read);
  const all = [...found];
  let leftOut = before;
  let room = mostFoundLength - JSON.stringify(found).length;
  const soFar = (): Towards => ({ ...tree, read: keptRange(range), found: all, leftOut });
  for (let tiles = 0; tiles < mostTiles && range.size < size; tiles++) {
    const index = Math.floor(range.size / tileWidth);
    const width = Math.min(tileWidth, size - index * tileWidth);
    const bytes = await getTile(get, 'data', index, width);
    if (!bytes.ok) return { towards: soFar(), failure: { reason: 'no-answer', detail: bytes.failure } };
    const entries = readDataTile(bytes.value);
    const wrong = (what: string): ReadTowards => ({
      towards: soFar(),
      failure: { reason: 'wrong-tile', detail: `${tilePath('data', index, width)}: ${what}` },
    });
    if (!entries.ok) return wrong(entries.failure);
    if (entries.value.length < width) return wrong(`${entries.value.length} entries`);
    for (const entry of entries.value.slice(range.size - index * tileWidth, width)) {
      // A tree is signed after the last of its entries was taken (RFC 6962 3.5).
      if (entry.timestamp > timestamp) return wrong(`entry ${range.size} is younger than the tree`);
      const logged = loggedCertificate(entry, isWatched);
      if (logged) {
        const draft = { ...logged, log: log.origin, entry: range.size };
        room -= JSON.stringify(draft).length + 1;
        if (room < 0) leftOut++;
        else all.push(draft);
      }
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
): Promise<Result<TreeRange, LogFailure>> {
  if (!proved) {
    const from = Math.max(0, Math.floor((size - firstEntries) / tileWidth) * tileWidth);
    return rangeAt(from, size, get);
  }
  if (size === proved.size && !Buffer.from(root).equals(rootOf(proved)))
    return failed('two-trees', `it signed two trees of ${size} entries`);
  return { ok: true, value: proved };
}

/** The hashes of the first `from` entries (whole tiles), out of the tiles of a tree of `size`: proved with all that is read behind them. */
async function rangeAt(from: number, size: number, get: GetFromLog): Promise<Result<TreeRange, LogFailure>> {
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
    if (!tile.ok) return failed('no-answer', tile.failure);
    if (tile.value.length < width * 32) return failed('wrong-tile', `${tilePath(level, index, width)} is too short`);
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

function failed(reason: LogFailureReason, detail: string): { ok: false; failure: LogFailure } {
  return { ok: false, failure: { reason, detail } };
}
