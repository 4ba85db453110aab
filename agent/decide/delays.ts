import type { FindingCode } from '@certherd/protocol/finding';
import type { Config } from '../config.ts';

/** What healthy work looks like the finding until it ends, in words for a person; `atMostMs` is how long that lasts. */
interface UnderWay {
  what: string;
  atMostMs: number;
}

/** Facts that nothing under way explains: told at the first look that sees them. */
const nothing: UnderWay = { what: '', atMostMs: 0 };
/** A file is copied, or saved by an editor: seconds. */
const writing: UnderWay = { what: 'a file that is being written', atMostMs: 10_000 };
/** A server that is stopped and started: nginx and HAProxy take a second, a package upgrade some more. */
const restart: UnderWay = { what: 'a restart that is under way', atMostMs: 30_000 };
/** certbot's links change before its deploy hooks run, and its post hooks run after the last lineage: the setting says how long. */
const renewal: UnderWay = { what: 'a renewal that is under way', atMostMs: Number.POSITIVE_INFINITY };

const underWay: Readonly<Record<FindingCode, UnderWay>> = {
  // Between certbot's links and the reload of its hook every healthy renewal looks like the incident.
  'not-served': renewal,
  // A deploy hook copies what certbot wrote.
  'stale-copy': renewal,
  // Nobody listens while a server starts again, and during a reload the old and the new config answer by turns.
  'endpoint-unreachable': restart,
  'listener-unbound': restart,
  'wrong-server': restart,
  // It repeats what another finding says of files or ports, and must not be told before that one.
  'restart-would-fail': restart,
  'config-broken': writing,
  'file-missing': writing,
  'file-unreadable': writing,
  // The plan holds the reload back from the first look on, and certbot's own writing is `settling`.
  // certbot writes a version into its archive before it moves the links.
  restored: writing,
  'key-mismatch': nothing,
  settling: nothing,
  // That it lasts more than a minute is judged before.
  'lineage-broken': nothing,
  // Told from nginx's own log, or from what the agent itself has tried: over and done.
  'reload-failed': nothing,
  'deployment-failing': nothing,
  'renewal-failing': nothing,
  'renewal-would-fail': nothing,
  // Time or a certificate's own bytes say so.
  expired: nothing,
  'not-yet-valid': nothing,
  overdue: nothing,
  due: nothing,
  'name-mismatch': nothing,
  'chain-incomplete': nothing,
  'chain-untrusted': nothing,
  'weak-key': nothing,
  'weak-signature': nothing,
  // A state of the host that nobody passes through on the way to another.
  'key-exposed': nothing,
  unmanaged: nothing,
  'renewal-timer-dead': nothing,
  'certbot-absent': nothing,
  'server-absent': nothing,
  'nothing-found': nothing,
  'sandbox-blocked': nothing,
  'snapshot-reduced': nothing,
};

/** How long a finding must last before it is shown, and be gone before it has ended; milliseconds. */
export function delayOf(code: FindingCode, { findingDelayMs }: Pick<Config, 'findingDelayMs'>): number {
  return Math.min(underWay[code]?.atMostMs ?? 0, findingDelayMs);
}

/** What a finding that has not lasted for its delay may be instead: "a renewal that is under way". */
export function mayBe(code: FindingCode): string {
  return underWay[code]?.what ?? '';
}
