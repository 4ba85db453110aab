import type { Finding, Severity, Subject } from '@certherd/protocol/finding';
import type { Change } from '../store/facts.ts';

/** A finding as long as it stood. Instants are milliseconds since 1970, by the collector's clock. */
export interface FindingSpan {
  code: string;
  severity: Severity;
  subject: Subject;
  from: number;
  /** undefined: it stands. */
  until: number | undefined;
}

/** A certificate that took the place of another one at an endpoint, and when clients were shown it. */
export interface Serving {
  /** The endpoint's id. */
  endpoint: string;
  fingerprint: string;
  /** When a look first saw it issued, or configured where no lineage issues it. */
  issuedAt: number;
  /** When a look first saw it served; undefined: it is not, or another one came before. */
  servedAt: number | undefined;
}

export interface HostHistory {
  findings: FindingSpan[];
  servings: Serving[];
}

/**
 * What a host's changes tell of its findings and of its renewals' way to the clients, as far as that reaches beyond `since`
 * (milliseconds since 1970). Of what came before `since` the last row of each subject and kind is enough. The first certificate that is known of an
 * endpoint took no other one's place.
 */
export function hostHistoryOf(changes: readonly (Change & { at: number })[], since: number): HostHistory {
  const open = new Map<string, FindingSpan>();
  const latest = new Map<string, Serving>();
  const findings: FindingSpan[] = [];
  const servings: Serving[] = [];
  for (const { at, kind, subject, before, after } of changes) {
    if (kind === 'finding-opened') opened(subject, at, after);
    else if (kind === 'finding-closed') closed(subject, at);
    else if (kind === 'endpoint-issued' || kind === 'endpoint-configured') begun(subject, at, before, after);
    else if (kind === 'endpoint-served') served(subject, at, after);
  }
  const reaches = ({ until }: FindingSpan) => until === undefined || until >= since;
  return {
    findings: findings.filter(reaches),
    servings: servings.filter(({ issuedAt }) => issuedAt >= since),
  };

  function opened(key: string, at: number, text: string | undefined): void {
    if (text === undefined) return;
    const { code, severity, subject }: Finding = JSON.parse(text);
    const span = { code, severity, subject, from: at, until: undefined };
    open.set(key, span);
    findings.push(span);
  }

  function closed(key: string, at: number): void {
    const span = open.get(key);
    if (span) span.until = at;
    open.delete(key);
  }

  function begun(endpoint: string, at: number, before: string | undefined, fingerprint: string | undefined): void {
    // before `since` it only matters which one was the last to be on its way
    if (at < since && fingerprint === undefined) latest.delete(endpoint);
    if (fingerprint === undefined || latest.get(endpoint)?.fingerprint === fingerprint) return;
    if (at >= since && before === undefined) return;
    const serving = { endpoint, fingerprint, issuedAt: at, servedAt: undefined };
    latest.set(endpoint, serving);
    servings.push(serving);
  }

  function served(endpoint: string, at: number, fingerprint: string | undefined): void {
    const serving = latest.get(endpoint);
    if (serving?.fingerprint === fingerprint && serving) serving.servedAt ??= at;
  }
}
