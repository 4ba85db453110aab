import type { Console } from './command.ts';

/** Nothing is shown of a scan that is over before. */
const silentMs = 1_000;
const betweenMs = 200;
const betweenLinesMs = 10_000;

/** How far a scan is, on standard error: a bar in one line that is written over where a person watches, else a line every ten seconds. */
export function scanProgress(all: number, before: number, { clock, complain }: Pick<Console, 'clock' | 'complain'>) {
  const began = clock.monotonic();
  const isWatched = process.stderr.isTTY;
  let done = before;
  let isShown = false;
  const show = () => {
    const text = progressText({ all, before, done, passedMs: clock.monotonic() - began });
    if (isWatched) process.stderr.write(`\r\u001b[K${progressBar(done, all)} ${text}`);
    else complain(text);
    isShown = true;
    cancel = clock.after(isWatched ? betweenMs : betweenLinesMs, show);
  };
  let cancel = clock.after(isWatched ? silentMs : betweenLinesMs, show);
  return {
    seen: () => void done++,
    end(): void {
      cancel();
      if (isShown && isWatched) process.stderr.write('\r\u001b[K');
    },
  };
}

const barLength = 24;

/** "[######------------------]": in whole steps, so that a full one says that all is done. */
export function progressBar(done: number, all: number): string {
  const steps = Math.floor((barLength * done) / all);
  return `[${'#'.repeat(steps)}${'-'.repeat(barLength - steps)}]`;
}

/** "120 of 500 targets asked, 4 s left": the rest at the pace of this run, without what an earlier one asked. */
export function progressText({
  all,
  before,
  done,
  passedMs,
}: Readonly<Record<'all' | 'before' | 'done' | 'passedMs', number>>): string {
  const perMs = (done - before) / passedMs;
  const rest = perMs > 0 ? `, ${Math.ceil((all - done) / perMs / 1000)} s left` : '';
  return `${done} of ${all} targets asked${rest}`;
}
