import type { Identity } from './identity.ts';

/**
 * CHANGELOG.md as Debian's changelog (deb-changelog(5)): the same words. All versions bear the build's own time: the page names
 * days only.
 */
export function debianChangelog(name: string, { version, epoch }: Identity, markdown: string): string {
  const sections = markdown.split(/^## /m).slice(1);
  const entries = sections.map((section, place) => {
    const [title = ''] = section.split('\n');
    // The newest section is what is built now, whatever it is called.
    const number = place === 0 ? version : (title.split(' ')[0] ?? version);
    return `${name} (${number}) stable; urgency=medium\n\n${points(section)}\n\n -- ${maintainer}  ${rfc5322(epoch)}\n`;
  });
  return entries.join('\n');
}

/** Who answers for the packages. */
export const maintainer = 'Certherd maintainers <maintainers@certherd.invalid>';

/** Each point of the list as Debian writes it, wrapped to 80 columns. */
function points(section: string): string {
  const items = section.split(/^- /m).slice(1);
  return items.map((item) => wrapped(item.replaceAll(/\s+/g, ' ').trim())).join('\n');
}

function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length > 74) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((line, place) => (place === 0 ? `  * ${line}` : `    ${line}`)).join('\n');
}

/** "Thu, 01 Jan 1970 00:00:00 +0000". */
function rfc5322(epoch: number): string {
  return new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
}
