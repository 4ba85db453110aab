import { type ClockKeeper, judgeKeeper, keepClock } from '@certherd/command-line/clock-keeper';
import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { span } from '@certherd/command-line/span';

/** Another clock that told its time: "the collector", a CA's host. */
export interface OtherClock {
  whose: string;
  /** How far this host's clock is ahead, milliseconds. */
  aheadMs: number;
}

/** Headers tell whole seconds, and an answer is on its way for some. */
export const toleratedMs = 30_000;

const why =
  'Certificates are judged and renewed by this clock: they look valid when they are not, or ended when they are not.';

/** Does the clock agree with others, and does something keep it right? `asked` counts those that were asked for their time. */
export function judgeClock(keeper: ClockKeeper, others: readonly OtherClock[], asked: number): Diagnosis[] {
  const off = others.filter(({ aheadMs }) => Math.abs(aheadMs) > toleratedMs);
  const agreeing = others.filter(({ aheadMs }) => Math.abs(aheadMs) <= toleratedMs);
  // where others agree among themselves and not with us, it is ours; where we agree with one, it is theirs
  const differing = off.map(({ whose, aheadMs }) => differs(whose, aheadMs, agreeing.length > 0));
  const agreed =
    agreeing.length === 0 || off.length > 0
      ? []
      : [ok('clock', `agrees with ${agreeing.map(({ whose }) => whose).join(' and ')} within ${toleratedMs / 1000} s`)];
  const told = [...differing, ...agreed, judgeKeeper(keeper, why)];
  return others.length === 0 && asked > 0
    ? [notTold('clock', 'no other clock was told: neither a CA nor a collector answered with its time'), ...told]
    : told;
}

function differs(whose: string, aheadMs: number, isTheirs: boolean): Diagnosis {
  const way = aheadMs > 0 ? 'ahead of' : 'behind';
  const says = `this host's clock is ${span(Math.abs(aheadMs))} ${way} that of ${whose}`;
  return isTheirs
    ? wrong(
        'clock',
        `${says}, and agrees with others`,
        'The times that the two tell of the same thing differ.',
        `On ${whose}: ${keepClock}`,
      )
    : wrong('clock', says, why, keepClock);
}
