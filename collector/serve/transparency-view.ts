import { Fingerprint, Instant } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import { unlistedNames } from '../evaluate/outside/unlisted-names.ts';
import { LogFailureReason, type LoggedRow, type LogRow } from '../store/transparency.ts';
import type { Estate } from './estate.ts';

const closed = { additionalProperties: false };

/** What was read in transparency logs. Strings are raw. */
export const TransparencyView = Type.Object(
  {
    version: Type.Literal(1),
    at: Instant,
    logs: Type.Array(
      Type.Object(
        {
          /** Its origin. */
          log: Type.String(),
          /** Entries that it had when it was asked last, and up to which one they are read and proved. */
          size: Type.Integer(),
          proved: Type.Integer(),
          /** When it was read last to the end of a signed tree, and since when it was not, though it was tried. */
          readAt: Type.Optional(Instant),
          behindSince: Type.Optional(Instant),
          failure: Type.Optional(
            Type.Object({ reason: LogFailureReason, detail: Type.String(), since: Instant }, closed),
          ),
        },
        closed,
      ),
    ),
    /** Certificates with watched names, the last logged first. */
    certificates: Type.Array(
      Type.Object(
        {
          issuer: Type.String(),
          serialNumber: Type.String(),
          notBefore: Instant,
          notAfter: Instant,
          names: Type.Array(Type.String()),
          loggedAt: Instant,
          log: Type.String(),
          entry: Type.Integer(),
          /** Absent: only its precertificate was seen. */
          fingerprint: Type.Optional(Fingerprint),
          /** A host of the fleet holds or held it. */
          held: Type.Boolean(),
        },
        closed,
      ),
    ),
    /** Names that have a valid certificate and that nobody listed here. */
    names: Type.Array(
      Type.Object({ name: Type.String(), loggedAt: Instant, until: Instant, issuer: Type.String() }, closed),
    ),
  },
  closed,
);
export type TransparencyView = Static<typeof TransparencyView>;

/** What names are known by. */
interface Known {
  targets: Iterable<Pick<Estate['targets'][number], 'target'>>;
  listed: Iterable<Pick<Estate['listed'][number], 'name'>>;
  endpoints: Iterable<Pick<Estate['endpoints'][number], 'serverName'>>;
  certificates: Iterable<Pick<Estate['certificates'][number], 'subjectAltNames'>>;
}

/** As of `now`, in milliseconds since 1970. `held`, if given: only certificates that a host holds, or only those that none does; names are of all. */
export function transparencyView(
  rows: readonly LoggedRow[],
  logs: readonly LogRow[],
  known: Known,
  now: number,
  held?: boolean,
): TransparencyView {
  const shown = held === undefined ? rows : rows.filter((row) => row.held === held);
  return {
    version: 1,
    at: instant(now),
    logs: logs.map(({ log, state: { size, proved, readAt, behindSince, failure } }) => ({
      log,
      size,
      proved: proved.size,
      ...(readAt !== undefined && { readAt: instant(readAt) }),
      ...(behindSince !== undefined && { behindSince: instant(behindSince) }),
      ...(failure && { failure: { ...failure, since: instant(failure.since) } }),
    })),
    certificates: shown.map(({ id: _id, notBefore, notAfter, loggedAt, ...row }) => ({
      ...row,
      notBefore: instant(notBefore),
      notAfter: instant(notAfter),
      loggedAt: instant(loggedAt),
    })),
    names: unlistedNames(rows, namesOf(known), now).map(({ loggedAt, until, ...one }) => ({
      ...one,
      loggedAt: instant(loggedAt),
      until: instant(until),
    })),
  };
}

function namesOf({ targets, listed, endpoints, certificates }: Known): Set<string> {
  const names = new Set<string>();
  for (const { target } of targets) names.add(target.replace(/^[a-z0-9]+:\/\//, '').replace(/:\d+$/, ''));
  for (const { name } of listed) names.add(name.toLowerCase());
  for (const { serverName } of endpoints) names.add(serverName.toLowerCase());
  for (const { subjectAltNames } of certificates) for (const name of subjectAltNames) names.add(name.toLowerCase());
  return names;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
