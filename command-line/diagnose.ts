import { type Diagnosed, type Diagnosis, notTold } from './diagnosis.ts';

/** One part of an installation: what gathers its facts, and judges them. */
export interface Area {
  name: string;
  diagnose: () => Diagnosis[] | Promise<Diagnosis[]>;
  /** After so long it is not told. */
  deadlineMs?: number;
}

/** Runs a task once after so many milliseconds; the returned function cancels it. */
export type After = (ms: number, task: () => void) => () => void;

const usualDeadlineMs = 25_000;
/** Nothing is shown of a look that is over before. */
const silentMs = 1000;
const betweenMs = 200;

/**
 * All areas at once, in their order. Each ends by its deadline, and one that throws is not told, so that the others are. `write` is
 * for one line on a terminal that tells from one second on what is waited for, and is erased at the end.
 */
export async function diagnose(
  areas: readonly Area[],
  after: After,
  write?: (text: string) => void,
): Promise<Diagnosed[]> {
  const waiting = new Set(areas.map(({ name }) => name));
  const ended = showing(waiting, after, write);
  const all = areas.map(async (area) => {
    const diagnoses = await within(area, after);
    waiting.delete(area.name);
    return { area: area.name, diagnoses };
  });
  const diagnosed = await Promise.all(all);
  ended();
  return diagnosed;
}

async function within({ name, diagnose: look, deadlineMs = usualDeadlineMs }: Area, after: After) {
  let cancel = () => {};
  const late = new Promise<Diagnosis[]>((resolve) => {
    const says = `${name} could not be looked at within ${Math.round(deadlineMs / 1000)} s`;
    cancel = after(deadlineMs, () => resolve([notTold(name, says)]));
  });
  // A turn of the loop for each: one that reads much holds the others up no longer than it must.
  const started = new Promise<void>((resolve) => after(0, resolve)).then(look);
  try {
    return await Promise.race([started, late]);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return [notTold(name, `${name} could not be looked at: ${words}`, { why: 'That is a defect: please report it.' })];
  } finally {
    cancel();
  }
}

function showing(waiting: ReadonlySet<string>, after: After, write: ((text: string) => void) | undefined): () => void {
  if (!write) return () => {};
  let isShown = false;
  const show = () => {
    if (waiting.size > 0) write(`\r\u001b[Klooking at ${[...waiting].join(', ').slice(0, 60)}`);
    isShown = true;
    cancel = after(betweenMs, show);
  };
  let cancel = after(silentMs, show);
  return () => {
    cancel();
    if (isShown) write('\r\u001b[K');
  };
}
