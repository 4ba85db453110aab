import { type ChannelOf, undelivered } from '../channel.ts';
import type { Message } from '../message.ts';
import { postJson } from '../post.ts';
import { wordsOf } from '../words.ts';

/** Microsoft Teams: the URL of a workflow "post to a channel when a webhook request is received". It knows no copies. */
export const teams: ChannelOf<'teams'> = ({ urlFile }, { readSecret }) => ({
  delivery: 'at-least-once',
  async send(message, deadline) {
    const url = await readSecret(urlFile);
    if (url === undefined || !URL.canParse(url)) return undelivered('secret-unreadable', urlFile);
    return postJson(url, JSON.stringify(teamsMessage(message)), {}, deadline);
  },
});

/** An Adaptive Card 1.4. All text is in text runs, which know no Markdown: what comes from hosts is shown as it is. */
function teamsMessage(message: Message): object {
  const { headline, cause, facts, remedy, places, notes } = wordsOf(message);
  const links = [
    ['Take it on, or silence it', message.answer],
    ['Runbook', message.runbook],
    ['Status page', message.page],
  ] as const;
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      runs([{ text: headline, weight: 'Bolder', size: 'Medium' }]),
      runs([{ text: cause }]),
      ...facts.map(([label, value]) => runs([{ text: `${label}: `, isSubtle: true }, { text: value }])),
      ...(places.length > 1 ? places.map((text) => runs([{ text }])) : []),
      ...(message.kind === 'resolved' ? [] : [runs([{ text: remedy, fontType: 'Monospace' }])]),
      ...notes.map((text) => runs([{ text, isSubtle: true, size: 'Small' }])),
    ],
    actions: links.flatMap(([title, url]) => (url === undefined ? [] : [{ type: 'Action.OpenUrl', title, url }])),
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

interface Run {
  text: string;
  weight?: 'Bolder';
  size?: 'Medium' | 'Small';
  isSubtle?: true;
  fontType?: 'Monospace';
}

function runs(texts: readonly Run[]): object {
  return { type: 'RichTextBlock', inlines: texts.map((one) => ({ type: 'TextRun', ...one })) };
}
