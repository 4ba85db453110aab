import type { Estate, FindingView, TargetView } from '../serve/estate.ts';

export type TargetPlace = TargetView['places'][number];

/** `unasked`: not yet. `failing`: it showed nothing when it was asked last. */
export type TargetState = 'found' | 'failing' | 'unasked' | 'fine';

/** What one address of a target presents to clients of one kind of key; a target that never showed anything has one row without. */
export interface TargetPlaceRow {
  readonly target: TargetView;
  readonly place: TargetPlace | undefined;
  readonly state: TargetState;
  /** Why nothing was shown. */
  readonly failure: string | undefined;
  /** About this place. */
  readonly findings: readonly FindingView[];
}

const order: readonly TargetState[] = ['found', 'failing', 'unasked', 'fine'];

/** Every target, what needs a person first, then by its text. */
export function targetRowsOf({ targets, findings }: Pick<Estate, 'targets' | 'findings'>): TargetPlaceRow[] {
  const about = Map.groupBy(findings, ({ subject }) => subject.id);
  return targets
    .flatMap((target): TargetPlaceRow[] => {
      const places = target.places.length > 0 ? target.places : [undefined];
      return places.map((place) => {
        const own = subjectsOf(target, place).flatMap((id) => about.get(id) ?? []);
        const failed = place?.failure ?? target.failure;
        const failure = failed && `${failed.reason}${failed.detail === '' ? '' : `: ${failed.detail}`}`;
        return { target, place, state: stateOf(target, own, failure), failure, findings: own };
      });
    })
    .sort(
      (one, other) =>
        order.indexOf(one.state) - order.indexOf(other.state) || inOrder(one.target.target, other.target.target),
    );
}

function stateOf({ askedAt }: TargetView, findings: readonly FindingView[], failure: string | undefined): TargetState {
  if (findings.some(({ severity }) => severity !== 'notice')) return 'found';
  if (failure !== undefined) return 'failing';
  return askedAt === undefined ? 'unasked' : 'fine';
}

/** What findings about it are of (collector/evaluate/outside): the target, its address, and its address for one kind of key. */
function subjectsOf(
  { target, vantage, vantageName = vantage }: TargetView,
  place: TargetPlace | undefined,
): readonly string[] {
  const [, host = '', port = ''] = /^(?:[a-z0-9]+:\/\/)?(.*):(\d+)$/.exec(target) ?? [];
  const name = host.replace(/^\[|\]$/g, '');
  const from = vantage === 'collector' ? '' : ` from ${vantageName.slice(0, 253)}`;
  const whole = `${host}:${port}${from}`;
  if (place === undefined) return [whole];
  const address = place.address.includes(':') ? `[${place.address}]` : place.address;
  const at = `${name}@${address}:${port}`;
  return [whole, `${at}${from}`, ...(place.algorithm === undefined ? [] : [`${at}/${place.algorithm}${from}`])];
}

/** Where it is asked from, as people call it. */
export function vantageOf({ vantage, vantageName }: Pick<TargetView, 'vantage' | 'vantageName'>): string {
  return vantage === 'collector' ? 'the collector' : (vantageName ?? vantage);
}

/** Does a row hold a word, in lower case? */
export function targetHolds({ target, place, state, failure, findings }: TargetPlaceRow, word: string): boolean {
  return [
    target.target,
    vantageOf(target),
    target.setBy,
    state,
    failure,
    place?.address,
    place?.subject,
    place?.issuer,
    place?.served,
    ...findings.map(({ code }) => code),
    ...Object.entries(target.labels ?? {}).map(([key, value]) => `${key}=${value}`),
  ].some((text) => text?.toLowerCase().includes(word));
}

/** The leaf that an address presented when it was asked last; undefined: it was silent, and what is told of it is from before. */
export function presentedBy(
  { failure }: Pick<TargetView, 'failure'>,
  place: Pick<TargetPlace, 'served' | 'failure'>,
): string | undefined {
  return failure || place.failure ? undefined : place.served;
}

/** Addresses that present this leaf to those who look from outside, and are not silent. */
export function placesServing(targets: readonly TargetView[], fingerprint: string) {
  return targets.flatMap((target) =>
    target.places.filter((place) => presentedBy(target, place) === fingerprint).map((place) => ({ target, place })),
  );
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
