import { createColors } from 'picocolors';

/** Where text for people goes, and what it can show. */
export interface Terminal {
  /** Width in characters; absent where nothing is to be fitted: a pipe or a file. */
  columns?: number;
  colours: ReturnType<typeof createColors>;
  glyphs: Glyphs;
}

/** Signs in the table, in Unicode or in ASCII. Each is one column wide. */
export interface Glyphs {
  reached: string;
  missing: string;
  unknown: string;
  fine: string;
  critical: string;
  arrow: string;
  /** Between two fingerprints that differ. */
  differs: string;
  ellipsis: string;
}

const unicode: Glyphs = {
  reached: '●',
  missing: '○',
  unknown: '·',
  fine: '✓',
  critical: '✗',
  arrow: '→',
  differs: '≠',
  ellipsis: '…',
};

const ascii: Glyphs = {
  reached: '#',
  missing: '-',
  unknown: '.',
  fine: '+',
  critical: 'X',
  arrow: '->',
  differs: '!',
  ellipsis: '~',
};

/**
 * What a stream can show: colour only on a terminal, and not with NO_COLOR (no-color.org) or TERM=dumb; ASCII where the locale
 * (LC_ALL, else LC_CTYPE, else LANG: locale(7)) is not UTF-8.
 */
export function terminalOf(
  stream: { isTTY?: boolean; columns?: number },
  environment: Readonly<Record<string, string | undefined>>,
): Terminal {
  const { NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG } = environment;
  const isTerminal = stream.isTTY === true;
  return {
    ...(isTerminal && stream.columns && { columns: stream.columns }),
    colours: createColors(isTerminal && !NO_COLOR && TERM !== 'dumb'),
    glyphs: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? unicode : ascii,
  };
}
