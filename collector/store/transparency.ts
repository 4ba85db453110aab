import Type, { type Static } from 'typebox';
import type { Kept } from './kept.ts';

const closed = { additionalProperties: false };

/** A certificate that a log has, or will be issued by a precertificate that it has. Strings are raw and short. */
export const LoggedDraft = Type.Object(
  {
    /** SHA-256 of serial number and issuer: a precertificate and what came of it are one. */
    id: Type.String(),
    issuer: Type.String(),
    serialNumber: Type.String(),
    /** Milliseconds since 1970, as all instants here. */
    notBefore: Type.Number(),
    notAfter: Type.Number(),
    /** Those that are watched, in lower case. */
    names: Type.Array(Type.String()),
    loggedAt: Type.Number(),
    /** Which log, by its origin, and where in it. */
    log: Type.String(),
    entry: Type.Number(),
    /** Of the certificate itself; absent while only the precertificate was seen. */
    fingerprint: Type.Optional(Type.String()),
  },
  closed,
);
export type LoggedDraft = Static<typeof LoggedDraft>;

export interface LoggedRow extends LoggedDraft {
  /** A host of the fleet holds or held it, by the certificate itself that it sent. */
  held: boolean;
}

const Range = Type.Object({ size: Type.Number(), hashes: Type.Array(Type.String()) }, closed);

/**
 * Why a log was not read to its end. 'no-answer': it did not answer, or not with what was asked for. 'not-signed': its checkpoint is none of its key. 'old': its
 * checkpoint was signed more than a day ago; 'early': in a time to come. 'smaller': it signed a tree with fewer entries than are proved. 'two-trees': it signed two of one
 * size. 'wrong-tile': a tile is none of the tree. 'other-tree': the hashes do not make the tree's. 'not-kept': the database did not take what was read.
 */
export const LogFailureReason = Type.Enum([
  'no-answer',
  'not-signed',
  'old',
  'early',
  'smaller',
  'two-trees',
  'wrong-tile',
  'other-tree',
  'not-kept',
]);
export type LogFailureReason = Static<typeof LogFailureReason>;

/** How far one log was read. Hashes are base64. */
export const LogState = Type.Object(
  {
    /** Up to here it is proved: what was read is what the log's key signed. */
    proved: Range,
    /** Under way: a signed tree, how far towards it was read, and what was found on the way, which counts once its hash is right. */
    towards: Type.Optional(
      Type.Object(
        {
          size: Type.Number(),
          root: Type.String(),
          /** When it was signed: no entry of it is younger. */
          timestamp: Type.Number(),
          read: Range,
          found: Type.Array(LoggedDraft),
          /** So many more were found than are kept on the way. */
          leftOut: Type.Number(),
        },
        closed,
      ),
    ),
    /** Entries that the log had when it was asked last. */
    size: Type.Number(),
    /** When it was read last to the end of a signed tree. */
    readAt: Type.Optional(Type.Number()),
    /** Since when it was not, though it was tried. */
    behindSince: Type.Optional(Type.Number()),
    /** Stays until the end of a signed tree is reached. */
    failure: Type.Optional(
      Type.Object({ reason: LogFailureReason, detail: Type.String(), since: Type.Number() }, closed),
    ),
  },
  closed,
);
export type LogState = Static<typeof LogState>;

export interface LogRow {
  /** Its origin. */
  log: string;
  state: LogState;
}

/** How many certificates came to be held, and how many that no host holds were dropped though they had not ended. */
export interface Settled {
  held: number;
  lost: number;
}

/** What is kept of Certificate Transparency logs. */
export interface Transparency {
  logs: () => Promise<LogRow[]>;
  /** Notes how far a log was read, with what was found; a certificate that is there already gets the fingerprint that it had not. */
  keep: (log: string, state: LogState, found: readonly LoggedDraft[]) => Promise<Kept<void>>;
  /**
   * Marks what a host that is not revoked holds or told of first, as its DER says, and drops what ended before an instant, and before the newest that a log
   * told; and beyond some thousands what is held, the oldest first, and then the oldest of the others.
   */
  settle: (endedBefore: number) => Promise<Kept<Settled>>;
  /** Logs that are not read any more go. */
  keepOnly: (logs: readonly string[]) => Promise<Kept<void>>;
  /** The youngest first; `unheld`: those alone that no host holds or held. */
  certificates: (which: 'all' | 'unheld') => Promise<LoggedRow[]>;
}

/** Is there something else to tell of a log than before? That it was read a little further is none. */
export function standsOtherwise(before: LogState | undefined, after: LogState): boolean {
  const toldOf = ({ failure, behindSince }: LogState) => JSON.stringify([failure, behindSince]);
  return before === undefined || toldOf(before) !== toldOf(after);
}

/** What is judged of it. */
export async function readUnheld(from: Transparency): Promise<{ certificates: LoggedRow[]; logs: LogRow[] }> {
  return { certificates: await from.certificates('unheld'), logs: await from.logs() };
}

/** So many certificates are kept. */
export const mostLogged = 20_000;

/** As both databases give it. */
export interface RawLogged {
  id: string;
  /** A JSON text, as it stands in a certificate's row. */
  issuer: string;
  serial: string;
  not_before: number;
  not_after: number;
  names: string;
  logged_at: number;
  log: string;
  entry: number;
  fingerprint: string | null;
  held: number;
}

export function readLogged(row: RawLogged): LoggedRow {
  return {
    id: row.id,
    issuer: JSON.parse(row.issuer),
    serialNumber: row.serial,
    notBefore: row.not_before,
    notAfter: row.not_after,
    names: JSON.parse(row.names),
    loggedAt: row.logged_at,
    log: row.log,
    entry: row.entry,
    ...(row.fingerprint !== null && { fingerprint: row.fingerprint }),
    held: row.held === 1,
  };
}
