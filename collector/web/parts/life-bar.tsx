import { lifeAt, sharePercent, type Validity } from '../../present/life.ts';
import { absolute, timeLeft } from '../../wording/duration.ts';
import type { Now } from './moment.tsx';

interface LifeBarProps {
  readonly validity: Validity;
  readonly now: Now;
  /** The share as a bare number, where many stand below each other. */
  readonly brief?: boolean;
}

/** Time left until notAfter, as text, as share of the life and as a bar that empties. */
export function LifeBar({ validity, now, brief = false }: LifeBarProps) {
  const life = lifeAt(validity, now.value);
  return (
    <span class={`life ${life.stage}`}>
      <time class="left" dateTime={validity.notAfter} title={`notAfter ${absolute(validity.notAfter)}`}>
        {timeLeft(life.leftMs)}
      </time>
      <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="4" />
        <rect class="rest" width={life.shareLeft * 100} height="4" />
      </svg>
      {life.leftMs > 0 && (
        <span class="share">
          {brief ? sharePercent(life.shareLeft).replace('under ', '< ') : `${sharePercent(life.shareLeft)} of life`}
        </span>
      )}
    </span>
  );
}
