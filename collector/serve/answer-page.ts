import type { Acknowledgement } from '../store/tell.ts';
import { printable, shortened } from '../evaluate/printable.ts';

/** Spans that a silence by link may have. */
export const silenceHours = [1, 4, 24, 72, 168] as const;

export interface AnswerView {
  id: string;
  title: string;
  cause: string;
  isOver: boolean;
  acknowledged: Acknowledgement | undefined;
  mistake?: string;
  done?: string;
}

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}' +
  'label{display:block;margin:1rem 0 0}input,select,button{font:inherit;padding:.4rem .6rem}' +
  'input{width:100%;box-sizing:border-box}button{margin:1rem .5rem 0 0}.mistake{color:#b00020}';

/** The page behind a link in a message; undefined: the link is not good. No script, and nothing from outside. */
export function answerPage(view: AnswerView | undefined): string {
  const content = view
    ? bodyOf(view)
    : '<h1>This link is not good any more</h1><p>Links in messages hold for a week: certherd-collector ack takes an incident on at any time.</p>';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Certherd</title><style>${style}</style></head><body><main>${content}</main></body></html>`;
}

function bodyOf({ id, title, cause, isOver, acknowledged, mistake, done }: AnswerView): string {
  const parts = [`<h1>${text(title)}</h1>`, `<p>${text(cause)}</p>`, `<p>Incident ${text(id)}</p>`];
  if (done !== undefined) return [...parts, `<p role="status"><strong>${text(done)}</strong></p>`].join('');
  if (isOver) return [...parts, '<p><strong>It is over: there is nothing to answer.</strong></p>'].join('');
  if (acknowledged) parts.push(`<p>Taken on by ${text(acknowledged.by)}: ${text(acknowledged.reason)}</p>`);
  if (mistake !== undefined) parts.push(`<p role="alert" class="mistake">${text(mistake)}</p>`);
  const hours = silenceHours.map((one) => `<option value="${one}">${one < 24 ? `${one} h` : `${one / 24} d`}</option>`);
  return [
    ...parts,
    '<form method="post">',
    '<label>Why <input name="reason" required maxlength="500" autocomplete="off"></label>',
    '<label>Who you are <input name="name" maxlength="100" autocomplete="name"></label>',
    '<button name="do" value="acknowledge">Take it on</button>',
    `<label>For how long <select name="hours">${hours.join('')}</select></label>`,
    '<button name="do" value="silence">Silence it</button>',
    '</form>',
  ].join('');
}

function text(raw: string): string {
  return shortened(printable(raw), 2000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
