import { styleText } from 'node:util';

export interface Narrator {
  /** A headline. */
  title: (text: string) => void;
  /** Names what is being done while it lasts, with running seconds on a terminal; then says what came of it. */
  during: <T>(doing: string, task: () => Promise<T>, done: (value: T) => string) => Promise<T>;
  /** One fact, with the seconds since the last title. */
  fact: (text: string) => void;
  /** The verdict on what the last title named. */
  verdict: (good: boolean, text: string) => void;
  plain: (text: string) => void;
  /** Says nothing more. */
  mute: () => void;
}

interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const eraseLine = '\r\u001b[K';

/** Tells people what happens: lines with seconds, and on a terminal one running line below them. */
export function narrating(output: Terminal, monotonic: () => number): Narrator {
  const live = output.isTTY === true;
  const styled = (style: Parameters<typeof styleText>[0], text: string) =>
    live ? styleText(style, text, { validateStream: false }) : text;
  let since = monotonic();
  let running: { doing: string; timer: NodeJS.Timeout } | undefined;
  let frame = 0;
  let muted = false;

  const seconds = () => `${((monotonic() - since) / 1000).toFixed(1).padStart(6)} s`;
  const draw = () => {
    if (!running || !live || muted) return;
    frame = (frame + 1) % frames.length;
    const text = `  ${frames[frame]} ${seconds()}  ${running.doing}`;
    output.write(`${eraseLine}${text.slice(0, (output.columns ?? 80) - 1)}`);
  };
  const quiet = () => {
    if (!running) return;
    clearInterval(running.timer);
    running = undefined;
    if (live) output.write(eraseLine);
  };
  const line = (text: string) => {
    if (muted) return;
    if (running && live) output.write(eraseLine);
    output.write(`${text}\n`);
    draw();
  };
  const fact = (text: string) => line(`    ${styled('dim', seconds())}  ${text}`);

  return {
    title(text) {
      quiet();
      since = monotonic();
      line(`\n${styled('bold', text)}`);
    },
    async during(doing, task, done) {
      quiet();
      running = { doing, timer: setInterval(draw, 100) };
      draw();
      try {
        const value = await task();
        quiet();
        fact(done(value));
        return value;
      } finally {
        quiet();
      }
    },
    fact,
    verdict: (good, text) =>
      line(`  ${good ? styled('green', '✔') : styled('red', '✘')} ${styled('dim', seconds())}  ${text}`),
    plain: line,
    mute() {
      quiet();
      muted = true;
    },
  };
}
