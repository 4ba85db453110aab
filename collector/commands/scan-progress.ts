import type { Console } from './command.ts';

/** Nothing is shown of a scan that is over before. */
const silentMs = 1_000;
const betweenMs = 200;
const betweenLinesMs = 10_000;

/** How far a scan is, on standard error: one line that is written over where a person watches, else a line every ten seconds. */
export function scanProgress(all: number, before: number, { clock, complain }: Pick<Console, 'clock' | 'complain'>) {
  const began = clock.monotonic();
  const isWatched = process.stderr.isTTY;
  let done = before;
  let isShown = false;
  const show = () => {
    const passed = (clock.monotonic() - began) / 1000;
    const rate = (done - before) / passed;
    const rest = rate > 0 ? `, ${Math.ceil((all - done) / rate)} s left` : '';
    const text = `${done} of ${all} targets asked${rest}`;
    if (isWatched) process.stderr.write(`\r\u001b[K${text}`);
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
