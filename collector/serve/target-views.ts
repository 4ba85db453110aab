import { StartTls } from '@certherd/protocol/snapshot';
import type { LabelBook } from '../evaluate/labels.ts';
import type { Outside } from '../evaluate/outside/outside.ts';
import type { TargetRow } from '../store/targets.ts';
import type { TargetView } from './estate.ts';

/** A target as the API shows it. */
export function targetView({
  id,
  target,
  everyMs,
  vantage,
  vantageName,
  setBy,
  setAt,
  askedAt,
  wanted,
  labels,
  seen,
}: TargetRow): TargetView {
  return {
    id,
    target,
    everySeconds: everyMs / 1000,
    vantage,
    ...(vantageName !== undefined && { vantageName }),
    setBy,
    setAt: instant(setAt),
    ...(askedAt !== undefined && { askedAt: instant(askedAt) }),
    ...(wanted > 0 && { wanted: true }),
    ...(labels && { labels: { ...labels } }),
    places: (seen?.places ?? []).map(({ since, failure, staple, ...place }) => ({
      ...place,
      ...(staple && { staple: { ...staple, since: instant(staple.since) } }),
      since: instant(since),
      ...(failure && { failure: { ...failure, since: instant(failure.since) } }),
    })),
    leftOut: seen?.leftOut ?? 0,
    ...(seen?.notTold && { notTold: seen.notTold }),
    ...(seen?.failure && { failure: { reason: seen.failure.reason, detail: seen.failure.detail } }),
  };
}

/** A target as it is judged. Its text is as targetText writes it: "smtp://[2001:db8::1]:25". */
export function outsideOf(row: TargetRow): Outside {
  const { target, vantage, vantageName, labels, held, seen, setAt, askedAt, everyMs } = row;
  const [, scheme, host = '', port = ''] = /^(?:([a-z0-9]+):\/\/)?(.*):(\d+)$/.exec(target) ?? [];
  const startTls = StartTls.enum.find((one) => one === scheme);
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    ...(startTls && { startTls }),
    ...(vantage !== 'collector' && { seenFrom: vantageName ?? vantage }),
    ...(labels && { labels }),
    held,
    seen,
    setAt,
    askedAt,
    everyMs,
  };
}

/** With what the rules for names give to the name that is asked for. */
export function labelledTargets(rows: readonly TargetRow[], book: LabelBook): TargetRow[] {
  return rows.map((row) => {
    const given = [...book.ofNames([outsideOf(row).host], '')].map(([key, { value }]) => [key, value] as const);
    return given.length === 0 ? row : { ...row, labels: Object.fromEntries(given) };
  });
}

/** Was something else seen of the targets or, by `asked`, were they asked again at all? A view that is the same one is not looked through. */
export function isOther(before: readonly TargetView[], after: readonly TargetView[], by: 'asked' | 'seen'): boolean {
  if (before === after) return false;
  const textOf = (view: TargetView | undefined) =>
    JSON.stringify(view && by === 'seen' ? { ...view, askedAt: undefined } : view);
  return (
    before.length !== after.length ||
    after.some((view, at) => view !== before[at] && textOf(view) !== textOf(before[at]))
  );
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
