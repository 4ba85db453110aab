/** A moment of the estate, as the collector names it: which process, and how many changes it told before. */
export interface Moment {
  run: string;
  revision: number;
}

/** Of an id of the stream, or an entity tag of the estate. */
export function momentOf(text: string | null): Moment | undefined {
  const [, run, revision] = /^(?:W\/)?"?([0-9a-f]+)-(\d+)"?$/.exec(text ?? '') ?? [];
  return run === undefined ? undefined : { run, revision: Number(revision) };
}

export function idOf({ run, revision }: Moment): string {
  return `${run}-${revision}`;
}

/** What to do with a change that leads to `then`, of which `now` is known. */
export function fits(now: Moment | undefined, then: Moment | undefined): 'next' | 'known' | 'gap' {
  if (!now || now.run !== then?.run) return 'gap';
  if (then.revision <= now.revision) return 'known';
  return then.revision === now.revision + 1 ? 'next' : 'gap';
}
