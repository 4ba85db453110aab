import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';

interface ChartProps {
  /** What it shows, in a sentence: for whoever cannot see it. */
  readonly label: string;
  /** Milliseconds since 1970, ascending. */
  readonly at: readonly number[];
  readonly series: readonly {
    readonly name: string;
    /** A colour of the page's: "--critical". */
    readonly tone: string;
    readonly values: readonly number[];
  }[];
  readonly stepped?: boolean;
  /** Values of very different sizes, in seconds. */
  readonly logarithmic?: boolean;
  /** A value in words. */
  readonly unit?: (value: number) => string;
}

/** Lines over time, by uPlot, which comes as a part of its own. Drawn anew when the facts, the width or the colours change. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const facts = JSON.stringify([props.at, props.series]);
  useEffect(() => {
    const { current } = place;
    return current ? keepDrawn(current, props) : undefined;
  }, [facts]);
  return <div ref={place} class="chart" role="img" aria-label={props.label} />;
}

const height = 190;

function keepDrawn(place: HTMLElement, props: ChartProps): () => void {
  let chart: uPlot | undefined;
  let gone = false;
  let redraw = (): void => {};
  const sized = new ResizeObserver(() => chart?.setSize({ width: place.clientWidth, height }));
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const recolour = (): void => redraw();
  void import('uplot').then(({ default: Plot }) => {
    if (gone) return;
    redraw = () => {
      chart?.destroy();
      const data: uPlot.AlignedData = [
        props.at.map((at) => at / 1000),
        ...props.series.map(({ values }) => (props.logarithmic ? values.map(logOf) : [...values])),
      ];
      chart = new Plot(optionsOf(Plot, place, props), data, place);
    };
    redraw();
    sized.observe(place);
    dark.addEventListener('change', recolour);
  });
  return () => {
    gone = true;
    sized.disconnect();
    dark.removeEventListener('change', recolour);
    chart?.destroy();
  };
}

function optionsOf(
  Plot: typeof uPlot,
  place: HTMLElement,
  { series, stepped, logarithmic, unit }: ChartProps,
): uPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--quiet'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  };
  const plain = unit ?? ((value: number) => `${value}`);
  const words = logarithmic ? (log: number) => plain(Math.round(10 ** log * 1000) / 1000) : plain;
  return {
    width: place.clientWidth,
    height,
    cursor: { drag: { x: false, y: false } },
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      y: { range: (_, least, most) => (logarithmic ? [least - 0.3, most + 0.3] : [0, Math.max(1, most * 1.05)]) },
    },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((at) => new Date(at * 1000).toISOString().slice(5, 10)), space: 70 },
      {
        ...axis,
        size: 64,
        ...(logarithmic && { splits: (_: uPlot, __: number, least: number, most: number) => marks(least, most) }),
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : words(tick))),
      },
    ],
    series: [
      {
        label: 'UTC',
        value: (_, at) => (at === null ? '' : new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')),
      },
      ...series.map(({ name, tone }) => ({
        label: name,
        stroke: colour(tone),
        width: 2,
        points: { show: !stepped },
        ...(stepped && Plot.paths.stepped && { paths: Plot.paths.stepped({ align: 1 }) }),
        value: (_: uPlot, value: number | null) => (value === null ? '' : words(value)),
      })),
    ],
  };
}

/** Seconds that people say in one word, as far as they lie in the range; all as logarithms. */
function marks(least: number, most: number): number[] {
  return [0.1, 1, 10, 60, 600, 3600, 86_400, 864_000].map(logOf).filter((mark) => mark >= least && mark <= most);
}

function logOf(value: number): number {
  return Math.log10(Math.max(value, 0.01));
}
