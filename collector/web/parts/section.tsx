import type { ComponentChildren } from 'preact';

interface SectionProps {
  readonly id: string;
  readonly title: string;
  readonly count: string;
  /** The page's own heading, where the section is all of the page. */
  readonly isPage?: boolean;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of the page with a heading that names it as a landmark, and how many there are. */
export function Section({ id, title, count, isPage = false, tools, children }: SectionProps) {
  return (
    <section id={id} class="section" aria-labelledby={`${id}-title`}>
      <header class={isPage ? 'page-head' : ''}>
        {isPage ? <h1 id={`${id}-title`}>{title}</h1> : <h2 id={`${id}-title`}>{title}</h2>}
        <span class="quiet">{count}</span>
        {tools}
      </header>
      {children}
    </section>
  );
}

/** "3", or "3 of 30" under a filter. */
export function countWords(shown: number, total: number): string {
  return shown === total ? `${total}` : `${shown} of ${total}`;
}

/** What stands where rows would: why there are none, and what to do next. */
export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}
