import type { Leaf } from '../../../present/leaves.ts';
import { binCount, type LifeBin, lifeBins } from '../../../present/life-histogram.ts';
import { Section } from '../../parts/section.tsx';

const height = 100;
const step = 10;

/** How much of their lives certificates have left: a life of six days and one of a year stand side by side. */
export function Shares({ leaves, now }: { leaves: readonly Leaf[]; now: number }) {
  const bins = lifeBins(leaves, now);
  const most = Math.max(1, ...bins.map(({ automatic, manual }) => automatic + manual));
  return (
    <Section id="shares" title="Life left, in shares of it" count={`${leaves.length}`}>
      <figure class="histogram">
        <svg viewBox={`0 0 ${step * bins.length} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {bins.map((bin, index) => (
            <Bar key={index} bin={bin} x={index * step} scale={height / most} />
          ))}
        </svg>
        <div class="axis" aria-hidden="true">
          <span>ended</span>
          <span>0 %</span>
          <span>a third</span>
          <span>half</span>
          <span>all of it</span>
        </div>
        <figcaption class="key">
          <span class="due renewal" /> renews by itself <span class="due end" /> by hand. A renewal is due at a third;
          the tallest bar is {most}.
        </figcaption>
      </figure>
      <details>
        <summary>As a table</summary>
        <table class="rows small">
          <caption class="unseen">Certificates by the share of their life that is left</caption>
          <thead>
            <tr>
              <th scope="col">Left</th>
              <th scope="col">Renew by themselves</th>
              <th scope="col">By hand</th>
            </tr>
          </thead>
          <tbody>
            {bins.map(({ from, automatic, manual }) => (
              <tr key={from}>
                <th scope="row">
                  {from === undefined
                    ? 'ended'
                    : `${Math.round(from * 100)} to ${Math.round((from + 1 / binCount) * 100)} %`}
                </th>
                <td>{automatic}</td>
                <td>{manual}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </Section>
  );
}

function Bar({ bin: { from, automatic, manual }, x, scale }: { bin: LifeBin; x: number; scale: number }) {
  const top = automatic * scale;
  return (
    <g class={from === undefined ? 'ended' : undefined}>
      <rect class="automatic" x={x + 1} width={step - 2} y={height - top} height={top} />
      <rect class="manual" x={x + 1} width={step - 2} y={height - top - manual * scale} height={manual * scale} />
    </g>
  );
}
