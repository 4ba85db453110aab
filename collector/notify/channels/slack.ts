import type { ChannelOf } from '../channel.ts';
import { undelivered } from '../channel.ts';
import type { Message } from '../message.ts';
import { postJson } from '../post.ts';
import { type Words, wordsOf } from '../words.ts';

/** Slack: an incoming webhook, whose URL is the secret. It knows no copies: what was cut off is sent again. */
export const slack: ChannelOf<'slack'> = ({ urlFile }, { readSecret }) => ({
  delivery: 'at-least-once',
  async send(message, deadline) {
    const url = await readSecret(urlFile);
    if (url === undefined || !URL.canParse(url)) return undelivered('secret-unreadable', urlFile);
    return postJson(url, JSON.stringify(slackMessage(message)), {}, deadline);
  },
});

/**
 * Blocks (docs.slack.dev/reference/block-kit). What comes from hosts stands in plain_text, where no mark-up counts, or in a code block; in both
 * the three characters that Slack itself reads are escaped, so that neither mentions nor links can be made.
 */
function slackMessage(message: Message): object {
  const words = wordsOf(message);
  const { headline, cause, facts, remedy, places, notes } = words;
  const isOver = message.kind === 'resolved';
  return {
    text: escaped(`${headline} - ${cause}`),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plainText(headline, 150) },
      { type: 'section', text: plainText(cause, 3000) },
      { type: 'section', fields: facts.slice(0, 10).map(([label, value]) => plainText(`${label}\n${value}`, 2000)) },
      ...(places.length > 1 ? [{ type: 'section', text: plainText(places.join('\n'), 3000) }] : []),
      ...(isOver ? [] : [remedyBlock(remedy)]),
      ...buttons(message),
      ...(notes.length > 0 ? [{ type: 'context', elements: notes.map((note) => plainText(note, 2000)) }] : []),
    ],
  };
}

/** To be copied as it is. A remedy with a backtick would end the code block. */
function remedyBlock(remedy: Words['remedy']): object {
  if (remedy.includes('`')) return { type: 'section', text: plainText(remedy, 3000) };
  const text = `\`\`\`${cut(escaped(remedy), 2900)}\`\`\``;
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

function buttons({ runbook, page, answer }: Message): object[] {
  const links = [
    ['Take it on, or silence it', answer],
    ['Runbook', runbook],
    ['Status page', page],
  ] as const;
  const elements = links.flatMap(([label, url]) =>
    url === undefined || url.length > 3000 ? [] : [{ type: 'button', text: plainText(label, 75), url }],
  );
  return elements.length > 0 ? [{ type: 'actions', elements }] : [];
}

function plainText(text: string, limit: number): object {
  return { type: 'plain_text', text: cut(escaped(text), limit), emoji: false };
}

/** As docs.slack.dev/messaging/formatting-message-text has it. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Slack refuses what is longer. An escaped character is not cut in two. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text
    .slice(0, limit - 1)
    .replace(/&[a-z]*$/, '')
    .toWellFormed()}…`;
}
