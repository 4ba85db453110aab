import type { Verdict } from '../../present/proof.ts';
import type { Tone } from '../../wording/words.ts';
import type { LiveEstate } from './follow-estate.ts';

const colours: Readonly<Record<Tone, string>> = {
  good: '1b7f4d',
  warning: 'b7791f',
  critical: 'c62828',
  unknown: '76808f',
  notice: '76808f',
};

/** Says the verdict where a person sees it with the page in the background: in the tab's title and icon. */
export function showInTab(
  document: Document,
  verdict: Verdict | undefined,
  { connection, crowded }: Pick<LiveEstate, 'connection'> & Partial<Pick<LiveEstate, 'crowded'>>,
  page: string | undefined,
): void {
  const isLost = connection.value === 'lost';
  const lost = crowded?.value === undefined ? 'connection lost' : 'too many pages are open';
  const words = isLost ? lost : verdict?.sentence;
  document.title = [words, page, 'Certherd'].filter((part) => part !== undefined).join(' · ');
  document.documentElement.dataset['connection'] = connection.value;
  const colour = colours[isLost ? 'unknown' : (verdict?.tone ?? 'unknown')];
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (icon !== null) icon.href = `data:image/svg+xml,${encodeURIComponent(iconSvg(colour))}`;
}

function iconSvg(colour: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#${colour}"/><path d="M4 8.5l2.7 2.7L12 5.6" fill="none" stroke="#fff" stroke-width="2"/></svg>`;
}
