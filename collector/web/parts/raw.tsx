import { printable, printableLines, shortened } from '../../evaluate/printable.ts';

/**
 * Text from a stranger as one text node: hidden characters made visible, right-to-left letters kept from reordering
 * what stands around them, very long text cut.
 */
export function Raw({ text, limit = 300 }: { text: string; limit?: number }) {
  const shown = printable(shortened(text, limit));
  return <bdi class="raw">{shown}</bdi>;
}

/** The same for text of several lines, as a command prints it. */
export function RawLines({ text, limit = 4000 }: { text: string; limit?: number }) {
  return (
    <pre class="raw">
      <bdi>{printableLines(shortened(text, limit))}</bdi>
    </pre>
  );
}
